"""What the adversary and a reading say to each other: all that a reading gets to see."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user set for a run.

    Attributes:
        page_size: Rows to ask for at most.
        lookback_days: How far below the bookmark rows are read again.
        start_date: In the fixed form; older rows are not wanted. None: all are.
        include_archived: Whether the list has its archived rows; if not, it is filtered.
        full_table: Whether each run reads the list whole and keeps no bookmark.
        newest_first: Whether the list is promised to come newest first by `created_at`.
        dated: Whether rows show their `created_at`.
    """

    page_size: int
    lookback_days: int = 30
    start_date: str | None = None
    include_archived: bool = True
    full_table: bool = False
    newest_first: bool = True
    dated: bool = True


@dataclass(frozen=True, slots=True)
class Asked:
    """A page that is asked for, from 1, and how many rows it is to hold."""

    number: int
    size: int


class Listed(t.NamedTuple):
    """A row as an answer shows it; each edit gives it a higher version."""

    id: str
    created: str | None
    version: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What one response says.

    Attributes:
        number: The page that was asked for.
        rows: Its rows.
        total: Rows in the list, as stated.
        limit: Rows of a page, as stated, or None.
        has_more: Whether there are further pages, as stated.
        date: The header `Date` in the fixed form, or None.
        asked: That less the time that the answer took, or None.
        age: The header `Age`, or None.
    """

    number: int
    rows: tuple[Listed, ...]
    total: int
    limit: int | None
    has_more: bool
    date: str | None
    asked: str | None
    age: int | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended: its exit status, and whether it sent ACTIVATE_VERSION."""

    status: int
    activates: bool = False


class Session(t.Protocol):
    """One run of one stream."""

    def asks(self) -> Asked | None:
        """Return the next page, or None when the run is over."""

    def takes(self, answer: Answer) -> t.Sequence[Listed]:
        """Take the answer; return the rows that go to the target, as it shows them."""

    def vanished(self) -> None:
        """Take that the page was refused, or the last one was given in its place."""

    def entry(self) -> dict[str, t.Any]:
        """Return the stream's entry in the state as it would be written now."""

    def ends(self) -> Ending:
        """Return how the run ended, once nothing more is asked; `entry` is final then."""


class Reading(t.Protocol):
    """A way to read lists."""

    name: str

    def begin(self, entry: dict[str, t.Any], settings: Settings, started: str) -> Session:
        """Begin a run with the entry that the last state held, or {}."""
