"""Leads and pins from run to run: which rows come again, at what cost, and what is remembered."""

from __future__ import annotations

import json
import re
import typing as t
from datetime import timedelta

import pytest

from tests.harness.catalog import as_records, fixed
from tests.harness.companies import HOUR, hourly, only
from tests.harness.promise import ALL, LONG, NO_BOOKMARK
from tests.harness.streams import FULL_TABLE, INCREMENTAL
from tests.harness.tap import Tap
from tools.sandbox import Company, Sandbox

if t.TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

incremental = pytest.mark.parametrize("stream", INCREMENTAL)


@pytest.fixture
def company() -> Company:
    """A company with 25 leads and 25 pins, made an hour apart."""
    return hourly(leads=25, pins=25)


@pytest.fixture
def tap(sandbox: Sandbox, tmp_path: Path) -> Tap:
    return Tap(tmp_path, sandbox, page_size=10, lookback_days=0)


@incremental
def test_first_run_reads_all_rows_in_the_list_s_order(tap, company, stream):
    run = tap.run(stream)
    assert run.status == 0
    assert run.records(stream) == as_records(stream, company.rows(stream))
    assert tap.asked(stream) == ALL[:4]
    assert tap.sandbox.count() == 4
    newest = company.rows(stream)[0]["created_at"]
    assert run.bookmark(stream)["replication_key"] == "created_at"
    assert run.bookmark(stream)["replication_key_value"] == fixed(newest)


@incremental
def test_nothing_new_costs_one_request_and_repeats_the_bookmark_s_row(tap, company, stream):
    first = tap.succeed(stream)
    run = tap.run(stream, state=first.state)
    assert run.status == 0
    assert run.records(stream) == as_records(stream, company.rows(stream)[:1])
    assert tap.asked(stream) == ALL[:1]
    assert run.bookmark(stream) == first.bookmark(stream)


@incremental
def test_next_run_reads_new_rows_only(tap, company, stream):
    first = tap.succeed(stream)
    company.insert(stream, 13)
    run = tap.succeed(stream, state=first.state)
    assert run.records(stream) == as_records(stream, company.rows(stream)[:14])
    assert tap.asked(stream) == ALL[:2]
    newest = company.rows(stream)[0]["created_at"]
    assert run.bookmark(stream)["replication_key_value"] == fixed(newest)


@pytest.mark.parametrize("ties", ["newest", "oldest"])
def test_rows_with_the_bookmark_s_own_moment_are_read_again(tmp_path, ties):
    company = hourly(leads=12, ties=ties)
    with Sandbox(company) as sandbox:
        tap = Tap(tmp_path, sandbox, page_size=10, lookback_days=0)
        first = tap.succeed("leads")
        newest = company.rows("leads")[0]
        company.insert("leads", 11, created_at=newest["created_at"])
        run = tap.succeed("leads", state=first.state)
    assert run.records("leads") == as_records("leads", company.rows("leads")[:12])
    # No page holds all 12 and the row behind: they are read twice, cut at other places.
    assert tap.asked("leads") == [(0, 10), (0, 10), (9, 18), (0, 8), (7, 14)]
    assert run.problems == []


def test_rows_that_became_visible_five_minutes_late_are_read(tap, company):
    first = tap.succeed("leads")
    newest = company.rows("leads")[0]["created_at"]
    assert fixed(newest) == fixed(company.now)
    (late,) = company.insert("leads", created_at=company.now - timedelta(minutes=5))
    run = tap.succeed("leads", state=first.state)
    assert run.ids("leads")[-1] == late["id"]
    assert len(run.ids("leads")) == 2
    assert tap.asked("leads") == [(0, 10)]
    assert run.problems == []


@pytest.mark.parametrize("nulls", ["first", "last"])
def test_rows_without_a_date_come_and_never_move_the_bookmark(tmp_path, nulls):
    company = hourly(leads=15, nulls=nulls)
    with Sandbox(company) as sandbox:
        tap = Tap(tmp_path, sandbox, page_size=10, lookback_days=0)
        first = tap.succeed("leads")
        undated = {row["id"] for row in company.insert("leads", 3, created_at=None)}
        run = tap.run("leads", state=first.state)
    assert run.status == 0
    assert undated <= set(run.ids("leads"))
    assert all(
        record["created_at"] is None for record in run.records("leads") if record["id"] in undated
    )
    value = first.bookmark("leads")["replication_key_value"]
    assert run.bookmark("leads")["replication_key_value"] == value


def test_a_list_without_any_date_is_read_whole_every_time(tap, company):
    company.delete("leads", [row["id"] for row in company.rows("leads")])
    company.insert("leads", 12, created_at=None)
    first = tap.run("leads")
    second = tap.run("leads", state=first.state)
    assert [run.status for run in (first, second)] == [0, 0]
    assert [len(run.records("leads")) for run in (first, second)] == [12, 12]
    assert second.bookmark("leads").get("replication_key_value") in NO_BOOKMARK


def test_rows_dated_in_the_future_do_not_move_the_bookmark_past_the_run(tap, company):
    newest = company.rows("leads")[0]
    company.advance(HOUR / 2)
    (future,) = company.insert("leads", created_at=company.now + timedelta(days=10))
    first = tap.succeed("leads")
    assert len(first.records("leads")) == 26
    assert first.bookmark("leads")["replication_key_value"] == fixed(newest["created_at"])
    (new,) = company.insert("leads")
    run = tap.succeed("leads", state=first.state)
    assert run.ids("leads") == [future["id"], new["id"], newest["id"]]
    assert run.bookmark("leads")["replication_key_value"] == fixed(company.now)


@incremental
def test_the_bookmark_stays_when_the_newest_rows_are_deleted(tap, company, stream):
    first = tap.succeed(stream)
    company.delete(stream, [row["id"] for row in company.rows(stream)[:4]])
    run = tap.run(stream, state=first.state)
    assert run.status == 0
    assert run.records(stream) == []
    value = first.bookmark(stream)["replication_key_value"]
    assert run.bookmark(stream)["replication_key_value"] == value
    (new,) = company.insert(stream)
    assert tap.succeed(stream, state=run.state).ids(stream) == [new["id"]]


@pytest.mark.parametrize(
    ("given", "emitted"),
    [
        ("2026-07-09T10:11:12.345+02:00", "2026-07-09T08:11:12.345000Z"),
        ("2026-07-09T22:00:00-05:30", "2026-07-10T03:30:00.000000Z"),
        ("2026-07-09T22:00:00Z", "2026-07-09T22:00:00.000000Z"),
        ("2026-07-09T22:00:00", "2026-07-09T22:00:00.000000Z"),
        ("2026-07-09T22:00:00.123456789Z", "2026-07-09T22:00:00.123456Z"),
    ],
)
def test_moments_are_brought_to_one_form(tap, company, given, emitted):
    company.advance(timedelta(days=20))
    (new,) = company.insert("leads", created_at=given)
    run = tap.succeed("leads")
    assert run.records("leads")[0]["id"] == new["id"]
    assert run.records("leads")[0]["created_at"] == emitted
    assert run.bookmark("leads")["replication_key_value"] == emitted


def test_edits_and_archivings_within_the_lookback_arrive(tap, company):
    first = tap.succeed("leads")
    company.advance(timedelta(days=1))
    rows = company.rows("leads")
    company.edit("leads", rows[3]["id"], stage="Won")
    company.archive(rows[20]["id"])
    run = tap.succeed("leads", state=first.state, lookback_days=1)
    # The newest row's hour is the bookmark's; a day below it stand 24 more.
    assert run.records("leads") == as_records("leads", company.rows("leads")[:25])
    by_id = {record["id"]: record for record in run.records("leads")}
    assert by_id[rows[3]["id"]]["stage"] == "Won"
    assert by_id[rows[20]["id"]]["archived"] is True
    assert by_id[rows[20]["id"]]["archived_at"] == fixed(company.now)


@pytest.mark.parametrize(("days", "rows", "requests"), [(0, 1, 1), (1, 25, 4), (2, 49, 8)])
def test_the_lookback_is_counted_from_the_bookmark(tap, company, days, rows, requests):
    company.insert("leads", 75)
    first = tap.succeed("leads")
    company.advance(timedelta(days=100))
    run = tap.succeed("leads", state=first.state, lookback_days=days)
    leads = company.rows("leads")[:rows]
    assert run.records("leads") == as_records("leads", leads)
    assert tap.asked("leads") == LONG[:requests]


def test_an_import_with_old_dates_is_noticed_and_read(tap, company):
    company.insert("leads", 75)
    first = tap.succeed("leads")
    imported = company.insert("leads", 2, created_at=company.now - 90 * HOUR)
    run = tap.run("leads", state=first.state)
    assert run.status == 0
    assert {row["id"] for row in imported} <= set(run.ids("leads"))
    # The first page again: a total that only that response stated would mean nothing.
    assert tap.asked("leads") == [(0, 10), *LONG]
    (warning,) = run.problems
    assert warning == (
        "leads: 2 rows entered behind the bookmark since the last run (an import with old "
        f"dates?): the list was read back to {fixed(company.now - 256 * HOUR)}"
    )
    again = tap.succeed("leads", state=run.state)
    assert (tap.asked("leads"), again.problems) == ([(0, 10)], [])


def test_an_import_is_read_no_deeper_than_it_lies(tap, company):
    """The rows older than 1, 4, 16, 64 and more hours were counted."""
    company.insert("leads", 75)
    first = tap.succeed("leads")
    imported = company.insert("leads", 2, created_at=company.now - 9.5 * HOUR)
    run = tap.succeed("leads", state=first.state)
    assert {row["id"] for row in imported} <= set(run.ids("leads"))
    assert run.ids("leads") == [row["id"] for row in company.rows("leads")[:19]]
    assert tap.asked("leads") == [(0, 10), *LONG[:3]]
    (warning,) = run.problems
    assert warning == (
        "leads: 2 rows entered behind the bookmark since the last run (an import with old "
        f"dates?): the list was read back to {fixed(company.now - 16 * HOUR)}"
    )
    again = tap.succeed("leads", state=run.state)
    assert (tap.asked("leads"), again.problems) == ([(0, 10)], [])


def test_an_import_is_noticed_though_other_rows_were_deleted(tap, company):
    first = tap.succeed("leads")
    rows = company.rows("leads")
    company.delete("leads", rows[20]["id"])
    imported = company.insert("leads", 3, created_at=rows[15]["created_at"])
    run = tap.succeed("leads", state=first.state)
    assert {row["id"] for row in imported} <= set(run.ids("leads"))


def test_a_state_written_by_hand_is_honoured(tap, company):
    rows = company.rows("leads")
    value = rows[12]["created_at"]
    state = {
        "bookmarks": {"leads": {"replication_key": "created_at", "replication_key_value": value}}
    }
    run = tap.run("leads", state=state)
    assert run.status == 0
    assert run.records("leads") == as_records("leads", rows[:13])
    assert tap.asked("leads") == ALL[:2]
    assert run.problems == []
    assert run.bookmark("leads")["replication_key_value"] == fixed(rows[0]["created_at"])


def test_a_bookmark_of_another_replication_key_is_not_used(tap):
    state = {
        "bookmarks": {
            "leads": {"replication_key": "id", "replication_key_value": "2026-06-30T00:00:00Z"}
        }
    }
    assert len(tap.succeed("leads", state=state).records("leads")) == 25


@pytest.mark.parametrize("stream", FULL_TABLE)
def test_full_table_streams_are_read_whole_every_time(tmp_path, stream):
    company = Company(leads=30, seed=3)
    with Sandbox(company) as sandbox:
        tap = Tap(tmp_path, sandbox)
        first = tap.run(stream)
        second = tap.run(stream, state=first.state)
        assert sandbox.count() == 1
    for run in (first, second):
        assert run.status == 0
        assert run.records(stream) == as_records(stream, company.rows(stream))
        assert "replication_key_value" not in run.bookmark(stream)


@pytest.mark.parametrize(
    ("size", "asked"),
    [
        (7, [(0, 7), (5, 10), (7, 14), (12, 18), (14, 21), (18, 24), (21, 28)]),
        (24, [(0, 24), (22, 44)]),
        (25, [(0, 25), (23, 46)]),
        (26, [(0, 26)]),
        (1000, [(0, 1000)]),
    ],
)
def test_page_size_is_the_most_that_is_asked_for(tap, size, asked):
    run = tap.succeed("leads", page_size=size)
    assert len(run.records("leads")) == 25
    assert tap.asked("leads") == asked


def test_pages_of_one_row_are_counted(tap, company):
    run = tap.succeed("leads", page_size=1)
    assert run.ids("leads") == [row["id"] for row in company.rows("leads")]
    assert tap.asked("leads") == [(0, 1), *((place, place + 1) for place in range(26))]


@pytest.fixture(scope="module")
def large() -> Iterator[Sandbox]:
    with Sandbox(only(leads=100_000), gzip=False) as sandbox:
        yield sandbox


@pytest.mark.slow
def test_a_hundred_thousand_leads_cost_104_requests_and_then_one(large, tmp_path):
    tap = Tap(tmp_path, large, lookback_days=0)
    first = tap.run("leads")
    assert first.status == 0
    assert large.count() == large.count("/leads") == 104
    # Not decoded: that would take longer than the run.
    ids = re.findall(r'"record":{"id":"([^"]+)"', first.stdout)
    assert len(ids) == len(set(ids)) == 100_000
    state = json.loads(first.stdout.rstrip().rpartition("\n")[2])["value"]
    second = tap.run("leads", state=state)
    assert second.status == 0
    assert large.count() == large.count("/leads") == 1
    assert second.ids("leads")[0] == ids[0]
    assert second.state["bookmarks"] == state["bookmarks"]
