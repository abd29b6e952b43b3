"""Reading a page-numbered list completely while it changes. No I/O, and nothing of any API.

A page-numbered list shifts while it is read. Rows that enter at its head push others to later
pages, which repeats them; rows that leave pull others to earlier pages, which skips them. The
total that comes with every answer tells how many rows left, so the walk steps back that far.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from itertools import pairwise

from tap_rotor.timestamps import before

Row = dict[str, t.Any]

# A row may become visible some time after the moment that it states as its creation.
LATE_MINUTES = 5

# Pages in a row that show nothing while the answers go on promising more.
_MOST_EMPTY_PAGES = 50


@dataclass(frozen=True, slots=True)
class Page:
    """One answer.

    Attributes:
        number: The page that was asked for, from 1.
        rows: Its rows, each with an `id` and, where the list has one, its replication key, as
            text that compares as time.
        total: Rows in the whole list at the moment of this answer.
        limit: Rows that a page holds: as the answer states it, else as it was asked for.
        has_more: Whether the answer says that there are further pages.
        date: When the answer was made, by the server's clock, or None.
    """

    number: int
    rows: t.Sequence[Row]
    total: int
    limit: int
    has_more: bool
    date: str | None = None


@dataclass(slots=True)
class Walk:
    """One pass over the pages, from the first to the last.

    `covered` is a lower bound on how many leading rows of the list have been read. The
    boundary of what was read moves by the inserts less the removals in front of it; the total
    moves by the inserts less all removals. So the boundary never moves back further than the
    total falls.

    Attributes:
        gap: Whether rows may lie between what was read and the page that came last.
        contradiction: Why the answers cannot all be true, or None.
    """

    covered: int = 0
    total: int = 0
    next_page: int | None = 1
    gap: bool = False
    contradiction: str | None = None
    _stalls: int = 0
    _empty_pages: int = 0

    def feed(self, page: Page) -> None:
        """Take the answer to `next_page` and set `next_page` anew: None at the end."""
        fell = max(0, self.total - page.total)
        self.covered = max(0, self.covered - fell)
        self.total = page.total
        start = (page.number - 1) * page.limit
        self.gap = start > self.covered
        if not self.gap:
            # Where there are further pages this one is whole, however few rows it shows:
            # some lists are filtered after they are cut into pages.
            read = page.limit if page.has_more else len(page.rows)
            self.covered = max(self.covered, start + read)
        if self.covered >= page.total and not page.has_more:
            self.next_page = None
            return
        self.next_page = self.covered // page.limit + 1
        self._notice_contradiction(page, fell)

    def _notice_contradiction(self, page: Page, fell: int) -> None:
        self._stalls += self.next_page == page.number and not fell
        self._empty_pages = 0 if page.rows else self._empty_pages + 1
        if self._stalls > 1:
            self.contradiction = f"page {page.number} of {page.total} rows is said to be the last"
        elif self._empty_pages > _MOST_EMPTY_PAGES:
            self.contradiction = "page after page is empty, and more are promised"
        if self.contradiction:
            self.next_page = None


@dataclass(frozen=True, slots=True)
class Bookmark:
    """What a complete read leaves for the next run.

    Attributes:
        value: The newest replication key read, never beyond the start of the run.
        rows_behind: How many rows lay further behind it than a row may come late, or None
            where that is not known. More of them at the next run mean that rows entered where
            that run would not look.
    """

    value: str
    rows_behind: int | None = None


@dataclass(slots=True)
class Read:
    """The reading of one list in one run.

    Ask for `next_page` and `feed` its answer until `next_page` is None. Every row is handed
    out once; rows before the floor are left out.

    Attributes:
        started: When the run began. No bookmark passes it, as a row may be dated in the future.
        key: The replication key, or None where it does not matter.
        floor: The lowest replication key wanted, or None.
        start: What the floor falls to where the list has to be read to its end, or None.
        newest_first: Whether the list is promised to come newest first by its replication key,
            so that reading may stop behind the floor.
        previous: What the last complete read left.
        total: Rows in the list, by the last answer.
        ordered: Whether the promise has held so far.
        entered_behind: How many rows entered behind the bookmark since the last complete
            read. If any did, the list is read to its end.
    """

    started: str
    key: str | None = None
    floor: str | None = None
    start: str | None = None
    newest_first: bool = False
    previous: Bookmark | None = None
    next_page: int | None = 1
    total: int = 0
    requests: int = 0
    rows: int = 0
    repeats: int = 0
    ordered: bool = True
    entered_behind: int = 0
    _walk: Walk = field(default_factory=Walk)
    _totals: list[int] = field(default_factory=list)
    _seen: set[str | bytes] = field(default_factory=set)
    _latest: str = ""
    _newest: str = ""
    _oldest: str | None = None
    _recent: list[str] = field(default_factory=list)
    _known: int = 0

    def feed(self, page: Page) -> list[Row]:
        """Take the answer to `next_page`; return its rows that are wanted and new."""
        if not self._totals:
            self._latest = min(self.started, page.date or self.started)
        self.requests += 1
        self.total = page.total
        self._totals.append(page.total)
        self._walk.feed(page)
        self.next_page = self._walk.next_page

        fresh = [row for row in page.rows if self._first_seen(row["id"])]
        self.repeats += len(page.rows) - len(fresh)
        if key := self.key:
            self._note_order([row[key] for row in page.rows])
            self._note_keys([row[key] for row in fresh if row[key] is not None])
            if self._behind_floor():
                self._stop_if_explained()
            if floor := self.floor:
                fresh = [row for row in fresh if row[key] is None or row[key] >= floor]
        self.rows += len(fresh)
        return fresh

    @property
    def unproven(self) -> str | None:
        """Why rows may be missing after `next_page` became None, or None when none are."""
        return self._walk.contradiction

    @property
    def bookmark(self) -> Bookmark | None:
        """What may be remembered after a proven read; None where no row had a key."""
        value = max(self._newest, self.previous.value if self.previous else "")
        if not value:
            return None
        from_ = before(value, minutes=LATE_MINUTES)
        recent = sum(key >= from_ for key in self._recent)
        return Bookmark(value, max(0, min(self._totals) - recent))

    def _first_seen(self, row_id: str) -> bool:
        compact = _compact(row_id)
        if compact in self._seen:
            return False
        self._seen.add(compact)
        return True

    def _note_order(self, keys: list[str | None]) -> None:
        """Check that the keys of a page fall; none may be null between others."""
        while keys and keys[-1] is None:
            keys.pop()
        while keys and keys[0] is None:
            keys.pop(0)
        known = [key for key in keys if key is not None]
        if len(known) < len(keys) or any(older > newer for newer, older in pairwise(known)):
            self.ordered = False
        if known and not self._walk.gap:
            self._oldest = known[-1] if self._oldest is None else min(self._oldest, known[-1])

    def _note_keys(self, keys: list[str]) -> None:
        """Note the newest key, and how many keys are about as new as a bookmark."""
        if not keys:
            return
        self._newest = max(self._newest, min(max(keys), self._latest))
        if self.previous:
            known_to = before(self.previous.value, minutes=LATE_MINUTES)
            self._known += sum(key >= known_to for key in keys)
        recent_from = before(self._newest, minutes=LATE_MINUTES)
        self._recent = [key for key in (*self._recent, *keys) if key >= recent_from]

    def _behind_floor(self) -> bool:
        return bool(
            self.newest_first
            and self.ordered
            and not self._walk.gap
            and self.floor
            and self._oldest
            and self._oldest < self.floor
        )

    def _stop_if_explained(self) -> None:
        """Stop, unless more rows lie further behind than did at the end of the last read."""
        if self.previous and self.previous.rows_behind is not None:
            behind = self._totals[0] - self._known
            self.entered_behind = max(0, behind - self.previous.rows_behind)
        if self.entered_behind:
            self.floor = self.start
        else:
            self.next_page = None


def _compact(row_id: str) -> str | bytes:
    """Return a UUID in its usual form as 16 bytes, any other id as it is: equal if they are."""
    if len(row_id) == 36 and row_id == row_id.lower():  # noqa: PLR2004
        parts = row_id.split("-")
        if [len(part) for part in parts] == [8, 4, 4, 4, 12]:
            try:
                return bytes.fromhex("".join(parts))
            except ValueError:
                pass
    return row_id
