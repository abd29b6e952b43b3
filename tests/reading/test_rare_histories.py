"""Rare histories of lists, each of which once lost rows or never ended."""

from __future__ import annotations

import dataclasses

import pytest

from paged_rest.reading import Bookmark, Page
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
        assert read.unproven
        assert (memory.bookmark, read.proof) == (None, None)


def test_rows_that_leave_as_fast_as_they_are_read_end_the_reading():
    source, memory = long_list(3000, 100), changing_list.Memory()
    read = memory.read(source)
    assert not run(source, memory, read, [lambda: remove(source, 1)] * 1000)
    assert read.unproven == "rows leave it as fast as it is read"
    assert read.requests < 100


@pytest.mark.parametrize("endless", [True, False])
def test_answers_that_never_fit_end_the_reading(endless):
    source, memory = long_list(31, 10), changing_list.Memory()
    read = memory.read(source)
    while read.next_page is not None:
        page: Page = source.page((read.next_page - 1) % 4 + 1 if endless else read.next_page)
        total = 31 if endless else 30 + read.requests % 2
        page = dataclasses.replace(page, number=read.next_page, total=total, has_more=True)
        read.feed(page)
        assert read.requests < 300
    assert read.unproven


def test_an_answer_without_rows_is_not_the_end_of_a_list_that_has_some():
    source, memory = long_list(5, 10), changing_list.Memory(Bookmark(MOMENT, 0))
    read = memory.read(source)
    read.feed(dataclasses.replace(source.page(1), rows=[], has_more=False))
    assert (read.next_page, read.proof) == (1, None)


def test_pages_that_hide_rows_end_no_reading_early():
    """Positions that no answer shows may hold rows above the floor."""
    source, memory = long_list(60, 10), changing_list.Memory()
    assert run(source, memory, memory.read(source))
    read = memory.read(source)
    while read.next_page is not None:
        page = source.page(read.next_page)
        read.feed(dataclasses.replace(page, rows=page.rows[: 10 if page.number > 1 else 5]))
    assert (read.proof, read.unproven is None) == (None, False)
