"""How the stand-in behaves where Nexus ERP's documentation is silent.

The default is the most likely value. All of them can be changed while it serves; the
order of rows without a next call, and what an edit of a contact touches, are the
`Organisation`'s.
"""

from __future__ import annotations

from typing import Literal

from tools.sandbox.switches import Common


class Switches(Common):
    """Settings of the stand-in for Nexus ERP."""

    max_page_size: int = 100
    """A page size above this is cut to it; smaller than 100: the server clamps."""
    past_end: Literal["empty", "404", "clamp"] = "empty"
    """A page behind the last one: no rows, refused, or the last one."""
    empty_total_pages: Literal[0, 1] = 0
    """`totalPages` where nothing matches."""
