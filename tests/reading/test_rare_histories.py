"""Rare histories of lists, each of which once lost rows or never ended."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from paged_rest.reading import Bookmark, PageRequest
from tests.harness.histories import moment
from tests.reading import changing_list
from tests.reading.changing_list import ChangingList, run

MOMENT = "2026-05-01T00:00:00.000000Z"


def long_list(rows: int, limit: int) -> ChangingList:
    source = ChangingList(limit=limit)
    for _ in range(rows):
        source.insert()
    return source


def remove(source: ChangingList, count: int) -> None:
    for _ in range(count):
        source.remove(0)


def test_many_rows_leave_twice_at_the_end():
    source, memory = long_list(100, 10), changing_list.Memory()
    happening = {9: 10, 10: 45}
    events = [lambda n=n: remove(source, happening.get(n, 0)) for n in range(30)]
    read = memory.read(source)
    if run(source, memory, read, events):
        assert {row["id"] for row in source.rows} <= memory.loaded
    else:
        assert read.unverified_reason
        assert (memory.bookmark, read.proof) == (None, None)


def test_rows_that_leave_as_fast_as_they_are_read_miss_none_that_stays():
    source, memory = long_list(3000, 100), changing_list.Memory()
    read = memory.read(source)
    assert run(source, memory, read, [lambda: remove(source, 1)] * 1000)
    assert {row["id"] for row in source.rows} <= memory.loaded
    assert (read.proof, read.requests) == ("chain", 38)


@pytest.mark.parametrize("endless", [True, False])
def test_answers_that_never_fit_end_the_reading(endless):
    source, memory = long_list(31, 10), changing_list.Memory()
    read = memory.read(source)
    while read.next_request is not None:
        asked = read.next_request
        number = (asked.number - 1) % 4 + 1 if endless else asked.number
        page = source.page(PageRequest(number, asked.size))
        total = 31 if endless else 30 + read.requests % 2
        read.feed(dataclasses.replace(page, request=asked, total=total, has_more=True))
        assert read.requests < 300
    if endless:
        assert read.unverified_reason
    else:
        # The page behind the end is empty, whatever the one before promises.
        assert (read.proof, read.doubtful_end, read.rows, read.requests) == ("chain", True, 31, 6)
        assert not read.covered_entire_list


def test_an_answer_without_rows_is_not_the_end_of_a_list_that_has_some():
    source, memory = long_list(5, 10), changing_list.Memory(Bookmark(MOMENT))
    read = memory.read(source)
    read.feed(dataclasses.replace(source.page(PageRequest(1, 10)), rows=[], has_more=False))
    assert read.next_request
    assert (read.proof, read.unverified_reason) == (None, None)


def test_pages_that_hide_rows_end_no_reading_early():
    """Places that no answer shows may hold rows that are wanted."""
    source, memory = long_list(60, 10), changing_list.Memory()
    assert run(source, memory, memory.read(source))
    read = memory.read(source)
    while read.next_request is not None:
        page = source.page(read.next_request)
        shown = 10 if page.request.number > 1 else 5
        read.feed(dataclasses.replace(page, rows=page.rows[:shown]))
    assert (read.proof, read.unverified_reason is None) == (None, False)


@pytest.mark.parametrize("copies", [1, 3])
def test_rows_that_a_list_shows_twice_for_good_are_told_once_and_then_known(copies):
    """Another reading, cut at other places, shows the same; from then on one reading is enough."""
    source = ChangingList(limit=10, shuffled=True)
    for place in range(35):
        source.insert(minutes=float(place * 7 % 35))
    for place in range(copies):
        source.rows.insert(20, dict(source.rows[3 * place]))
    twice = frozenset(source.rows[3 * place]["id"] for place in range(copies))
    options: dict[str, t.Any] = {
        "newest_first": False,
        "key": None,
        "started": moment(source.clock + 60),
    }
    source.clock += 60
    first = changing_list.Memory()
    read = first.read(source, **options)
    assert run(source, first, read)
    assert (read.proof, read.repeated, read.covered_entire_list) == ("agreement", twice, False)
    second = changing_list.Memory()
    again = second.read(source, listed_twice=read.repeated, **options)
    assert run(source, second, again)
    assert (again.proof, again.repeated, again.covered_entire_list) == ("count", twice, True)
    assert again.requests == 4
    assert first.loaded == second.loaded == {row["id"] for row in source.rows}


def test_a_row_that_was_listed_twice_and_is_no_more_counts_once():
    source = ChangingList(limit=10, shuffled=True)
    for place in range(35):
        source.insert(minutes=float(place * 7 % 35))
    source.clock += 60
    memory = changing_list.Memory()
    read = memory.read(
        source, newest_first=False, key=None, listed_twice=frozenset({source.rows[5]["id"]})
    )
    assert run(source, memory, read)
    assert (read.proof, read.requests) == ("count", 4)
