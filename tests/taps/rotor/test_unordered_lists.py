"""Customers and serviced jobs: lists whose order is not promised, which only a count can prove."""

from __future__ import annotations

import typing as t
from contextlib import contextmanager

import pytest

from tests.harness.catalog import as_records, fixed, selecting
from tests.harness.companies import HOUR, only
from tests.harness.promise import AGAIN, COUNTED, ONCE_MORE, read
from tests.harness.streams import ROTOR
from tests.harness.tap import Tap
from tools.sandbox import Company, Sandbox
from tools.sandbox.rotor_pages import RotorPages

if t.TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from tests.harness.run import Run


@pytest.fixture
def company() -> Company:
    """40 customers and 40 serviced jobs, and some time gone by since."""
    company = only(customers=40)
    for hours in range(40):
        company.insert(
            "serviced_jobs",
            status="Completed",
            archived=False,
            service_date=company.now - hours * HOUR,
        )
    company.advance(HOUR)
    return company


@pytest.fixture
def tap(company: Company, tmp_path: Path) -> Iterator[Tap]:
    with Sandbox(company) as sandbox:
        yield Tap(tmp_path, sandbox, page_size=10)


@contextmanager
def counted_wrongly(off: int) -> Generator[None]:
    """Have the sandbox state totals that are off."""
    cut = RotorPages.cut

    def wrong(*args: t.Any) -> t.Any:
        rows, total, length = cut(*args)
        return rows, total + off, length

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RotorPages, "cut", wrong)
        yield


def swap(company: Company, stream: str, place: int = 3) -> None:
    """Take a row out in front and let another enter at the end: the total stays."""
    company.delete(stream, company.rows(stream)[place]["id"])
    if stream == "customers":
        company.insert(stream, last_name="Zzz")
    else:
        old = company.now - 10_000 * HOUR
        company.insert(stream, created_at=old, status="Completed", archived=False)


@pytest.mark.parametrize(
    ("stream", "asked"), [("customers", COUNTED), ("serviced_jobs", COUNTED + AGAIN)]
)
def test_a_list_at_rest(tap, company, stream, asked):
    run = read(tap, company, stream)
    assert run.status == 0
    assert run.records(stream) == as_records(stream, company.rows(stream))
    assert tap.asked(stream) == asked


@pytest.mark.parametrize("stream", ["customers", "serviced_jobs"])
def test_a_list_of_one_page_is_read_once(tap, company, stream):
    run = read(tap, company, stream, page_size=41)
    assert run.status == 0
    assert tap.asked(stream) == [(0, 41)]


@pytest.mark.parametrize("stream", ["customers", "serviced_jobs"])
def test_a_list_of_a_full_page_shows_its_end_by_an_empty_one(tap, company, stream):
    run = read(tap, company, stream, page_size=40)
    assert run.status == 0
    assert tap.asked(stream) == [(0, 40), (40, 80)]


def test_customers_without_a_date_header_are_read_twice(tap, company):
    tap.sandbox.switch(date_header=False)
    assert read(tap, company, "customers").status == 0
    assert tap.asked("customers") == COUNTED + AGAIN


@pytest.mark.parametrize(
    ("stream", "asked"),
    [
        ("customers", COUNTED + AGAIN[:3]),
        ("serviced_jobs", COUNTED + AGAIN + ONCE_MORE),
    ],
)
def test_a_row_pulled_past_the_boundary_is_read_again(tap, company, stream, asked):
    tap.sandbox.before(
        ROTOR[stream].path,
        3,
        lambda: swap(company, stream),
    )
    assert read(tap, company, stream).status == 0
    assert tap.asked(stream) == asked


@pytest.mark.slow
@pytest.mark.parametrize("stream", ["customers", "serviced_jobs"])
@pytest.mark.parametrize("place", [0, 9, 10, 35])
def test_deletes_at_any_place(tap, company, stream, place):
    path = ROTOR[stream].path
    for page in (2, 4):
        tap.sandbox.before(
            path, page, lambda: company.delete(stream, company.rows(stream)[place]["id"])
        )
    assert read(tap, company, stream).status == 0


@pytest.mark.parametrize("stream", ["customers", "serviced_jobs"])
def test_what_one_pass_missed_another_may_have_read(tap, company, stream):
    path = ROTOR[stream].path
    for nth in (1, 2):
        tap.sandbox.before(path, 3, lambda: swap(company, stream), nth=nth)
    assert read(tap, company, stream).status == 0
    again = AGAIN[:3] if stream == "customers" else AGAIN + ONCE_MORE
    assert tap.asked(stream) == COUNTED + again


@pytest.mark.parametrize("stream", ["customers", "serviced_jobs"])
def test_a_list_that_never_rests_is_not_called_complete(tap, company, stream):
    """Whether a row that is not read yet left the list or was skipped, nobody can tell."""
    path = ROTOR[stream].path
    for nth in range(2, 20):
        tap.sandbox.before(path, None, lambda: swap(company, stream, -2), nth=nth)
    run = read(tap, company, stream)
    assert run.status == 1
    assert tap.asked(stream) == COUNTED + AGAIN + ONCE_MORE


@pytest.mark.parametrize("stream", ["customers", "serviced_jobs"])
@pytest.mark.parametrize(
    ("off", "asked"),
    [
        (5, COUNTED + AGAIN),
        (-5, COUNTED + AGAIN),
        (-15, COUNTED + AGAIN),
        (15, [*COUNTED, (50, 60), *AGAIN, (45, 54), (54, 63)]),
    ],
)
def test_a_total_that_is_off_for_good(tap, company, off, stream, asked):
    """Two readings that agree are believed, and nothing is deleted."""
    with counted_wrongly(off):
        run = read(tap, company, stream)
    assert run.status == 0
    assert run.of_type("ACTIVATE_VERSION") == []
    (warning,) = run.problems
    assert warning == (
        f"{stream}: two readings of {ROTOR[stream].path} show the same 40 rows, though its total "
        f"is {40 + off}; all are sent, but nothing is deleted in the target. Report this to Rotor"
    )
    assert tap.asked(stream) == asked


def test_archived_customers_left_out_may_come_and_go(tap, company):
    first, *_, last = company.rows("customers")
    company.archive(last["id"])
    tap.sandbox.before(
        "/customers", 2, lambda: (company.archive(first["id"]), company.unarchive(last["id"]))
    )
    assert read(tap, company, "customers", include_archived=False).status == 0


@pytest.mark.parametrize("switch", ["whole", "page"])
def test_jobs_filtered_by_date_come_in_short_pages(tap, company, switch):
    """A short page is not the end of the list, nor is an empty one."""
    tap.sandbox.switch(service_date_filter=switch)
    rows = company.rows("serviced_jobs")
    start = rows[20]["service_date"]
    catalog = selecting(
        "serviced_jobs",
        metadata={"replication-method": "INCREMENTAL", "replication-key": "service_date"},
    )

    def run(**options: t.Any) -> Run:
        return tap.run(catalog=catalog, lookback_days=0, **options)

    first = run(start_date=start)
    expected = {row["id"] for row in rows if row["service_date"] and row["service_date"] >= start}
    assert first.status == 0
    assert set(first.ids("serviced_jobs")) == expected
    assert {"service_date_range_start"} <= set(tap.sandbox.requests[0].query)
    newest = max(row["service_date"] for row in rows)
    assert first.bookmark("serviced_jobs")["replication_key_value"] == fixed(newest)
    second = run(state=first.state, start_date=start)
    assert second.status == 0
    assert [record["service_date"] for record in second.records("serviced_jobs")] == [fixed(newest)]
