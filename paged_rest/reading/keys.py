"""What the keys of one page of a list tell that comes newest first."""

from __future__ import annotations

import typing as t
from itertools import pairwise

if t.TYPE_CHECKING:
    from collections.abc import Sequence

    from paged_rest.reading.walk import Page


def rows_from(
    edge: str, page: Page, keys: Sequence[str | None], *, strictly: bool = True
) -> int | None:
    """Return how many rows of the list lie behind an edge, None if it is not on this page."""
    for index, key in enumerate(keys):
        if key is not None and (key < edge if strictly else key <= edge):
            return page.total - page.start - index
    return None


def falling(keys: Sequence[str | None]) -> bool:
    """Whether keys come newest first, and those that are null all at one end or the other."""
    known = [index for index, key in enumerate(keys) if key is not None]
    if not known:
        return True
    inner = keys[known[0] : known[-1] + 1]
    return None not in inner and all(a >= b for a, b in pairwise(t.cast("list[str]", inner)))
