"""Reading a sorted list by pages that overlap.

The list is sorted by the creation of its rows, newest first. `oldest` is a key such that every
row that stays in the list and is strictly newer has been read. The next page is asked for so
that it begins before the rows that bear this key. If its first row is strictly newer, it joins:
a page is a piece of the list at one moment, so all rows between the old key and the key of its
last row are on it. Nothing else is taken for granted: no total, no position, no date.
"""

from __future__ import annotations

import typing as t
from bisect import bisect_left
from dataclasses import dataclass, field
from operator import ge

from paged_rest.reading.page import CannotVerify, PageRequest

if t.TYPE_CHECKING:
    from paged_rest.reading.page import Page

# Rows without a date are one group of equal keys, at one end of the list or the other.
_UNDATED_FIRST, _UNDATED_LAST = "~", ""
_ABOVE_ALL = "\x7f"
# Pages in a row that bring the reading no further.
_MOST_IN_VAIN = 40
_MOST_READINGS_OF_A_GROUP = 12


def page_over(anchor: int, reach: int, largest: int) -> PageRequest | None:
    """Return the page that holds a position and goes furthest.

    Args:
        anchor: The position, from 0; the page begins there or before.
        reach: How many rows it has to go beyond.
        largest: The most rows that a page can hold.

    Returns:
        None where no page of that size or a smaller one does both.
    """
    best, end, anchor = None, reach, max(anchor, 0)
    for size in range(largest, 0, -1):
        if anchor + size <= end:
            break
        number = anchor // size + 1
        if number * size > end:
            best, end = PageRequest(number, size), number * size
    return best


@dataclass(slots=True)
class _Group:
    """Rows of one key that no page can hold together with the row in front of them.

    Within the group pages overlap by rows of it, which proves nothing if their order changes.
    So it is read again, cut at other places, until as many ids have come again as there are
    places, and the last reading has shown no other. The first reading does not count, as a row
    may have left in the middle of it.
    """

    key: str
    anchor: int
    size: int
    readings: int = 0
    first: int = -1
    places: int = 0
    moved: bool = False
    known: int = 0
    ids: set[str] = field(default_factory=set)
    again: set[str] | None = None

    def begin(self) -> PageRequest | None:
        """Begin a reading; return its first page."""
        self.first, self.moved, self.known = -1, False, len(self.ids)
        size = self.size - self.readings * (self.size // 7 + 1) % (self.size // 2 + 1)
        return page_over(self.anchor, max(self.anchor, 0), size)

    def joins(self, page: Page, keys: list[str]) -> bool:
        """Whether no row of the group stands between this page and those before it."""
        first = keys[:1]
        return not page.start or first > [self.key] or (self.first >= 0 and first == [self.key])

    def take(self, page: Page, keys: list[str]) -> bool:
        """Take a page that joins; return whether it shows the end of the group."""
        above, end = _newer(keys, self.key), bisect_left(keys, x=True, key=lambda k: k < self.key)
        if self.first < 0:
            self.first = page.start + above
        elif above and self.first != page.start + above:
            self.moved = True
        ids = [row.id for row in page.rows[above:end]]
        self.ids.update(ids)
        if self.again is not None:
            self.again.update(ids)
        if end == len(keys) == page.limit:
            return False
        former, self.places = self.places, page.start + end - self.first
        if self.moved or (former and former != self.places):
            self.ids, self.again = set(), None
        return True

    def is_whole(self) -> bool:
        """Whether nothing is missing after the reading that has just ended."""
        whole = self.known == len(self.ids) and len(self.again or ()) == self.places
        self.again = self.again if self.again is not None else set()
        self.readings += 1
        return whole


@dataclass(slots=True)
class Chain:
    """Which page comes next, and down to which key the list has been read without a gap.

    Attributes:
        largest: The most rows that a page can hold.
        oldest: Every row that stays and is strictly newer has been read.
        next_request: The page to ask for, or None at the end.
        ended: Whether the end of the list was seen: a page that is not full.
        doubtful_end: Whether responses deny that end, time and again.
        full_pages: How many full pages were joined.
        keys: The keys of the page that came last; rows without a date have one too.
        complete: Keys of the rows of which the last page showed that none is missing, newest
            first, each row once in the life of the chain.
    """

    largest: int
    oldest: str = _ABOVE_ALL
    next_request: PageRequest | None = None
    ended: bool = False
    doubtful_end: bool = False
    full_pages: int = 0
    keys: list[str] = field(default_factory=list)
    complete: list[str] = field(default_factory=list)
    _anchor: int = -1
    _reach: int = 0
    _total: int = 0
    _step: int = 0
    _front: int = -1
    _behind: int = -1
    _in_vain: int = 0
    _doubts: int = 0
    _undated: str | None = None
    _rest: list[str] = field(default_factory=list)
    _probing: bool = False
    _group: _Group | None = None
    _last_group: _Group | None = None

    def __post_init__(self) -> None:
        """Begin at the head."""
        self.next_request = PageRequest(1, self.largest)

    @property
    def is_at_a_date(self) -> bool:
        """Whether `oldest` is a date, and not what stands for rows without one."""
        return self.oldest not in {_ABOVE_ALL, _UNDATED_FIRST, _UNDATED_LAST}

    @property
    def in_group(self) -> bool:
        """Whether rows of one key are being read that fill more than a page."""
        return self._group is not None

    def go_to(self, key: str, position: int) -> None:
        """Go on from another key, whose rows begin at about a position.

        Every row that is strictly newer than the key must have been read.
        """
        self.oldest, self.ended, self._group, self._probing = key, False, None, False
        self._step = self._in_vain = self._doubts = 0
        self._front = self._behind = -1
        self._move_to(position - 1)

    def feed(self, page: Page) -> bool:
        """Take the response to `next_request`; return whether it joins what was read.

        Raises:
            CannotVerify: The list is not in order, or its pages lead nowhere.
        """
        self.keys, self.complete = self._ranked([row.created for row in page.rows]), []
        if not all(map(ge, self.keys, self.keys[1:])):
            message = "its rows do not come newest first"
            raise CannotVerify(message)
        self._count_in_vain()
        if self._probing:
            self._end_in_doubt(page)
            return True
        if self._group:
            return self._feed_group(self._group, page)
        if page.start and self.keys[:1] <= [self.oldest]:
            self._step_back(page)
            return False
        self._join(page, [])
        return True

    def vanished(self) -> None:
        """Record that `next_request` lies behind the end of the list.

        Raises:
            CannotVerify: It did so too often.
        """
        self._count_in_vain()
        if self._probing:
            self._end_in_doubt(None)
            return
        self._step = max(2 * self._step, self.largest)
        self._move_to(self._anchor - self._step)

    def _count_in_vain(self) -> None:
        self._in_vain += 1
        if self._in_vain > _MOST_IN_VAIN:
            message = "rows enter or leave it as fast as it is read"
            raise CannotVerify(message)

    def _ranked(self, keys: list[str | None]) -> list[str]:
        if None not in keys:
            if keys and not self._undated:
                self._undated = _UNDATED_LAST
            return t.cast("list[str]", keys)
        if self._undated is None:
            self._undated = _UNDATED_FIRST if keys[0] is None else _UNDATED_LAST
        return [self._undated if key is None else key for key in keys]

    def _join(self, page: Page, in_group: list[str]) -> None:
        """Take a page that joins, and the rows of a long group that it completes."""
        keys, before = self.keys, self.oldest
        known = _newer(keys, before)
        if in_group:
            known = bisect_left(keys, x=True, key=lambda key: key < before)
        if keys and keys[-1] < before:
            self.oldest, self._in_vain, self._doubts = keys[-1], 0, 0
        newer = _newer(keys, self.oldest)
        self._total = page.total
        if self.oldest < before or page.end > self._reach:
            self._anchor, self._reach = page.start + newer - 1, page.end
            self._step_on(in_front=0 < len(keys) == newer)
        if len(keys) < page.limit:
            self._end(page)
        else:
            self.full_pages += 1
            self._choose(page_over(self._anchor, self._reach, self.largest))
        self.complete = [*in_group, *keys[known : None if self.ended else newer]]
        self._rest = keys[newer:]

    def _step_on(self, *, in_front: bool) -> None:
        """Look further on, faster each time, if a page lies in front of what was read."""
        self._front = self._reach if in_front else -1
        if self._behind <= self._front or not in_front:
            self._behind = -1
        step = in_front * self._step
        if self._behind >= 0:
            # Half-way to a page that did not join, as that went too far.
            step = min(step, (self._behind - self._front) // 2)
        self._anchor += step
        self._reach += step
        self._step = in_front * max(2 * self._step, self.largest)

    def _end(self, page: Page) -> None:
        """Believe that the list ends with a page that is not full, unless the page denies it.

        Then it is asked for again, cut elsewhere, and at last the page behind it.
        """
        if not page.has_more and page.end == page.total:
            self.ended, self.next_request = True, None
            return
        size = page.request.size
        if self._doubts or page.has_more:
            self._probing = True
            self.next_request = PageRequest(page.request.number + 1, size)
        else:
            self._doubts = 1
            self.next_request = page_over(self._anchor, self._reach, size - 1) or page.request

    def _end_in_doubt(self, page: Page | None) -> None:
        """Take the page behind the end, or that there is none.

        Raises:
            CannotVerify: It shows rows.
        """
        if page and page.rows:
            message = "a page that is not full is followed by others"
            raise CannotVerify(message)
        self.ended, self.doubtful_end, self.next_request = True, True, None
        self.complete = self._rest

    def _choose(self, request: PageRequest | None) -> None:
        if request is None:
            last = self._last_group
            readings = last.readings if last and last.key == self.oldest else 0
            self._group = self._last_group = _Group(
                self.oldest, self._anchor, self.largest, readings
            )
            request = self._group.begin()
        self.next_request = request

    def _step_back(self, page: Page) -> None:
        """Look further in front, as rows left there; the total hints at how many."""
        self._behind = page.start if self.keys else min(page.start, page.total)
        if 0 <= self._front < self._behind:
            # Half-way to the last page that lay in front of what was read.
            self._move_to((self._front + self._behind - 1) // 2)
            return
        if self._front >= 0:
            self._front, self._step = -1, 0
        self._step = max(self._total - page.total, 2 * self._step, self.largest // 20, 1)
        position = min(self._anchor, page.start)
        if not self.keys:
            position = min(position, page.total - 1)
        self._move_to(position - self._step)

    def _move_to(self, position: int) -> None:
        self._anchor, self._reach = max(-1, position), max(0, position)
        if self._group is None:
            self.next_request = page_over(self._anchor, self._reach, self.largest)
        else:
            self._group.anchor = self._anchor
            self.next_request = self._group.begin()

    def _feed_group(self, group: _Group, page: Page) -> bool:
        if not group.joins(page, self.keys):
            self._step_back(page)
            return False
        group.size, known = min(group.size, self.largest), len(group.ids)
        in_front = self.keys[-1:] > [group.key]
        if in_front:
            group.anchor = page.end - 1
            group.begin()
        if in_front or not group.take(page, self.keys):
            self._in_vain = 0 if len(group.ids) > known else self._in_vain
            self.next_request = page_over(page.end - 1, page.end, group.size)
            if self.next_request is None:
                message = "its pages are too small to overlap"
                raise CannotVerify(message)
        elif group.is_whole():
            self._group = None
            self._join(page, [group.key] * group.places)
        elif group.readings > _MOST_READINGS_OF_A_GROUP:
            message = "many rows of one date come in an order that changes"
            raise CannotVerify(message)
        else:
            self.next_request = group.begin()
        return True


def _newer(keys: list[str], key: str) -> int:
    """Return how many keys, newest first, are strictly newer than another."""
    return bisect_left(keys, x=True, key=lambda other: other <= key)
