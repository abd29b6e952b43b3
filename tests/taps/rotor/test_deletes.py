"""ACTIVATE_VERSION: rows are taken from a target only after a whole, proven read in one run."""

from __future__ import annotations

import typing as t

import pytest

from tests.harness.catalog import entries, selecting
from tests.harness.companies import HOUR, hourly, only
from tests.harness.streams import FULL_TABLE, INCREMENTAL, NAMES, ROTOR
from tests.harness.tap import Tap
from tools.sandbox import Company, Sandbox

if t.TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.harness.run import Run


# Those of FULL_TABLE that fill several pages.
FULL = [name for name in FULL_TABLE if name != "pin_types"]
every_list = pytest.mark.parametrize("stream", NAMES)


@pytest.fixture
def company() -> Company:
    company = Company(leads=40, seed=4)
    company.advance(HOUR)
    return company


@pytest.fixture
def tap(company: Company, tmp_path: Path) -> Iterator[Tap]:
    with Sandbox(company) as sandbox:
        yield Tap(
            tmp_path,
            sandbox,
            page_size=10,
            emit_activate_version_messages=True,
            lookback_days=0,
            retry_minutes=0,
        )


def versions(run: Run) -> set[int | None]:
    return {message.get("version") for message in run.of_type("RECORD")}


def activations(run: Run) -> list[str]:
    return [message["stream"] for message in run.of_type("ACTIVATE_VERSION")]


@every_list
def test_after_the_records_of_a_whole_read(tap, stream):
    run = tap.run(stream)
    assert run.status == 0
    kinds = [message["type"] for message in run.messages]
    count = len(run.records(stream))
    assert kinds == ["STATE", "SCHEMA", *["RECORD"] * count, "ACTIVATE_VERSION", "STATE"]
    versions = {message["version"] for message in run.of_type("RECORD")}
    (activation,) = run.of_type("ACTIVATE_VERSION")
    assert versions == {activation["version"]}
    assert activation["stream"] == stream


def test_all_streams_in_one_run(tap):
    assert activations(tap.succeed()) == list(NAMES)


@every_list
def test_off_by_default(tap, stream):
    run = tap.run(stream, emit_activate_version_messages=None)
    assert run.status == 0
    assert activations(run) == []
    assert all("version" not in message for message in run.of_type("RECORD"))


@pytest.mark.slow
@every_list
@pytest.mark.parametrize("nth", [1, 2])
def test_none_after_a_failed_read(tap, stream, nth):
    nth = 1 if stream == "pin_types" else nth
    tap.sandbox.rule("status", ROTOR[stream].path, nth=nth, status=500, times=None)
    run = tap.run(stream, page_size=5)
    assert run.status == 1
    assert activations(run) == []


@every_list
def test_none_after_an_empty_read(tap, company, stream):
    company.delete(stream, [row["id"] for row in company.rows(stream)])
    run = tap.run(stream)
    assert run.status == 0
    assert activations(run) == []


@pytest.mark.parametrize("stream", INCREMENTAL)
def test_none_after_interrupted_and_resumed_reads(tap, stream):
    state = None
    for _ in range(10):
        run = tap.succeed(stream, state=state, request_budget=3)
        state = run.state
        if run.bookmark(stream)["resume_point"] == []:
            break
        assert activations(run) == []
    assert versions(run) == {None}
    assert run.bookmark(stream)["resume_point"] == []
    assert activations(run) == []


@pytest.mark.parametrize("stream", FULL)
def test_none_after_a_read_that_the_budget_ended(tap, stream):
    run = tap.run(stream, request_budget=1, page_size=5)
    assert run.status == 1
    assert "its request_budget is too small for the list" in run.last_line
    assert activations(run) == []


def test_a_budget_for_one_reading_of_a_list_that_takes_two(tap, company):
    pages = -(-len(company.rows("serviced_jobs")) // 5)
    for budget, status in ((pages + 1, 1), (2 * pages, 0)):
        run = tap.run("serviced_jobs", request_budget=budget, page_size=5)
        assert (run.status, "is too small for the list" in run.last_line) == (status, bool(status))


def test_none_after_an_unproven_read(tap):
    tap.sandbox.rule("repeat_page", "/leads", page=3, times=None)
    run = tap.run("leads")
    assert run.status == 1
    assert activations(run) == []


@pytest.mark.parametrize(
    ("stream", "config"),
    [
        ("leads", {"lead_stage": "New"}),
        ("leads", {"lead_tags": ["vip"]}),
        ("leads", {"include_archived": False}),
        ("customers", {"include_archived": False}),
        ("leads", {"start_date": "2000-01-01"}),
        ("pins", {"start_date": "2000-01-01"}),
        ("leads", {"stream_maps": {"leads": {"__filter__": "True"}}}),
    ],
)
def test_none_after_a_read_that_leaves_rows_out(tap, stream, config):
    run = tap.run(stream, **config)
    assert run.status == 0
    assert activations(run) == []
    assert versions(run) <= {None}


def test_none_after_a_read_by_ids(tap, company):
    run = tap.run("leads", lead_ids=[company.rows("leads")[0]["id"]])
    assert run.status == 0
    assert activations(run) == []


def test_none_after_a_read_of_a_date_range(tap, company):
    catalog = selecting("service_plans")
    entry = entries(catalog)["service_plans"]
    entry["replication_method"] = "INCREMENTAL"
    entry["replication_key"] = "created_at"
    first = tap.run(catalog=catalog)
    assert first.status == 0
    assert len(first.ids("service_plans")) == len(company.rows("service_plans"))
    second = tap.succeed(catalog=catalog, state=first.state)
    assert activations(second) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stream", "before", "after"),
    [
        ("leads", {"lead_stage": "New"}, {}),
        ("customers", {"include_archived": False}, {}),
        ("serviced_jobs", {"only_completed_jobs": False}, {"only_completed_jobs": True}),
        ("serviced_jobs", {"only_completed_jobs": True}, {"only_completed_jobs": False}),
    ],
)
def test_none_right_after_a_change_of_settings_but_then(tap, stream, before, after):
    first = tap.succeed(stream, **before)
    changed = tap.run(stream, state=first.state, **after)
    assert changed.status == 0
    assert activations(changed) == []
    assert versions(changed) == {None}
    if stream in FULL:
        assert activations(tap.succeed(stream, state=changed.state, **after)) == [stream]


@pytest.mark.parametrize("stream", FULL)
def test_again_in_every_whole_read(tap, stream):
    first = tap.succeed(stream)
    assert activations(tap.succeed(stream, state=first.state)) == [stream]


@pytest.mark.parametrize("stream", INCREMENTAL)
def test_none_after_a_read_that_stops_at_the_bookmark(tmp_path, stream):
    company = hourly(leads=40, pins=40)
    company.advance(HOUR)
    with Sandbox(company) as sandbox:
        tap = Tap(
            tmp_path, sandbox, page_size=10, lookback_days=0, emit_activate_version_messages=True
        )
        first = tap.succeed(stream)
        assert activations(first) == [stream]
        company.delete(stream, company.rows(stream)[30]["id"])
        second = tap.succeed(stream, state=first.state)
        assert tap.asked(stream) == [(0, 10)]
        assert activations(second) == []
        (version,) = {message["version"] for message in first.of_type("RECORD")}
        # A target that swaps tables by version would hide these rows.
        assert versions(second) == {None}
        catalog = selecting(stream, metadata={"replication-method": "FULL_TABLE"})
        third = tap.succeed(catalog=catalog, state=second.state)
        # Runs of one second: a target takes nothing for gone that bears the version it is told.
        assert min(message["version"] for message in third.of_type("RECORD")) > version


def test_a_deleted_row_is_missing_from_the_version_that_is_activated(tap, company):
    first = tap.succeed("customers")
    gone = company.rows("customers")[7]["id"]
    company.delete("customers", gone)
    second = tap.succeed("customers", state=first.state)
    assert gone in first.ids("customers")
    assert gone not in second.ids("customers")
    assert activations(second) == ["customers"]


def test_one_failed_stream_keeps_its_rows_and_the_others_lose_theirs(tap):
    tap.sandbox.rule("status", "/customers", status=400, times=None)
    run = tap.run()
    assert run.status == 1
    assert activations(run) == [stream for stream in NAMES if stream != "customers"]


def test_a_list_of_nothing_but_one_page(tmp_path):
    company = only(leads=1)
    company.advance(HOUR)
    with Sandbox(company) as sandbox:
        tap = Tap(tmp_path, sandbox, emit_activate_version_messages=True)
        assert activations(tap.succeed("leads")) == ["leads"]
