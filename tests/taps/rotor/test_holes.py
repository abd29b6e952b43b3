"""Histories after which a run once ended with status 0 though a live row was missed or deleted.

Each has the name under which it was found. What is asserted is the promise alone, as it shows in a
target's table: not which pages are asked for, nor how a run is proven. So a change comes before the
nth answer, whatever page that is. The name of a case says where pages of one size miss a row.
"""

from __future__ import annotations

import typing as t
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from tests.harness.companies import HOUR, only
from tests.harness.loading import Loading, before_answer
from tests.harness.tap import Tap
from tools.sandbox import Company, Sandbox

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SORTED = ("leads", "pins", "service_plans")
FUTURE = "2036-01-01T00:00:00Z"
# Within the five minutes that a row may come late.
MINUTES = timedelta(minutes=4)
LATE = MINUTES * 7 / 8
# Of fewer rows not every page can be asked for so that it overlaps the one before.
OVERLAPPING = 20


@pytest.fixture(params=[10, pytest.param(30, marks=pytest.mark.long)], ids="pages of {}".format)
def size(request: pytest.FixtureRequest) -> int:
    return request.param


@pytest.fixture
def begin(tmp_path: Path, size: int) -> Iterator[Callable[..., Loading]]:
    """What makes a list of rows an hour apart, the newest an hour old, that is loaded by runs."""
    with ExitStack() as stack:

        def make(
            rows: int,
            stream: str = "leads",
            *,
            key: str | None = None,
            step: timedelta = HOUR,
            company: dict[str, t.Any] | None = None,
            **settings: t.Any,
        ) -> Loading:
            store = only(**(company or {}))
            store.step = step
            if stream == "pins":
                store.insert("pin_types")
            sandbox = stack.enter_context(Sandbox(store))
            settings = {"lookback_days": 0, **settings}
            tap = Tap(tmp_path, sandbox, page_size=size, **settings)
            loading = Loading(tap, store, stream, key=key)
            enter(loading, rows)
            store.advance(step)
            return loading

        yield make


def enter(loading: Loading, count: int) -> None:
    """Let new rows enter, each with its own moment; jobs are completed at once."""
    for _ in range(count):
        if loading.stream == "serviced_jobs":
            loading.insert(status="Completed", archived=False, service_date=loading.store.now)
        else:
            loading.insert()


def swap(loading: Loading, **fields: t.Any) -> None:
    """Let a row of the first page leave, and another enter: the total stays."""
    loading.delete(3)
    loading.insert(**fields)


def created(loading: Loading, place: int) -> str:
    return str(loading.store.rows(loading.stream)[place]["created_at"])


# Settings that change


@pytest.mark.parametrize(
    ("stream", "key"),
    [
        ("leads", None),
        ("pins", None),
        ("service_plans", "created_at"),
        ("serviced_jobs", "service_date"),
    ],
)
def test_s1_a_later_start_date_for_one_run_is_not_forgotten(begin, size, stream, key):
    """Five rows enter that no run is asked for, until start_date is gone again."""
    loading = begin(2 * size, stream, key=key)
    loading.succeed()
    enter(loading, 5)
    loading.store.advance(HOUR)
    start = loading.store.now.isoformat()
    enter(loading, 1)
    loading.succeed(start_date=start)
    loading.run()
    loading.rest()


@pytest.mark.parametrize("dated", [None, FUTURE], ids=["undated", "future"])
def test_e1_an_interrupted_first_load_and_then_a_start_date(begin, size, dated):
    """A page of rows enters at the head, after which the order cannot be believed."""
    loading = begin(10 * size)
    loading.interrupt(5)
    start = created(loading, 3 * size)
    loading.insert(size, created_at=dated)
    loading.run(start_date=start)
    loading.rest()


@pytest.mark.parametrize("dated", [None, FUTURE], ids=["undated", "future"])
def test_e2_an_interrupted_full_refresh_and_then_a_start_date(begin, size, dated):
    loading = begin(10 * size)
    loading.succeed()
    loading.state = None
    loading.interrupt(5)
    start = created(loading, 3 * size)
    loading.insert(size, created_at=dated)
    loading.run(start_date=start)
    loading.rest()


# Rows of one moment, in another order at every answer


@pytest.mark.parametrize("seed", range(4))
def test_t1_ties_that_fill_more_than_a_page(begin, size, seed):
    """Of so many in no order nobody can be certain: status 1 will do."""
    loading = begin(2 * size, company={"seed": seed})
    loading.succeed()
    loading.tap.sandbox.switch(unstable_ties=True)
    loading.insert(size * 3 // 2, created_at=loading.store.now)
    loading.store.advance(HOUR)
    loading.run()
    loading.tap.sandbox.switch(unstable_ties=False)
    loading.rest()


@pytest.mark.parametrize("seed", range(4))
def test_t1_ties_across_two_pages(begin, size, seed):
    """Pages that overlap by the ties are certain at once."""
    loading = begin(2 * size, company={"seed": seed})
    loading.succeed()
    loading.tap.sandbox.switch(unstable_ties=True)
    ties = size // 5
    enter(loading, size // 2)
    loading.insert(ties, created_at=loading.store.now)
    enter(loading, size - ties // 2)
    run = loading.run()
    assert run.status == 0 or size < OVERLAPPING
    loading.tap.sandbox.switch(unstable_ties=False)
    loading.rest()


@pytest.mark.parametrize("seed", [3, 4, 6, 7, 8, 10])
@pytest.mark.parametrize("nth", [2, 3], ids="answer {}".format)
def test_t2_ties_in_a_full_refresh_while_a_row_leaves(begin, size, nth, seed):
    """In which cases pages of one size miss a row is chance; with either size in some."""
    loading = begin(size // 2, company={"seed": seed})
    loading.insert(size * 3 // 2, created_at=loading.store.now)
    enter(loading, size // 2)
    loading.store.advance(HOUR)
    loading.succeed()
    loading.state = None
    loading.tap.sandbox.switch(unstable_ties=True)
    loading.before(nth, lambda: loading.delete(3))
    loading.run()
    loading.tap.sandbox.switch(unstable_ties=False)
    loading.rest()


# An edit in the lookback


def test_g1_an_edit_in_the_stretch_of_an_interrupted_run(begin, size):
    """The nightly run was interrupted below the row; the lookback reaches further down."""
    loading = begin(10 * size, lookback_days=size * 6 // 24 + 1)
    loading.succeed()
    enter(loading, 3)
    loading.interrupt(5)
    (edited,) = loading.ids(3 * size + 5)
    loading.store.edit("leads", edited, name="Edited")
    loading.succeed()
    loading.assert_current([edited])


# A total of another moment than the rows


@before_answer(1)
def test_a1_a_row_enters_a_list_of_one_full_page(begin, size, nth):
    """It enters after the rows were counted and before they are taken."""
    loading = begin(size)
    loading.tap.sandbox.switch(has_more_from="total")
    loading.spoil(nth, "stale_total")
    loading.before(nth, loading.insert)
    loading.run()
    loading.rest()


@pytest.mark.parametrize("stream", SORTED)
@before_answer(1)
def test_a2_a_total_stale_by_an_entry_and_then_a_removal(begin, size, nth, stream):
    loading = begin(4 * size, stream)
    loading.succeed()
    loading.state = None
    loading.spoil(nth, "stale_total")
    loading.before(nth, loading.insert)
    loading.before(nth + 1, lambda: loading.delete(3))
    loading.run()
    loading.rest()


@before_answer(4)
def test_a3a_the_last_page_above_a_start_date_is_stale_by_a_removal(begin, size, nth):
    loading = begin(5 * size)
    start = created(loading, size * 7 // 2)
    loading.spoil(nth, "stale_total")
    loading.before(nth, lambda: loading.delete(3))
    loading.run(start_date=start)
    loading.rest(start_date=start)


@before_answer(4)
def test_a3b_the_last_page_of_an_incremental_run_is_stale_by_a_removal(begin, size, nth):
    """An edit in the lookback is to arrive; the lookback ends on the fourth page."""
    loading = begin(10 * size, step=timedelta(days=1) / size, lookback_days=3)
    loading.succeed()
    enter(loading, 2)
    edited = loading.ids(*range(3 * size + 3))
    for row_id in edited:
        loading.store.edit("leads", row_id, name="Edited")
    loading.spoil(nth, "stale_total")
    loading.before(nth, lambda: loading.delete(3))
    if loading.run().status == 0:
        loading.assert_current(loading.live().keys() & set(edited))
    loading.rest()


@before_answer(2)
def test_a4_the_page_before_a_jump_is_stale_by_a_removal(begin, size, nth):
    loading = begin(10 * size)
    loading.interrupt(5)
    enter(loading, size * 3 // 2)
    loading.spoil(nth, "stale_total")
    loading.before(nth, lambda: loading.delete(3))
    loading.run()
    loading.rest()


@before_answer(3, 4, 5, 6)
def test_a5_a_page_of_a_resumed_read_is_stale_by_a_removal(begin, size, nth):
    """A row enters after it, and the total stays."""
    loading = begin(10 * size)
    loading.interrupt(5)
    loading.spoil(nth, "stale_total")
    loading.before(nth, lambda: loading.delete(3))
    loading.before(nth + 1, loading.insert)
    loading.run()
    loading.rest()


def test_a6_a_total_stale_by_a_removal_and_later_an_import(begin, size):
    """The import has an old date: it is noticed by the number of rows, if that is right."""
    loading = begin(4 * size)
    loading.spoil(1, "stale_total")
    loading.before(1, lambda: loading.delete(3))
    loading.run()
    loading.insert(created_at=loading.store.now - size * 5 / 2 * HOUR)
    loading.run()
    loading.rest()


@pytest.mark.parametrize("stream", SORTED)
@before_answer(1)
def test_b1_a_removal_between_rows_and_total(begin, size, nth, stream):
    """The rows are counted after they were taken."""
    loading = begin(4 * size, stream)
    loading.succeed()
    loading.state = None
    loading.spoil(nth, "stale_rows")
    loading.before(nth, lambda: loading.delete(3))
    loading.run()
    loading.rest()


# Rows that become visible late, while another leaves


@before_answer(2, 3, 4)
def test_c1_a_late_row_in_a_first_load(begin, size, nth):
    loading = begin(4 * size, step=MINUTES / (4 * size))
    late = loading.store.now - LATE
    loading.before(nth, lambda: swap(loading, created_at=late))
    loading.run()
    loading.rest()


@before_answer(2, 3, 4)
def test_c2_a_late_row_in_an_incremental_run(begin, size, nth):
    loading = begin(4 * size)
    loading.succeed()
    loading.store.step = MINUTES / (4 * size)
    enter(loading, 4 * size)
    late = loading.store.now - LATE
    loading.before(nth, lambda: swap(loading, created_at=late))
    loading.run()
    loading.rest()


@before_answer(2, 3, 4)
def test_k1_a_late_customer(begin, size, nth):
    """It is a minute old; customers come by name, so that it enters at the end."""
    loading = begin(4 * size, "customers")
    late = loading.store.now - timedelta(minutes=1)
    loading.before(nth, lambda: swap(loading, last_name="Zzz", created_at=late))
    loading.run()
    loading.rest()


# Undated rows at the end


@before_answer(2, 3, 4)
def test_d1_an_undated_row_enters_below_a_start_date(begin, size, nth):
    loading = begin(5 * size, company={"nulls": "last"})
    loading.insert(3, created_at=None)
    start = created(loading, size * 7 // 2)
    loading.before(nth, lambda: swap(loading, created_at=None))
    loading.run(start_date=start)
    loading.rest(start_date=start)


@before_answer(3, 4, 5, 6, 7, 8)
def test_d2_an_undated_row_enters_during_a_resumed_read(begin, size, nth):
    loading = begin(10 * size, company={"nulls": "last"})
    loading.insert(3, created_at=None)
    loading.interrupt(5)
    loading.before(nth, lambda: swap(loading, created_at=None))
    loading.run()
    loading.rest()


# A jump


@before_answer(2)
def test_f1_an_import_into_the_stretch_and_a_removal_during_the_jump(begin, size, nth):
    loading = begin(10 * size)
    loading.interrupt(5)
    enter(loading, 3)
    loading.insert(created_at=loading.store.now - (size * 5 / 2 + 0.5) * HOUR)
    loading.before(nth, lambda: loading.delete(1))
    loading.run()
    loading.rest()


# A wrong Date, and a cache


@pytest.mark.parametrize("ahead", [timedelta(seconds=90), timedelta(days=2)], ids=str)
@before_answer(2, 3, 4)
def test_k2_a_date_ahead_of_the_clock_of_the_rows(begin, size, nth, ahead):
    loading = begin(4 * size, "customers")
    loading.store.advance(datetime.now(UTC) - loading.store.now)
    loading.tap.sandbox.switch(date_ahead=ahead.total_seconds())
    loading.store.step = timedelta(seconds=60)
    loading.before(nth, lambda: swap(loading, last_name="Zzz"))
    loading.run()
    loading.rest()


@before_answer(1, 2)
def test_k4_a_cache_serves_a_page_of_the_last_run_and_says_its_age(begin, size, nth):
    loading = begin(4 * size)
    replace_many(loading, size)
    loading.spoil(nth, "cached", age=True)
    loading.run()
    loading.rest()


@before_answer(2, first=2)
def test_k4_a_cache_serves_a_page_of_the_last_run_with_its_old_date(begin, size, nth):
    """If it is the first page, nothing tells it from that of a server whose clock is slow."""
    loading = begin(4 * size)
    replace_many(loading, size)
    loading.spoil(nth, "cached")
    loading.run()
    loading.rest()


def replace_many(loading: Loading, size: int) -> None:
    """Read all through a cache; then as many rows enter as leave, so that the total stays."""
    assert loading.tap.sandbox
    loading.tap.sandbox.switch(cache=True)
    loading.succeed()
    loading.delete(*range(2 * size, size * 7 // 2))
    enter(loading, size * 3 // 2)


# A filter


@pytest.mark.parametrize("stream", ["leads", "customers"])
def test_archived_between_two_passes_and_unarchived(begin, size, stream):
    """It was read in the first pass, and seems to have been there when the second began."""
    loading = begin(4 * size, stream)
    company: Company = loading.store
    first, second, *_, last, spare = loading.ids(*range(4 * size))
    company.archive(spare)
    enter(loading, 1)

    def leaves(one: str, *, for_other: str) -> Callable[[], None]:
        def change() -> None:
            company.archive(one)
            company.unarchive(for_other)

        return change

    loading.before(3, leaves(first, for_other=spare))
    loading.before(5, leaves(last, for_other=first))
    loading.before(7, leaves(second, for_other=last))
    loading.run(include_archived=False)
    loading.rest(include_archived=False)
