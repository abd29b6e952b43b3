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
_MOST_READINGS_OF_A_GROUP = 12
_MOST_CHANGES_OF_A_GROUP = 4
# Pages in a row that bring the reading no further, beside those that lie in front of it.
_MOST_IN_VAIN = 25
_MOST_VANISHED = 3


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
class Chain:
    """Which page comes next, and down to which key the list has been read without a gap.

    Attributes:
        largest: The most rows that a page can hold.
        oldest: Every row that stays and is strictly newer has been read.
        next_request: The page to ask for, or None at the end.
        ended: Whether the end of the list was seen: a page that is not full.
        doubtful_end: Whether what responses state denies that end.
        missing: How many rows the total lacks then; less than 0 if it states too many.
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
    missing: int = 0
    full_pages: int = 0
    keys: list[str] = field(default_factory=list)
    complete: list[str] = field(default_factory=list)
    _anchor: int = -1
    _reach: int = 0
    _total: int = 0
    _step: int = 0
    _low: int = -1
    _high: int = -1
    _vanished: int = 0
    _in_vain: int = 0
    _undated: str | None = None
    _behind: list[str] | None = None
    _group: _Group | None = None

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

    @property
    def in_doubt(self) -> bool:
        """Whether the next page is that behind an end which the list denies."""
        return self._behind is not None

    def go_to(self, key: str, position: int) -> None:
        """Go on from another key, whose rows begin at about a position.

        Every row that is strictly newer than the key must have been read.
        """
        self.oldest, self.ended, self._group, self._behind = key, False, None, None
        self._step, self._low, self._high, self._in_vain = 0, -1, -1, 0
        self._move_to(position - 1)

    def feed(self, page: Page) -> bool:
        """Take the response to `next_request`; return whether it joins what was read.

        Raises:
            CannotVerify: The list is not in order, or its pages lead nowhere.
        """
        self.keys, self.complete = self._ranked([row.created for row in page.rows]), []
        self._in_vain += 1
        if not all(map(ge, self.keys, self.keys[1:])):
            message = "its rows do not come newest first"
            raise CannotVerify(message)
        if self._in_vain > _MOST_IN_VAIN + page.total // page.limit:
            message = "rows enter or leave it as fast as it is read"
            raise CannotVerify(message)
        if self._behind is not None:
            self._look_behind(page, self._behind)
        elif self._group:
            return self._feed_group(page, self._group)
        elif page.start and self.keys[:1] <= [self.oldest]:
            self._step_back(page.start if self.keys else min(page.start, page.total), page.total)
            return False
        else:
            self._join(page, [])
        return True

    def vanished(self) -> None:
        """Record that `next_request` lies behind the end of the list.

        Raises:
            CannotVerify: It did so too often.
        """
        self._vanished += 1
        if self._vanished > _MOST_VANISHED:
            message = "it ended before a page that it had promised"
            raise CannotVerify(message)
        if self._behind is not None:
            self._end(self._behind, in_doubt=True)
        else:
            self._step_back(self._anchor, self._total - self.largest)

    def _ranked(self, keys: list[str | None]) -> list[str]:
        if None not in keys:
            if keys and not self._undated:
                self._undated = _UNDATED_LAST
            return t.cast("list[str]", keys)
        if self._undated is None:
            self._undated = _UNDATED_FIRST if keys[0] is None else _UNDATED_LAST
        return [self._undated if key is None else key for key in keys]

    def _join(self, page: Page, group: list[str]) -> None:
        """Take a page that joins, and the keys of a long group that it completes."""
        keys, before = self.keys, self.oldest
        known = newer(keys, before)
        if group:
            known = not_older(keys, before)
        if keys and keys[-1] < before:
            self.oldest, self._in_vain, self._vanished = keys[-1], 0, 0
        end = newer(keys, self.oldest)
        self.complete, last = [*group, *keys[known:end]], keys[max(known, end) :]
        self._total = page.total
        if self.oldest < before or page.end > self._reach:
            self._anchor, self._reach = page.start + end - 1, page.end
            self._step_on(in_front=0 < len(keys) == end)
        if len(keys) == page.limit:
            self.full_pages += 1
            self._choose(page_over(self._anchor, self._reach, self.largest))
        elif page.has_more or page.end != page.total:
            self._behind = last
            self.next_request = PageRequest(page.request.number + 1, page.request.size)
        else:
            self._end(last, in_doubt=False)

    def _look_behind(self, page: Page, last: list[str]) -> None:
        """Take the page behind one that is not full though it states that there is more.

        Raises:
            CannotVerify: It shows rows.
        """
        if page.rows:
            message = "a page that is not full is followed by others"
            raise CannotVerify(message)
        self.missing = self._reach - page.total
        self._end(last, in_doubt=page.has_more or self.missing != 0)

    def _end(self, last: list[str], *, in_doubt: bool) -> None:
        """Believe that the list ends with rows of these keys."""
        self.ended, self.doubtful_end, self.next_request = True, in_doubt, None
        self.complete = [*self.complete, *last]

    def _choose(self, request: PageRequest | None) -> None:
        self.next_request = request
        if request is None:
            self._group = _Group(self.oldest, self.largest)
            self.next_request = self._group.begin(self._anchor)

    def _step_on(self, *, in_front: bool) -> None:
        """Look further on, faster each time, if a page lies in front of what was read."""
        self._low = self._reach if in_front else -1
        if self._high <= self._low or not in_front:
            self._high = -1
        step = self._step if in_front else 0
        if self._high >= 0:
            step = min(step, (self._high - self._low) // 2)
        self._anchor, self._reach = self._anchor + step, self._reach + step
        self._step = max(2 * self._step, self.largest) if in_front else 0

    def _step_back(self, position: int, total: int) -> None:
        """Look further in front, as rows left there; the total hints at how many."""
        self._high = position
        if 0 <= self._low < position:
            self._move_to((self._low + position - 1) // 2)
            return
        if self._low >= 0:
            self._low, self._step = -1, 0
        self._step = max(self._total - total, 2 * self._step, self.largest // 20, 1)
        self._move_to(min(self._anchor, position) - self._step)

    def _move_to(self, position: int) -> None:
        self._anchor, self._reach = max(-1, position), max(0, position)
        if self._group is None:
            self.next_request = page_over(self._anchor, self._reach, self.largest)
        else:
            self.next_request = self._group.begin(self._anchor)

    def _feed_group(self, page: Page, group: _Group) -> bool:
        known, group.size = len(group.ids), min(group.size, self.largest)
        if page.start and not group.joins(self.keys):
            group.give_up_if_it_changes()
            self._step_back(page.start, page.total)
            return False
        if group.feed(page, self.keys):
            self._group = None
            self._join(page, [group.key] * group.places)
        else:
            self._in_vain = 0 if len(group.ids) > known else self._in_vain
            self.next_request = group.next_request
        return True


@dataclass(slots=True)
class _Group:
    """Rows of one key that no page can hold together with the row in front of them.

    Within the group pages overlap by rows of it, which proves nothing if their order changes.
    So it is read again, cut at other places, until as many ids have come again as there are
    places, and the last reading has shown no other. The first reading does not count, as a row
    may have left in the middle of it.
    """

    key: str
    size: int
    next_request: PageRequest | None = None
    places: int = 0
    ids: set[str] = field(default_factory=set)
    _again: set[str] | None = None
    _anchor: int = -1
    _readings: int = 0
    _first: int = -1
    _known: int = 0
    _changes: int = 0
    _moved: bool = False

    def begin(self, anchor: int) -> PageRequest | None:
        """Begin a reading with a page that holds a position in front of the group."""
        self._anchor, self._first, self._moved, self._known = anchor, -1, False, len(self.ids)
        size = self.size - self._readings * (self.size // 7 + 1) % (self.size // 2 + 1)
        return page_over(anchor, max(anchor, 0), size)

    def joins(self, keys: list[str]) -> bool:
        """Whether no row of the group stands in front of a page that has not been read."""
        return keys[:1] > [self.key] or (self._first >= 0 and keys[:1] == [self.key])

    def feed(self, page: Page, keys: list[str]) -> bool:
        """Take a page that joins; return whether no row of the group is missing.

        Raises:
            CannotVerify: Pages cannot overlap, or the order changes with every response.
        """
        above, end = newer(keys, self.key), not_older(keys, self.key)
        if above < len(keys) or not keys:
            if self._first < 0:
                self._first = page.start + above
            self._moved = self._moved or (above > 0 and self._first != page.start + above)
            ids = {row.id for row in page.rows[above:end]}
            self.ids |= ids
            if self._again is not None:
                self._again |= ids
            if end < len(keys) or len(keys) < page.limit:
                return self._ends(page.start + end - self._first)
        self.next_request = page_over(page.end - 1, page.end, self.size)
        if self.next_request is None:
            message = "its pages are too small to overlap"
            raise CannotVerify(message)
        return False

    def give_up_if_it_changes(self) -> None:
        """Record that the group has changed.

        Raises:
            CannotVerify: It did so too often.
        """
        self._changes += 1
        if self._changes > _MOST_CHANGES_OF_A_GROUP:
            message = "many rows of one date change as fast as they are read"
            raise CannotVerify(message)

    def _ends(self, places: int) -> bool:
        """End a reading that went through so many places."""
        changed = self._moved or self.places not in {0, places}
        if changed:
            self.give_up_if_it_changes()
        whole = self._known == len(self.ids) and len(self._again or ()) == places
        self.places = places
        self._readings += 1
        if changed:
            self.ids, self._again = set(), None
        elif whole:
            return True
        elif self._again is None:
            self._again = set()
        if self._readings > _MOST_READINGS_OF_A_GROUP:
            message = "many rows of one date come in an order that changes"
            raise CannotVerify(message)
        self.next_request = self.begin(self._anchor)
        return False


def newer(keys: list[str], key: str) -> int:
    """Return how many keys, newest first, are strictly newer than another."""
    return bisect_left(keys, x=True, key=lambda other: other <= key)


def not_older(keys: list[str], key: str) -> int:
    """Return how many keys, newest first, are not older than another."""
    return bisect_left(keys, x=True, key=lambda other: other < key)
