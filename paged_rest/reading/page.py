"""Rows and pages, as much of them as the reading goes by."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field


class Row(t.NamedTuple):
    """A row of the list, and what it carries along.

    Attributes:
        id: Tells the row from all others.
        key: Its replication key as text that compares as time, or None.
        created: When it was created, likewise, or None.
        record: The record for the target.
        notes: What is to be said of the record.
    """

    id: str
    key: str | None
    created: str | None
    record: t.Any = None
    notes: t.Sequence[t.Any] = ()


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page to ask for.

    Attributes:
        number: Its number, from 1.
        size: How many rows it is to hold.
    """

    number: int
    size: int


@dataclass(frozen=True, slots=True)
class Page:
    """One response.

    Attributes:
        request: The page that was asked for.
        rows: Its rows.
        total: Rows in the whole list, as the response states it.
        limit: Rows that a page holds, as the response states it; 0 where it does not.
        has_more: Whether the response says that there are further pages.
        date: When the response was made, by the server's clock, or None.
        asked: A moment before its rows were taken, by the server's clock, or None.
        cached: Whether the response says that it was kept in a cache.
        nameless: Rows that have no usable id, each by the name that stands for it, and what is
            wrong: they have a place in the list, but are not handed out.
    """

    request: PageRequest
    rows: t.Sequence[Row]
    total: int
    limit: int
    has_more: bool
    date: str | None = None
    asked: str | None = None
    cached: bool = False
    nameless: t.Mapping[str, str] = field(default_factory=dict)

    @property
    def start(self) -> int:
        """How many rows of the list lie in front of this page."""
        return (self.request.number - 1) * self.limit

    @property
    def end(self) -> int:
        """How many rows of the list lie in front of the one after this page."""
        return self.start + len(self.rows)


class CannotVerify(Exception):
    """What the responses show does not allow to go on in this way; the message says why."""
