"""Going down a list that comes newest first: how far to go, and where to go on after a break.

New rows enter such a list at its head. So what lies behind a moment is known from the last
time, but for rows that left, and for rows that entered there after all, as imports with old
dates do: those show in the count.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from paged_rest.reading.keys import falling, rows_from
from paged_rest.timestamps import before

if t.TYPE_CHECKING:
    from collections.abc import Sequence

    from paged_rest.reading.walk import Page, Row, Walk

# A row may become visible some time after the moment that it states as its creation.
LATE_MINUTES = 5


@dataclass(frozen=True, slots=True)
class Bookmark:
    """What a complete read leaves for the next run.

    Attributes:
        value: The newest replication key read, never beyond the start of the run.
        rows_behind: How many rows of the list lay behind it by more than a row may come late,
            or None where that is not known. More of them at the next run mean that rows
            entered where that run would not look.
    """

    value: str
    rows_behind: int | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """What an interrupted read leaves: the rows between two keys, read without a gap.

    Attributes:
        newest: The newest key of the stretch, never beyond the start of its run.
        oldest: Its oldest key.
        rows: How many of its rows are older than the newest by more than a row may come late,
            and newer than the oldest.
        floor: The key that the read was to go down to, or "" for the end of the list.
        behind: How many rows of the list lay behind it, those as old as its oldest among them.
    """

    newest: str
    oldest: str
    rows: int
    floor: str
    behind: int


@dataclass(slots=True)
class _Jump:
    """A jump over a stretch, under way until the oldest key of the stretch is found.

    Attributes:
        head: Rows in front of the stretch.
        covered: Rows that were read without a gap when it began.
        total: Rows in the list then.
        fallen: What `Walk.fallen` was then.
        read: What was noted of the rows read then.
        back: How many pages to step back from one that lies behind the stretch.
    """

    head: int
    covered: int
    total: int
    fallen: int
    read: tuple[str, int, set[str]]
    back: int = 1


@dataclass(slots=True)
class Descent:
    """The keys met on the way down.

    Attributes:
        latest: The moment that no key is taken to lie behind.
        floor: The key to go down to, or None for the end of the list.
        start: What the floor falls to when rows entered behind the bookmark.
        previous: What the last complete read left.
        resume: What an interrupted read left since then.
        fallen: How many rows less the totals of this run came to show before this pass.
        ordered: Whether the keys have fallen all the way.
        done: Whether the floor is reached.
        jumped: Whether rows that an earlier run read were jumped over.
        newest: The newest key, `latest` at the most.
        oldest: The oldest key down to which there is no gap.
        rows_behind: As in `Bookmark`.
        entered_behind: How many rows entered behind the bookmark.
    """

    latest: str
    floor: str | None = None
    start: str | None = None
    previous: Bookmark | None = None
    resume: Stretch | None = None
    fallen: int = 0
    ordered: bool = True
    done: bool = False
    jumped: bool = False
    newest: str = ""
    oldest: str = ""
    rows_behind: int | None = None
    entered_behind: int = 0
    _highest: str = ""
    _head: str = ""
    _rows: int = 0
    _behind: int = 0
    _tied: set[str] = field(default_factory=set)
    _checked: bool = False
    _jump: _Jump | None = None

    def feed(self, page: Page, new: Sequence[Row], walk: Walk) -> None:
        """Take an answer after the walk took it; the walk may be told to jump.

        Args:
            page: The answer.
            new: Those of its rows that this pass has not shown before.
            walk: The positions of this pass.
        """
        keys: list[str | None] = [row.created for row in page.rows]
        # A page that is cut short hides rows: it is not known where those stand.
        short = page.has_more and len(keys) < page.limit
        if short or not falling(keys) or (page.number == 1 and self._enters_deeper(page, keys)):
            self.ordered = False
            return
        if self._jump:
            if not self._land(page, keys, walk):
                return
        elif walk.gap:
            return
        elif not self._below(new):
            self.ordered = False
            return
        self._note_edges(page, keys, walk)
        self._note_rows(page, keys)
        if self.floor and self.oldest and self.oldest < self.floor:
            self.done = True
        elif self.resume and not self.jumped and walk.next_page:
            self._leap(page, keys, walk)

    @property
    def stretch(self) -> Stretch | None:
        """What to remember if the read is interrupted now."""
        if not self.ordered:
            return None
        if not self.oldest or self._jump:
            return self.resume
        read = Stretch(self.newest, self.oldest, self._rows, self.floor or "", self._behind)
        if self.resume and not self.jumped and self.resume.rows > read.rows:
            # The way to the stretch was not finished; the longer of the two is worth more.
            return self.resume
        return read

    def _enters_deeper(self, page: Page, keys: Sequence[str | None]) -> bool:
        """Whether new rows enter behind this page, as its rows have no date or a future one."""
        latest = max(self.latest, page.date or "")
        return page.has_more and not any(key is not None and key <= latest for key in keys)

    def _below(self, new: Sequence[Row]) -> bool:
        """Whether new rows lie below what was read; they may have entered at the head."""
        return not self.oldest or all(
            key is None or key <= self.oldest or key > self._head
            for key in (row.created for row in new)
        )

    def _note_edges(self, page: Page, keys: Sequence[str | None], walk: Walk) -> None:
        """Note how many rows lie behind the new bookmark, and compare with the last one's."""
        self._highest = max([self._highest, *(key for key in keys if key is not None)])
        self._head = self._head or self._highest
        self.newest = min(self._highest, self.latest)
        if not self.newest:
            return
        if self.rows_behind is None:
            bookmark = max(self.newest, self.previous.value if self.previous else "")
            self.rows_behind = rows_from(_late(bookmark), page, keys)
        if self.previous and self.previous.rows_behind is not None and not self._checked:
            edge = _late(self.previous.value)
            behind = rows_from(edge, page, keys)
            self._checked = behind is not None
            if behind is not None:
                self._compare(behind, self.previous.rows_behind, walk)

    def _compare(self, behind: int, behind_before: int, walk: Walk) -> None:
        """Go down all the way if more rows lie behind an edge than an earlier run left there.

        Rows that left in this run may have lain there too, and hide as many that entered.
        """
        entered = behind + self.fallen + walk.fallen - behind_before
        if entered > 0:
            self.entered_behind = entered
            self.floor = self.start

    def _note_rows(self, page: Page, keys: Sequence[str | None]) -> None:
        """Count the rows strictly newer than the oldest, all ties with it aside."""
        edge = _late(self.newest) if self.newest else ""
        for row, key in zip(page.rows, keys, strict=True):
            if key is None or (self.oldest and key > self.oldest):
                continue
            if key != self.oldest:
                if self.oldest < edge:
                    self._rows += len(self._tied)
                self._tied.clear()
                self.oldest = key
            self._tied.add(row.id)
        behind = rows_from(self.oldest, page, keys, strictly=False)
        self._behind = self._behind if behind is None else behind

    def _leap(self, page: Page, keys: Sequence[str | None], walk: Walk) -> None:
        """Jump over the stretch once what may have come late in front of it is read."""
        assert self.resume  # noqa: S101 (for the type checker)
        edge = _late(self.resume.newest)
        behind = rows_from(edge, page, keys)
        if behind is None:
            return
        head = page.total - behind
        target = max(0, head + self.resume.rows - 1) // page.limit + 1
        if target <= walk.covered // page.limit + 1:
            self.resume = None
            return
        self._jump = _Jump(
            head=head,
            covered=walk.covered,
            total=page.total,
            fallen=walk.fallen,
            read=(self.oldest, self._rows, set(self._tied)),
        )
        self._rows -= sum(key is not None and self.oldest < key < edge for key in keys)
        walk.next_page = target

    def _land(self, page: Page, keys: Sequence[str | None], walk: Walk) -> bool:
        """Take a page that lies about where the stretch ends; return whether that is found."""
        assert self.resume  # noqa: S101
        assert self._jump  # noqa: S101
        jump, oldest = self._jump, self.resume.oldest
        if not self.jumped:
            first = next((key for key in keys if key is not None), "")
            if first <= oldest:
                self._step_back(page, jump, walk)
                return False
            walk.jump(page)
            self.jumped = True
        if walk.gap:
            return False
        behind = rows_from(oldest, page, keys, strictly=False)
        if behind is None:
            return False
        rows = page.total - behind - jump.head
        if rows > self.resume.rows + max(0, page.total - jump.total):
            self._stay(page, walk)
            return False
        self._jump = None
        # Behind a floor that was not reached nothing else would tell of rows that entered.
        if self.floor:
            self._compare(behind, self.resume.behind, walk)
        self._rows += min(self.resume.rows, max(0, rows))
        self._tied.clear()
        self.oldest = oldest
        return True

    def _step_back(self, page: Page, jump: _Jump, walk: Walk) -> None:
        target = page.number - jump.back
        jump.back *= 2
        if target <= walk.covered // page.limit + 1:
            self._stay(page, walk)
        else:
            walk.next_page = target

    def _stay(self, page: Page, walk: Walk) -> None:
        """Give the jump up, as the stretch is not what it was: read it again."""
        assert self._jump  # noqa: S101
        jump, self._jump, self.resume, self.jumped = self._jump, None, None, False
        self.oldest, self._rows, self._tied = jump.read
        walk.go_on(max(0, jump.covered - (walk.fallen - jump.fallen)), page)


def _late(moment: str) -> str:
    """Return the moment from which on rows may still come late."""
    return before(moment, minutes=LATE_MINUTES)
