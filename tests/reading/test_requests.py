"""Which pages of a list at rest are asked for."""

from __future__ import annotations

import pytest

from tests.harness.histories import moment
from tests.reading.changing_list import ChangingList, Memory

MINUTES_A_DAY = 1440


def at_rest(rows: int, limit: int) -> ChangingList:
    """Return a list whose rows were made a minute apart, some time ago."""
    source = ChangingList(limit=limit, clock=rows + 10.0)
    source.rows = [{"id": f"row-{n}", "created_at": moment(n)} for n in range(rows, 0, -1)]
    return source


def asked(source: ChangingList, memory: Memory, lookback_minutes: int = 0) -> list[tuple[int, int]]:
    """Let one run read, which must end well; return the places that it asked for."""
    read = memory.read(source, lookback_minutes)
    places = []
    while request := read.next_request:
        end = request.number * request.size
        places.append((end - request.size, end))
        memory.loaded.update(row.id for row in read.feed(source.page(request)))
    assert read.proof
    assert {row["id"] for row in source.rows} <= memory.loaded
    memory.bookmark = read.bookmark
    return places


@pytest.mark.parametrize(
    ("rows", "places"),
    [
        (0, [(0, 1000)]),
        (1, [(0, 1000)]),
        (999, [(0, 1000)]),
        (1000, [(0, 1000), (998, 1996)]),
        (1001, [(0, 1000), (998, 1996)]),
        (1995, [(0, 1000), (998, 1996)]),
        (1996, [(0, 1000), (998, 1996), (1994, 2991)]),
        (2000, [(0, 1000), (998, 1996), (1994, 2991)]),
    ],
)
def test_a_page_that_is_not_full_shows_the_end(rows, places):
    assert asked(at_rest(rows, 1000), Memory()) == places


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pages", "requests"),
    [
        (10, 11),
        (100, 104),
        (500, 521),
        pytest.param(2500, 2602, marks=pytest.mark.long),
    ],
)
def test_pages_that_overlap_cost_four_percent_more(pages, requests):
    assert len(asked(at_rest(pages * 1000, 1000), Memory())) == requests


@pytest.mark.parametrize("rows", [1, 999, 1000, 5000])
def test_nothing_new_costs_one_request(rows):
    source, memory = at_rest(rows, 1000), Memory()
    asked(source, memory)
    assert asked(source, memory) == [(0, 1000)]


@pytest.mark.parametrize(
    ("minutes", "places"),
    [
        (998, [(0, 1000)]),
        (999, [(0, 1000), (998, 1996)]),
        (MINUTES_A_DAY, [(0, 1000), (998, 1996)]),
    ],
)
def test_a_page_inside_the_lookback_costs_one_more(minutes, places):
    source, memory = at_rest(5000, 1000), Memory()
    asked(source, memory)
    assert asked(source, memory, minutes) == places


@pytest.mark.parametrize(
    ("limit", "requests"),
    [
        *[(7, 70), (8, 53), (9, 44), (10, 38), (11, 34), (12, 29), (13, 25), (14, 24)],
        *[(15, 21), (16, 19), (17, 18), (18, 16), (19, 15), (20, 15)],
    ],
)
def test_small_pages_overlap_by_more(limit, requests):
    source, memory = at_rest(200, limit), Memory()
    assert len(asked(source, memory)) == requests
    assert asked(source, memory) == [(0, limit)]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6])
def test_pages_too_small_to_overlap_are_counted(limit):
    source, memory = at_rest(200, limit), Memory()
    read = memory.read(source)
    while read.next_request:
        read.feed(source.page(read.next_request))
    assert read.proof == "count"
