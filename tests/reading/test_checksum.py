"""The checksum over ids: that of what was handed out, or none."""

from __future__ import annotations

import hashlib
import typing as t
from dataclasses import dataclass, field

import pytest

from paged_rest.reading import ListRead
from tests.harness.histories import moment
from tests.reading.changing_list import ChangingList

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LIMIT = 20
# So many rows that the ids of the first ones are forgotten before the last one is read.
LONG = 600


def over(ids: t.Iterable[str]) -> int:
    """Return the sum that SQL forms over ids, each once."""
    return sum(int(hashlib.md5(i.encode()).hexdigest()[:8], 16) for i in set(ids))


@dataclass
class Reading:
    """A list that is read whole, and what was handed out of it, repeats too."""

    rows: int
    newest_first: bool
    source: ChangingList = field(init=False)
    read: ListRead = field(init=False)
    sent: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.source = ChangingList(LIMIT, shuffled=not self.newest_first)
        self.source.clock = self.rows + 1
        self.source.fill(self.rows, 1)
        self.read = ListRead(
            moment(self.rows + 60), LIMIT, created="created_at", newest_first=self.newest_first
        )

    def go(self, changes: Mapping[int, Callable[[ChangingList], object]]) -> Reading:
        """Read the list, which changes before some of the requests, by their number."""
        number = 0
        while self.read.next_request:
            number += 1
            changes.get(number, lambda _: None)(self.source)
            page = self.source.page(self.read.next_request)
            self.sent += [row.id for row in self.read.feed(page)]
        return self


def remove(rows: range) -> Callable[[ChangingList], object]:
    def change(source: ChangingList) -> None:
        del source.rows[rows.start : rows.stop]

    return change


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("rows", [0, 1, LIMIT, LONG])
def test_it_is_the_sum_over_all_ids(rows, newest_first):
    reading = Reading(rows, newest_first).go({})
    assert len(reading.sent) == rows
    assert reading.read.id_checksum == over(reading.sent)


@pytest.mark.parametrize("newest_first", [True, False])
def test_a_row_that_was_sent_and_left_counts(newest_first):
    """It stands in the table of the run, as a target takes it away at the end of that alone."""
    reading = Reading(LONG, newest_first).go({3: remove(range(2))})
    assert reading.read.covered_entire_list
    assert len(set(reading.sent)) == LONG
    assert reading.read.id_checksum == over(reading.sent)


def test_there_is_none_where_a_row_may_have_been_sent_twice():
    """So many rows leave in front that the pages after that show what nobody remembers."""
    reading = Reading(LONG, newest_first=True).go({27: remove(range(200, 480))})
    assert reading.read.covered_entire_list
    assert len(reading.sent) > len(set(reading.sent))
    assert reading.read.id_checksum is None


def test_of_a_part_of_the_list():
    """It is of what was sent: a program knows by the scope whether that is the whole list."""
    reading = Reading(LONG, newest_first=True)
    reading.read = ListRead(
        moment(LONG),
        LIMIT,
        created="created_at",
        newest_first=True,
        key="created_at",
        full_since=moment(LONG - 50),
    )
    reading.go({})
    assert 0 < len(reading.sent) < LONG
    assert reading.read.id_checksum == over(reading.sent)


def test_there_is_none_where_nothing_is_proven():
    reading = Reading(LONG, newest_first=True)
    assert reading.read.next_request
    reading.read.feed(reading.source.page(reading.read.next_request))
    assert (reading.read.rows > 0, reading.read.id_checksum) == (True, None)
