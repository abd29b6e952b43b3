"""A page-numbered list that changes between requests, and runs that read it: no I/O."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from paged_rest.reading import ListRead, Page, PageRequest, Row
from tests.harness.histories import moment

if t.TYPE_CHECKING:
    from paged_rest.reading import Bookmark, ResumePoint


@dataclass
class ChangingList:
    """A list ordered newest first, as an API would serve it; time goes on by the minute.

    Attributes:
        limit: Rows on a page; the server clamps to it, and states it.
        nulls_first: Where rows without a date stand.
        shuffled: Whether new rows enter anywhere, as in a list whose order is not promised.
    """

    limit: int
    nulls_first: bool = True
    shuffled: bool = False
    clock: float = 1000.0
    rows: list[dict[str, t.Any]] = field(default_factory=list)
    made: int = 0

    def insert(self, *, minutes: float | None = None, null: bool = False, at: int = 0) -> str:
        """Let a row enter: now, with another date, or with none; at a place if shuffled."""
        self.made += 1
        self.clock += 1
        created = None if null else moment(self.clock if minutes is None else minutes)
        row = {"id": f"row-{self.made}", "created_at": created}
        if self.shuffled:
            self.rows.insert(at % (len(self.rows) + 1), row)
        else:
            self.rows.insert(self._place(created), row)
        return str(row["id"])

    def fill(self, count: int, minutes: float) -> None:
        """Put so many rows into an empty list, each so long before the one in front of it."""
        for place in range(count):
            self.made += 1
            self.rows.append(
                {"id": f"row-{self.made}", "created_at": moment(self.clock - place * minutes)}
            )

    def reenter(self, row: dict[str, t.Any]) -> None:
        """Let a row that left come back to its place."""
        self.rows.insert(self._place(row["created_at"]), row)

    def remove(self, index: int) -> dict[str, t.Any] | None:
        return self.rows.pop(index % len(self.rows)) if self.rows else None

    def page(self, request: PageRequest, *, dated: bool = True) -> Page:
        limit = min(request.size, self.limit)
        start = (request.number - 1) * limit
        return Page(
            request=request,
            rows=[
                Row(row["id"], row["created_at"], row["created_at"])
                for row in self.rows[start : start + limit]
            ],
            total=len(self.rows),
            limit=limit,
            has_more=start + limit < len(self.rows),
            date=moment(int(self.clock) + 1) if dated else None,
            asked=moment(int(self.clock)) if dated else None,
        )

    def _place(self, created: str | None) -> int:
        def rank(key: str | None) -> str:
            return key or ("~" if self.nulls_first else "")

        for index, row in enumerate(self.rows):
            if rank(row["created_at"]) <= rank(created):
                return index
        return len(self.rows)


@dataclass
class Memory:
    """What the runs before left, and what a warehouse got from them."""

    bookmark: Bookmark | None = None
    point: ResumePoint | None = None
    loaded: set[str] = field(default_factory=set)

    def read(self, source: ChangingList, lookback_minutes: int = 0, **options: t.Any) -> ListRead:
        """Return the reading of the next run, as a stream sets it up."""
        settings: dict[str, t.Any] = {
            "started": moment(source.clock + 2),
            "created": "created_at",
            "newest_first": True,
            "page_size": source.limit,
            "key": "created_at",
            "lookback_days": lookback_minutes / 1440,
            "previous": self.bookmark,
            "resume": self.point,
        }
        return ListRead(**(settings | options))


def run(
    source: ChangingList,
    memory: Memory,
    read: ListRead,
    events: t.Iterable[t.Callable[[], object]] = (),
    interrupt_after: int | None = None,
    *,
    dated: bool = True,
) -> bool:
    """Let one run read; events happen one before each answer. Return whether it ended well."""
    happening = iter(events)
    while read.next_request is not None:
        if read.requests == interrupt_after:
            return False
        for event in happening:
            event()
            break
        rows = read.feed(source.page(read.next_request, dated=dated))
        memory.loaded.update(row.id for row in rows)
        memory.point = read.resume_point
    if read.unverified_reason:
        return False
    assert read.proof
    memory.bookmark, memory.point = read.bookmark or memory.bookmark, None
    return True
