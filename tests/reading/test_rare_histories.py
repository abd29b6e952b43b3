"""Rare histories of lists, settings and states, each of which once lost rows or never ended."""

from __future__ import annotations

import copy
import dataclasses

import pytest

from paged_rest.reading import Bookmark, Page, Stretch
from paged_rest.singer.state import StreamState
from tests.harness.catalog import selecting
from tests.harness.companies import hourly
from tests.harness.promise import NO_BOOKMARK
from tests.harness.tap import Tap
from tests.reading import changing_list
from tests.reading.changing_list import ChangingList, run
from tools.sandbox import Company, Sandbox

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


def test_a_start_date_that_no_reading_went_down_to_is_not_remembered():
    entry = StreamState({}, "created_at", "now", "2020").interrupted(None).entry
    assert entry["replication_key_value"] in NO_BOOKMARK
    state = StreamState(entry, "created_at", "now", "2025")
    entry = state.complete(Bookmark(MOMENT, 0), restarted=False).entry
    outdated = StreamState(entry, "created_at", "now", "2020").outdated
    assert outdated == "start_date is earlier than it was"


@pytest.mark.parametrize(("restarted", "start"), [(False, "2020"), (True, "2025")])
def test_a_start_date_counts_down_to_where_all_was_read(restarted, start):
    state = StreamState({}, "created_at", "now", "2020")
    entry = state.complete(Bookmark(MOMENT, 0), restarted=False).entry
    state = StreamState(entry, "created_at", "now", "2025")
    entry = state.complete(Bookmark(MOMENT, 0), restarted=restarted).entry
    assert entry["start_date"] == start


def test_a_merged_state_does_not_bring_back_the_bookmark_of_other_settings():
    state = StreamState({}, "created_at", "former", "")
    former = state.complete(Bookmark(MOMENT, 7), restarted=False).entry
    refresh = StreamState({}, "created_at", "now", "").interrupted(None).entry
    merged = StreamState({**former, **refresh}, "created_at", "now", "")
    assert merged.recall() == (None, None)


@pytest.fixture
def company() -> Company:
    return hourly(leads=40)


@pytest.fixture
def tap(company, tmp_path):
    with Sandbox(company) as sandbox:
        yield Tap(tmp_path, sandbox, page_size=10, retry_minutes=1)


def test_an_api_that_is_down_is_no_polite_stop(tap, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    tap.sandbox.rule("status", "/leads", status=500, times=None)
    run = tap.run("leads", request_budget=3)
    assert run.status == 1
    assert "status 500" in run.last_line
    assert tap.asked("leads") == [1, 1, 1]


@pytest.mark.parametrize("trim", ["created_at", "id", "format", "all"])
def test_a_trimmed_catalog_reads_all(tap, trim):
    catalog = copy.deepcopy(selecting("leads"))
    (entry,) = [entry for entry in catalog["streams"] if entry["tap_stream_id"] == "leads"]
    if trim == "all":
        entry["schema"] = {}
    elif trim == "format":
        del entry["schema"]["properties"]["created_at"]["format"]
    else:
        del entry["schema"]["properties"][trim]
    first = tap.run(catalog=catalog)
    assert first.status == 0
    assert len(set(first.ids("leads"))) == 40
    assert tap.run(catalog=catalog, state=first.state, lookback_days=0).status == 0
    assert tap.asked("leads") == [1]


@pytest.mark.parametrize(
    ("maps", "filtered"),
    [
        ({"leads": {"n": "name"}}, False),
        ({"pins": {"__filter__": "False"}}, False),
        ({"leads": {"__filter__": "stage != 'Won'"}}, True),
        ({"*": {"__filter__": "stage != 'Won'"}}, True),
        ({"few": {"__source__": "leads", "__filter__": "stage != 'Won'"}}, True),
    ],
)
def test_what_a_stream_map_keeps_back_is_not_taken_as_gone(tap, maps, filtered):
    run = tap.run("leads", stream_maps=maps, emit_activate_version_messages=True)
    assert run.status == 0
    assert bool(run.of_type("ACTIVATE_VERSION")) is not filtered


def test_under_other_settings_nothing_is_taken_as_gone_at_first(tmp_path):
    with Sandbox(Company(10)) as sandbox:
        tap = Tap(tmp_path, sandbox, emit_activate_version_messages=True)
        runs = [tap.succeed("customers")]
        state = copy.deepcopy(runs[0].state)
        state["bookmarks"]["customers"]["whole"] = "of other settings"
        runs.append(tap.succeed("customers", state=state))
        runs.append(tap.succeed("customers", state=runs[1].state))
    assert [bool(run.of_type("ACTIVATE_VERSION")) for run in runs] == [True, False, True]


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


def test_a_bookmark_of_another_key_is_never_taken_over():
    entry = {
        "replication_key": "updated_at",
        "replication_key_value": "2026-06-15T00:00:00.000000Z",
    }
    state = StreamState(entry, "created_at", "fingerprint", "")
    assert state.outdated == "its replication key was another"
    state = state.interrupted(None)
    assert state.recall() == (None, None)
    state = state.interrupted(Stretch(MOMENT, MOMENT, 0, "", 5))
    assert state.recall() == (None, Stretch(MOMENT, MOMENT, 0, "", 5))
