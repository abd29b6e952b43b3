"""What rows cost that enter behind the bookmark: pins that are synced late, and imports."""

from __future__ import annotations

import pytest

from tests.reading.changing_list import ChangingList, Memory, run

DAY = 24 * 60
ROWS = 100_000


def hundred_pages() -> tuple[ChangingList, Memory]:
    """Return a list of 100 pages of 1,000 rows, one every 10 minutes, and what reading it left."""
    source, memory = ChangingList(limit=1000, clock=10 * ROWS), Memory()
    source.fill(ROWS, minutes=10)
    assert run(source, memory, memory.read(source))
    return source, memory


def a_day(source: ChangingList, memory: Memory, late: int, lookback_minutes: int) -> list[int]:
    """Read every hour of a day; return the requests of each run, and expect every row."""
    requests = []
    for hour in range(24):
        for _ in range(6):
            source.clock += 9
            source.insert()
        if hour * late // 24 < (hour + 1) * late // 24:
            # Each some hours late, and none of them as late as another.
            source.insert(minutes=source.clock - 120 - hour)
        read = memory.read(source, lookback_minutes)
        assert run(source, memory, read)
        requests.append(read.requests)
    assert {row["id"] for row in source.rows} == memory.loaded
    return requests


@pytest.mark.parametrize(("late", "requests"), [(0, 24), (5, 29), (20, 44)])
@pytest.mark.slow
@pytest.mark.usefixtures("untraced")
def test_a_late_pin_costs_an_hourly_run_one_request_more(late, requests):
    """Every run asks once; one that sees a row too many asks once more and finds it there."""
    source, memory = hundred_pages()
    of_the_day = a_day(source, memory, late, lookback_minutes=0)
    assert (sum(of_the_day), max(of_the_day)) == (requests, 1 + (late > 0))


@pytest.mark.slow
@pytest.mark.usefixtures("untraced")
def test_a_late_pin_inside_the_lookback_costs_nothing():
    source, memory = hundred_pages()
    assert sum(a_day(source, memory, 20, lookback_minutes=DAY)) == 24


@pytest.mark.slow
@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize(("lookback_minutes", "more"), [(0, [6, 0, 0]), (30 * DAY, [5, 5, 5])])
def test_an_import_of_1500_rows_of_one_date_costs_a_run_a_few_requests(lookback_minutes, more):
    """They fill more than a page, so each run that reads them reads them twice."""
    source, memory = hundred_pages()
    before = memory.read(source, lookback_minutes)
    assert run(source, memory, before)
    day_before = source.clock - DAY
    for _ in range(1500):
        source.insert(minutes=day_before)
    costs = []
    for _ in range(3):
        read = memory.read(source, lookback_minutes)
        assert run(source, memory, read)
        costs.append(read.requests - before.requests)
    assert {row["id"] for row in source.rows} == memory.loaded
    assert costs == more
