"""What limits a read: start_date, filters, the address; and what is remembered when it changes."""

from __future__ import annotations

import typing as t

import pytest

from tests.harness.catalog import as_records, fixed
from tests.harness.companies import HOUR, hourly
from tests.harness.promise import ALL
from tests.harness.tap import Tap
from tools.sandbox import Company, Sandbox

if t.TYPE_CHECKING:
    from pathlib import Path

CHANGED = "leads: read anew, as the settings that limit it have changed"
EARLIER = "leads: read anew, as start_date is earlier than it was"


@pytest.fixture
def company() -> Company:
    company = hourly(leads=25)
    for number, row in enumerate(company.rows("leads")):
        company.edit(
            "leads", row["id"], stage=f"Stage {number % 2}", tags=["even"] * (number % 2 == 0)
        )
    return company


@pytest.fixture
def tap(sandbox: Sandbox, tmp_path: Path) -> Tap:
    return Tap(tmp_path, sandbox, page_size=10, lookback_days=0)


def hours_ago(company: Company, hours: float) -> str:
    return fixed(company.now - hours * HOUR)


@pytest.mark.parametrize(("hours", "rows", "requests"), [(4, 5, 1), (9.5, 10, 2), (100, 25, 4)])
def test_rows_before_start_date_are_left_out(tap, company, hours, rows, requests):
    run = tap.run("leads", start_date=hours_ago(company, hours))
    assert run.status == 0
    assert run.records("leads") == as_records("leads", company.rows("leads")[:rows])
    assert tap.asked("leads") == ALL[:requests]
    assert run.problems == []


@pytest.mark.parametrize("form", ["2026-01-31t00:00:00z", "2026-01-31 00:00Z", "2026-01-31"])
def test_any_form_of_a_start_date_goes_with_a_bookmark(tap, form):
    first = tap.run("leads", start_date=form)
    second = tap.run("leads", state=first.state, start_date=form)
    assert (first.status, second.status, second.problems) == (0, 0, [])


def test_start_date_holds_back_the_lookback_too(tap, company):
    start = hours_ago(company, 4)
    first = tap.succeed("leads", start_date=start)
    run = tap.succeed("leads", state=first.state, start_date=start, lookback_days=30)
    assert run.records("leads") == as_records("leads", company.rows("leads")[:5])


def test_a_later_start_date_keeps_the_bookmark(tap, company):
    first = tap.succeed("leads", start_date=hours_ago(company, 20))
    (new,) = company.insert("leads")
    run = tap.succeed("leads", state=first.state, start_date=hours_ago(company, 10))
    assert run.ids("leads")[0] == new["id"]
    assert (len(run.ids("leads")), run.problems) == (2, [])
    assert tap.asked("leads") == [(0, 10)]


def test_a_start_date_that_went_later_and_back_reads_nothing_anew(tap, company):
    """What was read since the earlier one is complete; a later one between does not undo it."""
    early, late = hours_ago(company, 20), hours_ago(company, 10)
    state = tap.succeed("leads", start_date=early).state
    state = tap.succeed("leads", state=state, start_date=late).state
    run = tap.succeed("leads", state=state, start_date=early)
    assert (len(run.ids("leads")), run.problems) == (1, [])


@pytest.mark.parametrize("hours", [20, None])
def test_an_earlier_start_date_reads_all_again(tap, company, hours):
    first = tap.succeed("leads", start_date=hours_ago(company, 10))
    start = {} if hours is None else {"start_date": hours_ago(company, hours)}
    run = tap.succeed("leads", state=first.state, **start)
    rows = 25 if hours is None else 21
    assert run.records("leads") == as_records("leads", company.rows("leads")[:rows])
    assert run.problems == [EARLIER]
    again = tap.succeed("leads", state=run.state, **start)
    assert (len(again.ids("leads")), again.problems) == (1, [])


@pytest.mark.slow
@pytest.mark.parametrize(
    "changed",
    [
        {"lead_stage": "Stage 1"},
        {"lead_tags": ["even"]},
        {"include_archived": False},
    ],
    ids=lambda changed: next(iter(changed)),
)
@pytest.mark.parametrize("way", ["there", "back"])
def test_a_changed_setting_reads_all_again(tap, changed, way):
    before, after = ({}, changed) if way == "there" else (changed, {})
    first = tap.succeed("leads", **before)
    run = tap.run("leads", state=first.state, **after)
    assert run.status == 0
    assert run.problems == [CHANGED]
    assert set(run.ids("leads")) == set(tap.succeed("leads", **after).ids("leads"))
    again = tap.run("leads", state=run.state, **after)
    assert (again.status, again.problems) == (0, [])


def test_another_address_reads_all_again(tap):
    first = tap.succeed("leads")
    other = tap.settings["api_url"].replace("127.0.0.1", "localhost")
    run = tap.succeed("leads", state=first.state, api_url=other)
    assert run.problems == [CHANGED]
    assert len(run.ids("leads")) == 25


def test_a_slash_behind_the_address_changes_nothing(tap):
    first = tap.succeed("leads")
    run = tap.run("leads", state=first.state, api_url=tap.settings["api_url"] + "/")
    assert (run.status, run.problems) == (0, [])
    assert len(run.ids("leads")) == 1


def test_settings_that_limit_nothing_change_nothing(tap):
    first = tap.succeed("leads")
    run = tap.run(
        "leads",
        state=first.state,
        page_size=20,
        request_timeout=5,
        retry_minutes=1,
        include_archived=True,
        lead_tags=[],
        only_completed_jobs=False,
    )
    assert (run.status, run.problems) == (0, [])
    assert tap.asked("leads") == [(0, 20)]


@pytest.mark.parametrize(
    ("config", "rows", "requests"),
    [
        ({"lead_stage": "Stage 0"}, 13, 2),
        ({"lead_stage": "Stage 1"}, 12, 2),
        ({"lead_tags": ["even", "odd"]}, 13, 2),
        ({"lead_stage": "Stage 1", "lead_tags": ["even"]}, 0, 1),
        ({"include_archived": False}, 24, 4),
    ],
)
def test_filters_reach_the_api_on_every_page(tap, company, config, rows, requests):
    """Also where old rows may enter at any place, one reading proves that none is missing."""
    company.archive(company.rows("leads")[3]["id"])
    run = tap.run("leads", **config)
    assert run.status == 0
    assert len(run.ids("leads")) == rows
    sent = {"archived": str(config.get("include_archived", True)).lower()}
    if "lead_stage" in config:
        sent["stage"] = config["lead_stage"]
    if "lead_tags" in config:
        sent["tags"] = ",".join(config["lead_tags"])
    assert tap.asked("leads") == ALL[:requests]
    for request in tap.sandbox.requests:
        assert request.query.keys() - sent.keys() == {"limit", "page"}
        assert request.query.items() >= sent.items()


def test_a_filtered_read_sees_rows_that_enter_in_the_middle(tap, company):
    first = tap.succeed("leads", lead_stage="Stage 1")
    moved = company.rows("leads")[20]
    company.edit("leads", moved["id"], stage="Stage 1")
    run = tap.succeed("leads", state=first.state, lead_stage="Stage 1")
    assert moved["id"] in run.ids("leads")
    assert len(run.ids("leads")) == 13


@pytest.mark.parametrize(("whole", "status"), [(True, "false"), (False, "true")])
def test_jobs_that_are_not_completed_come_on_request(tmp_path, whole, status):
    company = Company(leads=60, seed=2)
    expected = {row["id"] for row in company.rows("serviced_jobs", only_completed=not whole)}
    with Sandbox(company) as sandbox:
        tap = Tap(tmp_path, sandbox, only_completed_jobs=not whole)
        run = tap.succeed("serviced_jobs")
        assert {request.query["only_completed"] for request in sandbox.requests} == {status}
    assert set(run.ids("serviced_jobs")) == expected
    assert len(run.ids("serviced_jobs")) == len(expected)
