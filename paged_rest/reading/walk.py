"""One pass over the pages of a list that changes meanwhile: positions, and a count.

A page-numbered list shifts while it is read. Rows that enter at its head push others to later
pages, which repeats them; rows that leave pull others to earlier pages, which skips them.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

# Answers in a row that show no row for the first time while they go on promising more.
_MOST_IDLE = 50
# Answers in a row that bring the reading no further, since rows leave in front of it.
_MOST_IN_VAIN = 20


class Row(t.NamedTuple):
    """A row of the list, as much of it as the reading goes by, and what it carries along.

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
class Page:
    """One answer.

    Attributes:
        number: The page that was asked for, from 1.
        rows: Its rows.
        total: Rows in the whole list at the moment of this answer.
        limit: Rows that a page holds, as the answer states it; 0 where it does not.
        has_more: Whether the answer says that there are further pages.
        date: When the answer was made, by the server's clock, or None.
        asked: A moment before its rows were taken, by the server's clock, or None.
    """

    number: int
    rows: t.Sequence[Row]
    total: int
    limit: int
    has_more: bool
    date: str | None = None
    asked: str | None = None

    @property
    def start(self) -> int:
        """How many rows of the list lie in front of this page."""
        return (self.number - 1) * self.limit


class Broken(Exception):
    """The answers of a pass do not fit together; the list has to be read again."""


@dataclass(slots=True)
class Walk:
    """Which page comes next so that no row is skipped.

    `covered` is a lower bound on how many leading rows of the list have been read. The
    boundary of what was read moves by the inserts less the removals in front of it; the total
    moves by the inserts less all removals. So the boundary never moves back further than the
    total falls.

    Attributes:
        next_page: The page to ask for, or None at the end.
        fallen: How many rows less the totals came to show, all in all.
        gap: Whether rows may lie between what was read and the page that came last.
    """

    covered: int = 0
    total: int = 0
    next_page: int | None = 1
    fallen: int = 0
    gap: bool = False
    _covered_before: int = 0
    _limit: int = 0
    _ids: tuple[int, list[str]] = (0, [])
    _stalls: int = 0
    _empty_pages: int = 0
    _idle: int = 0
    _furthest: int = 0
    _in_vain: int = 0

    def sized(self, page: Page) -> Page:
        """Return an answer with its limit, from what it shows where it does not state it."""
        if page.limit:
            return page
        shown = max(1, len(page.rows))
        return replace(page, limit=shown if page.has_more else self._limit or shown)

    def feed(self, page: Page, shown: int, new: int) -> None:
        """Take the answer to `next_page` and set `next_page` anew.

        Args:
            page: The answer.
            shown: How many rows this pass has shown, those of the answer among them.
            new: How many of its rows this pass had not shown before.

        Raises:
            Broken: It does not fit the answers before.
        """
        self._check(page)
        fell = max(0, self.total - page.total)
        self.fallen += fell
        if fell:
            # The total may be one change older than the rows: then the answer before this one
            # had skipped rows already.
            self.covered = max(0, min(self.covered, self._covered_before) - fell)
        self._covered_before = self.covered
        self.total = page.total
        self.gap = page.start > self.covered
        if not self.gap:
            # Where there are further pages this one is whole, however few rows it shows:
            # some lists are filtered after they are cut into pages.
            read = page.limit if page.has_more else len(page.rows)
            self.covered = max(self.covered, page.start + read)
        if self.covered >= page.total and not page.has_more:
            self.next_page = None
            return
        self.next_page = self.covered // page.limit + 1
        self._stalls = self._stalls + 1 if self.next_page == page.number and not fell else 0
        self._empty_pages = 0 if page.rows else self._empty_pages + 1
        self._idle = 0 if new else self._idle + 1
        self._in_vain = 0 if self.covered > self._furthest else self._in_vain + 1
        self._furthest = max(self._furthest, self.covered)
        if self._empty_pages > 1 and shown >= page.total <= self.covered:
            # More is promised, but there are as many rows as there should be: the count decides.
            self.next_page = None
        elif self._stalls > 1 or self._idle > _MOST_IDLE:
            message = "its answers contradict each other on how many pages there are"
            raise Broken(message)
        elif self._in_vain > _MOST_IN_VAIN:
            message = "rows leave it as fast as it is read"
            raise Broken(message)

    def jump(self, page: Page) -> None:
        """Take all rows in front of a page as read, and its own."""
        self.gap = False
        self._covered_before = page.start
        read = page.limit if page.has_more else len(page.rows)
        self.go_on(page.start + read, page)
        if self.covered >= page.total and not page.has_more:
            self.next_page = None

    def go_on(self, covered: int, page: Page) -> None:
        """Take just so many leading rows as read, after the answer that came last."""
        self.covered = self._furthest = covered
        self.next_page = covered // page.limit + 1

    def _check(self, page: Page) -> None:
        if self._limit and page.limit != self._limit:
            message = "the size of its pages changed while it was read"
            raise Broken(message)
        self._limit = page.limit
        ids = [row.id for row in page.rows]
        number, previous = self._ids
        risen = page.total - self.total
        if ids and ids == previous and page.number > number and risen < len(ids):
            message = "the same rows came under two page numbers"
            raise Broken(message)
        self._ids = (page.number, ids)


@dataclass(slots=True)
class Census:
    """Whether every row that was there when a pass began has been read since.

    A row was certainly there if it is in the first answer, if it was created before that was
    asked for, or if it was known before the pass began.

    Attributes:
        number: Which pass of the read it is, from 1.
        total: Rows in the list when the pass began.
        asked: A moment before that, by the server's clock, or None: then no creation proves
            anything.
        certain: Rows read since then that were there when it began.
        undated: Other rows read since then whose creation is not known.
    """

    number: int
    total: int = -1
    asked: str | None = None
    certain: int = 0
    undated: int = 0

    def begin(self, page: Page) -> None:
        """Take the first answer."""
        self.total = page.total
        self.asked = page.asked
        self.certain = len({row.id for row in page.rows})

    def count(self, created: str | None, *, known: bool) -> None:
        """Count a row that has not been shown since the pass began.

        Args:
            created: When the row was created, or None.
            known: Whether its id was known before the pass began.
        """
        if known or (created is not None and self.asked is not None and created < self.asked):
            self.certain += 1
        elif created is None:
            self.undated += 1

    @property
    def whole(self) -> bool:
        """Whether the count proves that nothing was missed."""
        return self.certain == self.total

    @property
    def short_by(self) -> int:
        """How many rows that were there are not known to have been read."""
        return self.total - self.certain
