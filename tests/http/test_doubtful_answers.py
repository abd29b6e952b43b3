"""Answers that state what is not so: a read is complete all the same, or says that it is not."""

from __future__ import annotations

import time
import typing as t

import pytest

from paged_rest.http import Response
from tests.harness.companies import HOUR, hourly
from tests.harness.promise import ALL, ids, read
from tests.harness.tap import Tap

if t.TYPE_CHECKING:
    from pathlib import Path

    from tools.sandbox import Company, Sandbox


@pytest.fixture
def company() -> Company:
    """A company with 40 leads, made an hour apart, and some time gone by since."""
    company = hourly(leads=40)
    company.advance(HOUR)
    return company


@pytest.fixture
def tap(sandbox: Sandbox, tmp_path: Path) -> Tap:
    return Tap(tmp_path, sandbox, page_size=10)


@pytest.mark.parametrize(("limit", "pages"), [(4, 10), (7, 6), (1, 40)])
def test_a_server_that_clamps_from_the_start(tap, company, sandbox, limit, pages):
    sandbox.switch(max_limit=limit)
    assert read(tap, company).status == 0
    assert tap.asked("leads") == [*range(1, pages + 1)]


def test_a_server_that_clamps_from_the_middle(tap, company, sandbox):
    sandbox.before("/leads", 3, lambda: sandbox.switch(max_limit=4))
    assert read(tap, company).status == 0
    assert tap.asked("leads") == [1, 2, 3, *range(1, 11)]


@pytest.mark.parametrize(
    ("kind", "rule", "asked"),
    [
        ("clamp", {"page": 3, "limit": 5}, [1, 2, 3, *ALL]),
        ("clamp", {"page": 1, "limit": 5}, [1, 2, *ALL]),
        ("repeat_page", {"page": 3}, [1, 2, 3, *ALL]),
        ("contradict", {"page": 2}, ALL),
        ("contradict", {"page": 4}, [*ALL, 5]),
        ("contradict", {"page": 4, "times": None}, [*ALL, 5]),
        ("contradict", {"times": None}, [*ALL, 5, 6]),
        ("stale_total", {"page": 2}, [1, 2, *ALL]),
        ("wrong_page", {"page": 2}, [1, 2, 2, 3, 4]),
        ("no_total", {"page": 2}, [1, 2, 2, 3, 4]),
    ],
)
def test_one_wrong_answer_costs_requests_and_no_rows(tap, company, kind, rule, asked):
    tap.sandbox.rule(kind, "/leads", **rule)
    run = read(tap, company)
    assert run.status == 0
    assert len(run.ids("leads")) == 40
    assert tap.asked("leads") == asked


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        ("repeat_page", {"page": 3}),
        ("clamp", {"page": 2, "limit": 7}),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_wrong_answers_for_ever_end_with_status_1(tap, company, kind, rule, first):
    state = None if first else tap.succeed("leads").state
    company.insert("leads", 2)
    tap.sandbox.rule(kind, "/leads", times=None, **rule)
    run = read(tap, company, state=state)
    assert run.status == 1
    assert len(tap.asked("leads")) <= 3 * 7


@pytest.mark.slow
@pytest.mark.parametrize("page", [2, 3, 4])
@pytest.mark.parametrize("places", [(0,), (1, 2, 3), (15,), (39,)])
def test_a_total_of_another_moment_than_the_rows(tap, company, sandbox, page, places):
    sandbox.before("/leads", page, lambda: company.delete("leads", ids(company, *places)))
    sandbox.rule("stale_total", "/leads", page=page)
    assert read(tap, company).status == 0


@pytest.mark.parametrize("places", [(0,), (1, 2, 3), (15,)])
def test_totals_that_are_always_of_another_moment(tap, company, sandbox, places):
    sandbox.switch(stale_total=True)
    for page in (2, 4):
        sandbox.before("/leads", page, lambda: company.delete("leads", ids(company, *places)))
    read(tap, company)


@pytest.mark.parametrize("size", [7, 10, 40, 1000])
def test_a_limit_that_is_not_stated(tap, company, sandbox, size):
    sandbox.switch(state_limit=False)
    assert read(tap, company, page_size=size).status == 0
    assert tap.asked("leads") == [*range(1, -(-40 // size) + 1)]


def test_a_limit_that_is_neither_stated_nor_kept(tap, company, sandbox):
    sandbox.switch(state_limit=False, max_limit=6)
    assert read(tap, company).status == 0
    assert tap.asked("leads") == [*range(1, 8)]


def test_an_empty_list_is_complete(tap, company):
    company.delete("leads", ids(company, *range(40)))
    run = read(tap, company)
    assert (run.status, run.records("leads")) == (0, [])
    assert tap.asked("leads") == [1]


@pytest.mark.parametrize(
    ("date", "asked"),
    [
        ("Thu, 01 Jan 2026 00:00:03 GMT", "2026-01-01T00:00:00.500000Z"),
        ("Thu, 01 Jan 2026 02:00:03 +0200", "2026-01-01T00:00:00.500000Z"),
        ("Thu, 01 Jan 2026 00:00:03 -0000", "2026-01-01T00:00:00.500000Z"),
        ("Thu Jan  1 00:00:03 2026", "2026-01-01T00:00:00.500000Z"),
        ("Fri, 31 Dec 9999 23:00:00 -0500", None),
        ("yesterday", None),
        (None, None),
    ],
)
def test_rows_of_after_a_request_are_not_taken_to_have_been_there(monkeypatch, date, asked):
    """A server may take the rows long before it states its date, whatever zone this machine has."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        headers = {"Date": date} if date else {}
        assert Response(200, headers, b"", "/leads", "host", seconds=2.5).asked == asked
    finally:
        monkeypatch.undo()
        time.tzset()
