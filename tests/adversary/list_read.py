"""The reading of this project, as the adversary drives it.

To complete: `begin` makes a `StreamState` of the entry and a `ListRead` of that, as
`paged_rest.singer.stream` does; `takes` feeds it a `Page` whose rows carry the `Listed` as
their record; `ends` decides on the bookmark and on ACTIVATE_VERSION as the stream does.
"""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from tests.adversary.protocol import Reading


def list_reading() -> Reading | None:
    """Return the reading, or None as long as there is no adapter."""
    return None
