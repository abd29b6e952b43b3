"""What a stream remembers, and what of it holds for a run with other settings."""

from __future__ import annotations

import typing as t

import pytest

from paged_rest.reading import Bookmark, OlderRows, ResumePoint
from paged_rest.singer.state import StreamState, sanitize
from tests.harness.companies import HOUR, hourly
from tests.harness.promise import NO_BOOKMARK
from tests.harness.tap import Tap

if t.TYPE_CHECKING:
    from pathlib import Path

    from tools.sandbox import Company, Sandbox

MOMENT = "2026-05-01T00:00:00.000000Z"
FIVE_MINUTES_BEFORE = "2026-04-30T23:55:00.000000Z"
LATER = "2026-06-01T00:00:00.000000Z"
POINT = ResumePoint(MOMENT, MOMENT, "", 5, {FIVE_MINUTES_BEFORE: 5})


def with_bookmark(state: StreamState, *, left_out_older: bool = False) -> StreamState:
    older = OlderRows({FIVE_MINUTES_BEFORE: 7})
    return state.with_bookmark(Bookmark(MOMENT, older), left_out_older=left_out_older)


def test_a_start_date_that_no_reading_went_down_to_is_not_remembered():
    entry = StreamState({}, "created_at", "now", "2020").with_resume_point(None).entry
    assert entry["replication_key_value"] in NO_BOOKMARK
    state = StreamState(entry, "created_at", "now", "2025")
    entry = with_bookmark(state).entry
    outdated = StreamState(entry, "created_at", "now", "2020").outdated
    assert outdated == "start_date is earlier than it was"


@pytest.mark.parametrize(("left_out_older", "start"), [(False, "2020"), (True, "2025")])
def test_a_start_date_counts_down_to_where_all_was_read(left_out_older, start):
    entry = with_bookmark(StreamState({}, "created_at", "now", "2020")).entry
    state = StreamState(entry, "created_at", "now", "2025")
    entry = with_bookmark(state, left_out_older=left_out_older).entry
    assert entry["start_date"] == start


def test_a_merged_state_does_not_bring_back_the_bookmark_of_other_settings():
    former = with_bookmark(StreamState({}, "created_at", "former", "")).entry
    refresh = StreamState({}, "created_at", "now", "").with_resume_point(None).entry
    merged = StreamState({**former, **refresh}, "created_at", "now", "")
    assert merged.recall() == (None, None)


def test_a_bookmark_of_another_key_is_never_taken_over():
    entry = {
        "replication_key": "updated_at",
        "replication_key_value": "2026-06-15T00:00:00.000000Z",
    }
    state = StreamState(entry, "created_at", "settings", "")
    assert state.outdated == "its replication key was another"
    state = state.with_resume_point(None)
    assert state.recall() == (None, None)
    state = state.with_resume_point(POINT)
    assert state.recall() == (None, POINT)


def test_every_key_that_is_written_is_taken_again():
    state = StreamState({}, "created_at", "now", "2020").with_resume_point(None)
    state = with_bookmark(state).with_full_read().with_listed_twice(["b", "a"])
    assert sanitize(state.entry, MOMENT) == (state.entry, None)
    assert state.entry == {
        "replication_key": "created_at",
        "replication_key_value": MOMENT,
        "start_date": "2020",
        "settings": "now",
        "resume_point": [],
        "older_rows": [FIVE_MINUTES_BEFORE, 7],
        "older_rows_gone": 0,
        "listed_twice": ["a", "b"],
        "last_full_read": "now",
    }


def test_a_resume_point_is_a_flat_list_that_is_taken_again():
    state = StreamState({}, "created_at", "now", "").with_resume_point(POINT)
    assert state.entry["resume_point"] == [MOMENT, MOMENT, "", 5, FIVE_MINUTES_BEFORE, 5]
    assert sanitize(state.entry, MOMENT) == (state.entry, None)
    assert state.recall() == (None, POINT)


def test_a_resume_point_of_later_than_the_run_is_dropped():
    state = StreamState({}, "created_at", "now", "")
    entry = state.with_resume_point(ResumePoint(LATER, MOMENT, "", 5)).entry
    assert sanitize(entry, MOMENT) == ({**entry, "resume_point": []}, None)


OLD_BOOKMARK = {
    "replication_key": "created_at",
    "replication_key_value": MOMENT,
    "start_date": "",
    "fingerprint": "now",
    "resume": [],
    "rows_behind": 7,
}
OLD_POINT = {**OLD_BOOKMARK, "resume": [MOMENT, FIVE_MINUTES_BEFORE, 38, "", 61]}


def recalled(entry: dict[str, t.Any]) -> tuple[Bookmark | None, ResumePoint | None]:
    known, problem = sanitize(entry, LATER)
    assert problem is None
    return StreamState(known, "created_at", "now", "").recall()


def test_a_bookmark_of_the_old_form_is_carried_over():
    older = OlderRows({FIVE_MINUTES_BEFORE: 7})
    assert recalled(OLD_BOOKMARK) == (Bookmark(MOMENT, older), None)


def test_a_resume_of_the_old_form_is_carried_over():
    _bookmark, point = recalled(OLD_POINT)
    assert point == ResumePoint(MOMENT, FIVE_MINUTES_BEFORE, "", 38, {FIVE_MINUTES_BEFORE: 0})


@pytest.mark.parametrize(
    "value",
    [
        {"rows_behind": None},
        {"rows_behind": "7"},
        {"rows_behind": -7},
        {"resume": None},
        {"resume": [MOMENT]},
        {"resume": ["soon", MOMENT, 38, "", 61]},
        {"resume": [MOMENT, "later", 38, "", 61]},
        {"resume": [MOMENT, MOMENT, -1, "", 61]},
        {"resume": [LATER.replace("2026", "2027"), MOMENT, 38, "", 61]},
    ],
)
def test_what_makes_no_sense_in_the_old_form_is_not_carried_over(value):
    bookmark, point = recalled({**OLD_BOOKMARK, **value})
    assert bookmark
    assert bookmark.value == MOMENT
    assert bookmark.older.counts in ({}, {FIVE_MINUTES_BEFORE: 7})
    assert ("rows_behind" in value) == (bookmark.older.counts == {})
    assert point is None


def test_only_new_keys_are_read_once_there_are_some():
    """Meltano keeps the old ones for ever."""
    known, _ = sanitize(OLD_POINT, LATER)
    state = StreamState(known, "created_at", "now", "")
    entry = with_bookmark(state).entry
    merged = {**OLD_POINT, "rows_behind": 99, **entry}
    assert sanitize(merged, LATER) == (entry, None)
    assert recalled(merged) == (Bookmark(MOMENT, OlderRows({FIVE_MINUTES_BEFORE: 7})), None)


@pytest.fixture
def company() -> Company:
    """A company with 40 leads, made an hour apart, and some time gone by since."""
    company = hourly(leads=40)
    company.advance(HOUR)
    return company


@pytest.fixture
def tap(sandbox: Sandbox, tmp_path: Path) -> Tap:
    return Tap(tmp_path, sandbox, page_size=10, lookback_days=0)


def in_old_form(entry: dict[str, t.Any], **values: t.Any) -> dict[str, t.Any]:
    """Return the state that an earlier version would have written in place of an entry."""
    kept = ("replication_key", "replication_key_value", "start_date", "last_full_read")
    old = {name: entry[name] for name in kept if name in entry}
    return {"bookmarks": {"leads": {**old, "fingerprint": entry["settings"], **values}}}


@pytest.fixture
def complete(tap: Tap) -> dict[str, t.Any]:
    """The state in which an earlier version leaves the 40 leads: 39 stand behind the bookmark."""
    return in_old_form(tap.succeed("leads").bookmark("leads"), resume=[], rows_behind=39)


def test_after_an_update_a_run_costs_one_request(tap, company, complete):
    run = tap.succeed("leads", state=complete)
    assert tap.asked("leads") == [(0, 10)]
    assert run.ids("leads") == [company.rows("leads")[0]["id"]]
    assert run.problems == []
    assert not {"fingerprint", "resume", "rows_behind"} & run.bookmark("leads").keys()


def test_after_an_update_an_import_is_noticed(tap, company, complete):
    imported = company.insert("leads", 2, created_at=company.now - 31.5 * HOUR)
    run = tap.succeed("leads", state=complete)
    assert {row["id"] for row in imported} <= set(run.ids("leads"))
    (warning,) = run.problems
    assert warning == (
        "leads: 2 rows entered behind the bookmark since the last run (an import with old "
        "dates?): the list was read back to its end"
    )
    again = tap.succeed("leads", state=run.state)
    assert (tap.asked("leads"), again.problems) == ([(0, 10)], [])


def test_after_an_update_an_interrupted_load_goes_on(tap, company):
    rows = company.rows("leads")
    first = tap.succeed("leads", request_budget=4)
    newest, oldest, *_ = first.bookmark("leads")["resume_point"]
    before = set(first.ids("leads"))
    state = in_old_form(first.bookmark("leads"), resume=[newest, oldest, 26, "", 13], rows_behind=0)
    run = tap.succeed("leads", state=state)
    assert before | set(run.ids("leads")) == {row["id"] for row in rows}
    assert tap.asked("leads") == [(0, 10), (24, 32), (30, 40), (36, 45)]
    assert run.bookmark("leads")["resume_point"] == []


def test_after_the_first_state_what_an_earlier_version_left_does_not_count(tap, complete):
    run = tap.succeed("leads", state=complete)
    known = run.bookmark("leads")
    merged = {**complete["bookmarks"]["leads"], "rows_behind": 5, **known}
    again = tap.succeed("leads", state={"bookmarks": {"leads": merged}})
    assert tap.asked("leads") == [(0, 10)]
    assert (again.problems, again.bookmark("leads")) == ([], known)
