"""A sum over ids, which SQL can form over the table that they went into."""

from __future__ import annotations

import struct
import typing as t
from hashlib import md5

if t.TYPE_CHECKING:
    from collections.abc import Sequence

    from paged_rest.reading.page import Row


def id_checksum(rows: Sequence[Row]) -> int:
    """Return the sum of the first 32 bits of the MD5 of each id, in whatever order they come.

    PostgreSQL: `sum(('x' || left(md5(id), 8))::bit(32)::bigint)`.
    DuckDB: `sum(('0x' || left(md5(id), 8))::bigint)`.
    """
    digests = [md5(row.id.encode(), usedforsecurity=False).digest() for row in rows]
    return sum(struct.unpack(">" + "I12x" * len(digests), b"".join(digests)))
