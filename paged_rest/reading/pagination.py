"""Reading a page-numbered list completely while it changes. No I/O, and nothing of any API.

Feed a `Read` with answers: it says which page comes next, which rows are wanted and new, what
may be remembered, and whether it is proven that nothing was missed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from paged_rest.reading.descent import LATE_MINUTES, Bookmark, Descent, Stretch
from paged_rest.reading.walk import Broken, Census, Page, Row, Walk

__all__ = ["LATE_MINUTES", "Bookmark", "Page", "Read", "Row", "Stretch"]

_MOST_PASSES = 3
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(slots=True)
class Read:
    """The reading of one list in one run.

    Ask for `next_page` and `feed` its answer until `next_page` is None. Every row is handed
    out once; rows before the floor are left out.

    Attributes:
        started: When the run began. No bookmark passes it, as a row may be dated in the future.
        created: The field that says when a row was created, or None where there is none.
        newest_first: Whether the list is promised to come newest first by that field, and new
            rows to enter at its head.
        key: The replication key, or None where the list is read whole.
        floor: The lowest replication key wanted, or None.
        start: What the floor falls to where the list has to be read to its end, or None.
        previous: What the last complete read left.
        resume: What an interrupted read left since then.
        total: Rows in the list, by the last answer.
        repeats: Rows that came more than once and were handed out once.
        passes: How often the list was begun from its first page.
        proof: How it is known that no row was missed, once it is: by `count` or by `order`.
        unproven: Why rows may be missing after `next_page` became None.
        entered_behind: How many rows entered behind the bookmark since the last complete read.
    """

    started: str
    created: str | None = None
    newest_first: bool = False
    key: str | None = None
    floor: str | None = None
    start: str | None = None
    previous: Bookmark | None = None
    resume: Stretch | None = None

    next_page: int | None = 1
    total: int = 0
    requests: int = 0
    rows: int = 0
    repeats: int = 0
    passes: int = 1
    proof: str | None = None
    unproven: str | None = None
    entered_behind: int = 0

    _walk: Walk = field(default_factory=Walk)
    _censuses: list[Census] = field(default_factory=lambda: [Census(1)])
    _descent: Descent | None = None
    _seen: dict[str | bytes, int] = field(default_factory=dict)
    _left_out: set[str | bytes] = field(default_factory=set)
    _shown: int = 0
    _fallen: int = 0
    _latest: str = ""
    _newest: str = ""

    def feed(self, page: Page) -> list[Row]:
        """Take the answer to `next_page`; return its rows that are wanted and new."""
        page = self._walk.sized(page)
        self.requests += 1
        if self._descent and self._censuses[-1].total < 0:
            self._descent.fallen += max(0, self.total - page.total)
        self.total = page.total
        if not self._latest:
            self._latest = min(self.started, page.date or self.started)
            if self.resume:
                self.floor = min(self.floor or "", self.resume.floor) or None
            self._begin_pass(self.resume)
        new, fresh = self._tally(page)
        try:
            self._walk.feed(page, self._shown, len(new))
            if self._descent and self._descent.ordered:
                self._descent.feed(page, new, self._walk)
                self._take_entered(self._descent)
        except Broken as broken:
            self._censuses.clear()
            self._again(str(broken))
        else:
            self.next_page = self._walk.next_page
            if self._descent and self._descent.ordered and self._descent.done:
                self.next_page, self.proof = None, "order"
            elif self.next_page is None:
                self._end_pass()
        wanted = self._wanted(fresh)
        self.rows += len(wanted)
        return wanted

    def lose_page(self) -> None:
        """Record that `next_page` does not exist any more, because rows left the list."""
        self.requests += 1
        self._again("it ended before a page that it had promised")

    @property
    def bookmark(self) -> Bookmark | None:
        """What may be remembered after a proven read; None where no row had a key."""
        value = max(
            self._newest,
            self.previous.value if self.previous else "",
            self.resume.newest if self.resume else "",
        )
        if not value:
            return None
        if not self.newest_first:
            return Bookmark(value)
        # Where the order was not believed, the next run finds more, and reads to the end.
        descent = self._descent
        behind = descent.rows_behind if descent and descent.ordered else None
        return Bookmark(value, behind or 0)

    @property
    def stretch(self) -> Stretch | None:
        """What may be remembered of the read if it is interrupted now."""
        if not self._latest:
            return self.resume
        return self._descent.stretch if self._descent and self.key else None

    @property
    def whole(self) -> bool:
        """Whether this read alone went through the whole list and left no row out."""
        descent = self._descent
        stopped = descent is not None and (descent.done or descent.jumped)
        return self.proof is not None and not stopped and not self.floor

    def _begin_pass(self, resume: Stretch | None) -> None:
        self._fallen += self._walk.fallen
        self._walk = Walk()
        self._shown = 0
        if self.newest_first and self.created:
            self._descent = Descent(
                latest=self._latest,
                floor=self.floor,
                start=self.start,
                previous=self.previous,
                resume=resume,
                fallen=self._fallen,
            )

    def _tally(self, page: Page) -> tuple[list[Row], list[Row]]:
        """Return the rows that this pass, and those that the whole read, had not shown yet."""
        *earlier, latest = self._censuses
        first_answer = latest.total < 0
        if first_answer:
            latest.begin(page)
        new, fresh = [], []
        for row in page.rows:
            compact = _compact(row.id)
            last_pass = self._seen.get(compact)
            if compact in self._left_out:
                fresh.append(row)
            elif last_pass is not None:
                self.repeats += 1
            if last_pass == self.passes:
                continue
            self._seen[compact] = self.passes
            new.append(row)
            created = row.created if self.created else None
            for census in earlier if first_answer else self._censuses:
                if last_pass is None or last_pass < census.number:
                    census.count(created, known=last_pass is not None)
            if last_pass is None:
                fresh.append(row)
        self._shown += len(new)
        if self.key:
            keys = (row.key for row in fresh)
            newest = max((key for key in keys if key is not None), default="")
            self._newest = max(self._newest, min(newest, self._latest))
        return new, fresh

    def _take_entered(self, descent: Descent) -> None:
        """Go down all the way in further passes, too, once it is known that rows entered."""
        if descent.entered_behind:
            self.entered_behind, self.floor = descent.entered_behind, descent.floor

    def _wanted(self, rows: list[Row]) -> list[Row]:
        """Return the rows that are not below the floor; the others may be wanted later."""
        floor, descent = self.floor, self._descent
        if descent:
            # Where the order is not believed, old rows may be new to the list.
            floor = descent.floor if descent.ordered else self.start
        if not self.key:
            return rows
        wanted = []
        for row in rows:
            if floor and row.key is not None and row.key < floor:
                self._left_out.add(_compact(row.id))
            else:
                wanted.append(row)
        if self._left_out:
            self._left_out -= {_compact(row.id) for row in wanted}
        return wanted

    def _end_pass(self) -> None:
        descent = self._descent
        if any(census.whole for census in self._censuses):
            self.proof = "count"
        elif descent and descent.ordered and (descent.jumped or self._falls_explain()):
            self.proof = "order"
        else:
            census = min(self._censuses, key=lambda census: abs(census.short_by))
            self._again(
                f"{census.certain:,} of the {census.total:,} rows that were there when the "
                "reading began are known to have been read"
            )

    def _falls_explain(self) -> bool:
        """Whether no more rows are short in the count than left the list meanwhile.

        Rows without a date may have entered at the end, where the order proves nothing.
        """
        census = self._censuses[-1]
        return 0 <= census.short_by <= self._walk.fallen and not census.undated

    def _again(self, reason: str) -> None:
        """Read the list again from its first page, unless that was done often enough."""
        if self.passes == _MOST_PASSES:
            self.next_page, self.unproven = None, reason
            return
        self.passes += 1
        self._censuses.append(Census(self.passes))
        self.next_page = 1
        self._begin_pass(None)


def _compact(row_id: str) -> str | bytes:
    """Return a UUID in its usual form as 16 bytes, any other id as it is: equal if they are."""
    return bytes.fromhex(row_id.replace("-", "")) if _UUID.fullmatch(row_id) else row_id
