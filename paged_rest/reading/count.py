"""Reading a list of no certain order, page after page and again from its start, by a count.

Whatever moves meanwhile: if as many rows have been read that were there at one moment as the
list had then, none of those is missing. Rows were there if the response of that moment shows
them, if they were known before, or if they were created well before it.
"""

from __future__ import annotations

import re
import typing as t
from array import array
from collections import Counter
from dataclasses import dataclass, field
from math import lcm

from paged_rest.reading.older_rows import LATE_MINUTES
from paged_rest.reading.page import CannotVerify, PageRequest
from paged_rest.timestamps import before

if t.TYPE_CHECKING:
    from paged_rest.reading.page import Page, Row

_MOST_PASSES = 3
# Counts under way at a time: those of the first response of a pass and of the last falls.
_MOST_CENSUSES = 4
# Responses in a row that bring a pass no further, and pages behind the last that is stated.
_MOST_IN_VAIN = 20
_MOST_PAGES_BEHIND = 50
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HEX = re.compile(r"[0-9a-f]*")
# What stands where in UUIDs, each with a comma behind it.
_PLACES = {8: "-", 13: "-", 18: "-", 23: "-", 36: ","}
_BARE = str.maketrans("", "", "-,")


def compact(row_id: str) -> str | bytes:
    """Return a UUID in its usual form as 16 bytes, any other id as it is: equal if they are."""
    return bytes.fromhex(row_id.replace("-", "")) if _UUID.fullmatch(row_id) else row_id


def compacted(ids: list[str]) -> list[str] | list[bytes] | list[str | bytes]:
    """Return each of many as `compact` does, far quicker where all are UUIDs."""
    count, text = len(ids), ",".join(ids) + ","
    placed = all(text[place::37] == mark * count for place, mark in _PLACES.items())
    bare = text.translate(_BARE)
    if placed and len(text) == 37 * count and len(bare) == 32 * count and _HEX.fullmatch(bare):
        packed = bytes.fromhex(bare)
        return [packed[start : start + 16] for start in range(0, len(packed), 16)]
    return [compact(row_id) for row_id in ids]


@dataclass(slots=True)
class _Census:
    """How many of the rows that were there at one response have been read since.

    Attributes:
        response: The number of that response in the read.
        passes: The number of its pass.
        position: How many rows of the list lay in front of its page.
        total: How many rows the list had.
        asked: The moment before which rows must have been created to have been there, or "".
        certain: Rows read since that were there.
        young: Other rows read since.
        highest: The highest total since.
    """

    response: int
    passes: int
    position: int
    total: int
    asked: str
    certain: int = 0
    young: int = 0
    highest: int = 0

    def is_over(self, passes: int, covered: int) -> bool:
        """Whether the list has been gone through since, by a pass and how far that came."""
        return passes > self.passes and covered >= self.position


@dataclass(slots=True)
class Count:
    """Which page comes next, and whether a count proves that no row is missing.

    Attributes:
        largest: The most rows that a page can hold.
        dated: Whether the creation of a row tells that it was there before.
        one_size: Whether pages have this size whatever is asked for.
        may_agree: Whether two readings that show the same rows prove that there are no others.
        listed_twice: Ids that the list is known to show twice.
        next_request: The page to ask for, or None at the end.
        passes: How often the list was begun from its first page.
        proof: How it is known that no row is missing, once it is: `count` or `agreement`.
        explains_entries: Whether, when it was proven, no more rows had entered than were read and
            had been created since: one with an old date may stand for another that was missed.
        repeated: Ids that the last whole pass showed twice.
        failed: Why rows may be missing, when `next_request` is None without a proof.
    """

    largest: int
    dated: bool = False
    one_size: bool = False
    may_agree: bool = True
    listed_twice: frozenset[str] = frozenset()
    next_request: PageRequest | None = None
    passes: int = 1
    proof: str | None = None
    explains_entries: bool = True
    repeated: frozenset[str] = frozenset()
    failed: str = ""
    _seen: dict[str | bytes, int] = field(default_factory=dict)
    _censuses: list[_Census] = field(default_factory=list)
    _responses: int = 0
    _total: int = -1
    _looked_behind: bool = False
    _pass: _Pass = field(default_factory=lambda: _Pass(0))
    _former_order: array[int] | None = None

    def __post_init__(self) -> None:
        """Begin with the first page."""
        self.next_request = PageRequest(1, self.largest)

    def feed(self, page: Page, *, joins: bool | None = None) -> list[Row]:
        """Take the response to a request; return the rows that had not come before.

        Args:
            page: The response.
            joins: Whether it joins what was read, where that is known otherwise.
        """
        if self._looked_behind and self._pass.repeats(page):
            # Some lists show their last page in place of one behind it.
            self._end_pass()
            return []
        former, self._total = self._total, page.total
        self._pass.steady = self._pass.steady and former in {-1, page.total}
        if page.total < former or self._pass.began == self._responses:
            self._begin_census(page)
        self._responses += 1
        for census in self._censuses:
            census.highest = max(census.highest, page.total)
        fresh, new = self._tally(page)
        try:
            if joins is None:
                self._pass.take(page, new, page.total - former)
            else:
                self._pass.jump(page.end if joins else min(page.start, self._pass.covered), new)
        except CannotVerify as reason:
            self._censuses.clear()
            self._begin_pass(str(reason))
            return fresh
        if self._pass.is_over(page) and (self._looked_behind or len(page.rows) < page.limit):
            self._end_pass()
        elif self._proves():
            self.next_request = None
        else:
            # A full page may be followed by others, whatever it says: one more shows the end.
            self._looked_behind = self._pass.is_over(page)
            self._go_on()
        return fresh

    def keep_one_size(self, size: int) -> None:
        """Go on, or begin, with pages of this size alone."""
        self.largest, self.one_size = size, True
        self._go_on()

    def vanished(self) -> None:
        """Record that `next_request` lies behind the end of the list."""
        if self._looked_behind:
            self._end_pass()
        else:
            self._begin_pass("it ended before a page that it had promised")

    def _go_on(self) -> None:
        size = self._size(self.passes)
        self.next_request = PageRequest(self._pass.covered // size + 1, size)

    def _begin_census(self, page: Page) -> None:
        asked = before(page.asked, minutes=LATE_MINUTES) if page.asked and self.dated else ""
        census = _Census(self._responses + 1, self.passes, page.start, page.total, asked)
        self._censuses = [*self._censuses[:1], *self._censuses[1:][2 - _MOST_CENSUSES :], census]

    def _tally(self, page: Page) -> tuple[list[Row], int]:
        """Count rows; return those that had not come before, and how many are new to the pass."""
        fresh, new, number, this = [], 0, self._responses, self._pass
        keys = compacted([row.id for row in page.rows])
        for row, key in zip(page.rows, keys, strict=True):
            last = self._seen.get(key, 0)
            self._seen[key] = number
            if not last:
                fresh.append(row)
            twice = last > this.began
            new += not twice
            if twice:
                this.repeated[row.id] += 1
            for census in self._censuses:
                if last < census.response:
                    was_there = number == census.response or last or self._old(row, census)
                    census.certain += bool(was_there)
                    census.young += not was_there
                elif twice and row.id in self.listed_twice and this.repeated[row.id] == 1:
                    census.certain += 1
            if this.steady:
                this.order.append(hash(key))
        return fresh, new

    def _proves(self, *, ended: bool = False) -> bool:
        """Whether one of the counts that went through the whole list proves it."""
        for census in self._censuses:
            over = census.is_over(self.passes, self._pass.covered) or (
                ended and not census.position
            )
            if over and census.certain == census.total:
                self.proof = "count"
                self.explains_entries = census.highest - census.total <= census.young
        return self.proof is not None

    def _end_pass(self) -> None:
        self.repeated = frozenset(self._pass.repeated)
        if not self._proves(ended=True) and self._agrees():
            self.proof = "agreement"
        if self.proof:
            self.next_request = None
            return
        self._former_order = self._pass.order if self._pass.steady else None
        census = min(self._censuses, key=lambda census: abs(census.total - census.certain))
        known = f"{census.certain:,} of the {census.total:,} rows that were there when the reading "
        if census.certain > census.total:
            self._begin_pass(f"it states {census.total:,} rows, but {census.certain:,} were read")
        else:
            self._begin_pass(known + "began are known to have been read")

    def _agrees(self) -> bool:
        """Whether two passes cut at different places show the same rows at the same places."""
        borders = lcm(self._size(self.passes), self._size(self.passes - 1))
        order = self._pass.order
        return (
            self.may_agree
            and self._pass.steady
            and order == self._former_order
            and borders >= len(order)
        )

    def _size(self, number: int) -> int:
        """The size of the pages of a pass: they share no border with those of the one before."""
        return self.largest if self.one_size else max(1, self.largest - number + 1)

    def _begin_pass(self, reason: str) -> None:
        """Read the list again from its first page, unless that was done often enough."""
        if self.passes == _MOST_PASSES:
            self.next_request, self.failed = None, reason
            return
        self.passes += 1
        self._looked_behind = False
        self._pass = _Pass(self._responses)
        self.next_request = PageRequest(1, self._size(self.passes))

    @staticmethod
    def _old(row: Row, census: _Census) -> bool:
        return row.created is not None and row.created < census.asked


@dataclass(slots=True)
class _Pass:
    """One way through the pages.

    Attributes:
        began: How many responses came before it.
        covered: How many leading rows of the list have been read, at least; a row that leaves in
            front may have pulled others there.
        steady: Whether total and places have stood still.
        order: A number for each row, in their order, while that holds.
        repeated: Ids of rows that came again, and how often.
    """

    began: int
    covered: int = 0
    steady: bool = True
    order: array[int] = field(default_factory=lambda: array("q"))
    repeated: Counter[str] = field(default_factory=Counter)
    _covered_before: int = 0
    _furthest: int = 0
    _shown: int = 0
    _in_vain: int = 0
    _empty: int = 0
    _number: int = 0
    _ids: list[str] = field(default_factory=list)

    def take(self, page: Page, new: int, risen: int) -> None:
        """Take a response.

        Args:
            page: The response.
            new: How many of its rows this pass had not shown before.
            risen: How many rows more its total shows than the one before; less if negative.

        Raises:
            CannotVerify: Its numbers mean nothing, or lead nowhere.
        """
        ids = [row.id for row in page.rows]
        if self.repeats(page) and page.request.number > self._number and risen < len(ids):
            message = "the same rows came under two page numbers"
            raise CannotVerify(message)
        self._ids, self._number = ids, page.request.number
        if risen < 0 and self.covered:
            # The total may be one change older than the rows.
            self.covered = max(0, min(self.covered, self._covered_before) + risen)
        self._covered_before = self.covered
        self.steady = self.steady and page.start == self.covered
        if page.start <= self.covered:
            # Where there are further pages this one is whole, however few rows it shows: some
            # lists are filtered after they are cut into pages, and a total may be off for good.
            whole = page.has_more or page.end < page.total
            self.covered = max(self.covered, page.start + (page.limit if whole else len(ids)))
        self._shown += new
        self._empty = 0 if ids else self._empty + 1
        self._in_vain = 0 if self.covered > self._furthest else self._in_vain + 1
        self._furthest = max(self._furthest, self.covered)
        if self._in_vain > _MOST_IN_VAIN:
            message = "rows leave it as fast as it is read"
            raise CannotVerify(message)
        if self.covered > page.total + _MOST_PAGES_BEHIND * page.limit:
            message = "its responses contradict each other on how many pages there are"
            raise CannotVerify(message)

    def jump(self, covered: int, new: int) -> None:
        """Take it that so many leading rows have been read, some of them new to this pass."""
        self.covered = self._covered_before = self._furthest = covered
        self._shown += new
        self.steady = False

    def repeats(self, page: Page) -> bool:
        """Whether a page shows just the rows of the one before."""
        return bool(page.rows) and [row.id for row in page.rows] == self._ids

    def is_over(self, page: Page) -> bool:
        """Whether the end of the list was read, by the page that came last."""
        if self.covered < page.total:
            return False
        # More may be promised, though there are as many rows as there should be.
        return not page.has_more or (self._empty > 1 and self._shown >= page.total)
