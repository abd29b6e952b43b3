"""State and catalog that are odd, foreign or empty: told, and never a traceback."""

from __future__ import annotations

import re
import typing as t

import pytest

from tests.harness.catalog import selecting
from tests.harness.outcome import assert_refused
from tests.harness.tap import Tap
from tools.sandbox import Company, Sandbox

if t.TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COMPANY = Company(leads=20)
NO_STREAM = "The catalog names no stream; --discover prints one that names all"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    with Sandbox(COMPANY, quota=100_000) as server:
        yield server


@pytest.fixture
def sandbox(server: Sandbox) -> Sandbox:
    server.reset_log()
    return server


@pytest.fixture
def tap(sandbox: Sandbox, tmp_path: Path) -> Tap:
    return Tap(tmp_path, sandbox, retry_minutes=0)


@pytest.mark.parametrize("catalog", [{}, {"streams": []}, {"other": 1}])
def test_a_catalog_without_streams_is_refused(tap, sandbox, catalog):
    assert_refused(tap.run(catalog=catalog), NO_STREAM)
    assert sandbox.requests == []


@pytest.mark.parametrize(
    "catalog",
    [
        {"streams": None},
        {"streams": {"leads": {}}},
        {"streams": ["leads"]},
        {"streams": [{"schema": {}}]},
        {"streams": [{"tap_stream_id": "leads", "schema": {}, "metadata": [{}]}]},
        {"streams": [{"tap_stream_id": "leads", "schema": {}, "metadata": 5}]},
        {"streams": [{"tap_stream_id": "leads", "schema": "x", "metadata": []}]},
        {"streams": [{"tap_stream_id": ["leads"], "schema": {}, "metadata": []}]},
    ],
)
def test_what_is_no_singer_catalog_is_refused(tap, sandbox, catalog):
    assert_refused(tap.run(catalog=catalog), "The catalog is not a Singer catalog")
    assert sandbox.requests == []


def test_nothing_selected_is_a_success_without_a_request(tap, sandbox):
    result = tap.run(catalog=selecting())
    assert (result.status, result.of_type("RECORD"), result.streams) == (0, [], [])
    assert (result.errors, sandbox.requests) == ([], [])


def test_an_unknown_stream_of_a_catalog_is_warned_of_and_ignored(tap, sandbox):
    catalog = selecting("pin_types")
    catalog["streams"].append({**catalog["streams"][2], "tap_stream_id": "nonsense"})
    result = tap.run(catalog=catalog)
    assert (result.status, result.streams) == (0, ["pin_types"])
    assert result.problems == ["The catalog names an unknown stream, nonsense: ignored"]
    assert sandbox.count() == 1


def test_an_unknown_stream_of_a_state_is_warned_of_and_ignored(tap):
    result = tap.run(state={"bookmarks": {"nonsense": {"replication_key_value": "2026"}}})
    assert result.status == 0
    assert result.problems == ["The state names an unknown stream, nonsense: ignored"]
    assert all("nonsense" not in state["bookmarks"] for state in result.states)


@pytest.mark.parametrize("state", [{}, {"bookmarks": {}}, {"other": [1]}])
def test_a_state_without_bookmarks_reads_all(tap, state):
    result = tap.run(state=state)
    assert (result.status, result.problems) == (0, [])
    assert len(result.records("leads")) == 20


@pytest.mark.parametrize("bookmarks", [None, [], "x", 5])
def test_what_is_no_singer_state_is_refused(tap, sandbox, bookmarks):
    sentence = "The state is not a Singer state: its bookmarks are no object"
    assert_refused(tap.run(state={"bookmarks": bookmarks}), sentence)
    assert sandbox.requests == []


@pytest.mark.parametrize(
    ("bookmark", "problem"),
    [
        (None, "is no object"),
        ([], "is no object"),
        ("2026-01-01", "is no object"),
        ({"replication_key_value": "soon"}, "holds no moment"),
        ({"replication_key_value": 5}, "holds no moment"),
        ({"replication_key_value": ["2026-01-01"]}, "holds no moment"),
        ({"replication_key_value": {"a": 1}}, "holds no moment"),
    ],
)
def test_a_bookmark_that_makes_no_sense_is_warned_of_and_all_is_read(tap, bookmark, problem):
    result = tap.run(state={"bookmarks": {"leads": bookmark}})
    assert (result.status, len(result.records("leads"))) == (0, 20)
    assert result.problems == [f"The bookmark of leads {problem}"]


@pytest.mark.parametrize(
    "entry",
    [
        {"rows_behind": "x"},
        {"rows_behind": [1]},
        {"older_rows": "x"},
        {"older_rows": [1]},
        {"older_rows": ["2020-01-01T00:00:00.000000Z", -1]},
        {"older_rows": ["soon", 1]},
        {"older_rows_gone": "x"},
        {"listed_twice": "x"},
        {"listed_twice": [1, None]},
        {"resume": {"a": 1}},
        {"resume": None},
        {"resume": [1, 2, 3, 4]},
        {"resume": ["soon", "later", 5, "never"]},
        {"resume": ["2026-01-01", "", -1, ""]},
        {"resume": ["", "", 0, ""]},
        {"resume_point": {"a": 1}},
        {"resume_point": None},
        {"resume_point": [1, 2, 3, 4]},
        {"resume_point": ["soon", "later", "never", 5]},
        {"resume_point": ["2026-01-01", "", "", -1]},
        {"resume_point": ["", "", "", 0]},
        {"start_date": 5},
        {"start_date": None},
        {"fingerprint": None},
        {"fingerprint": {"a": 1}},
        {"settings": None},
        {"settings": {"a": 1}},
        {"replication_key": 5},
        {"replication_key": ["created_at"]},
        {"partitions": [{"context": {"id": "x"}, "replication_key_value": "2026-01-01"}]},
        {"partitions": "x"},
        {"progress_markers": 5},
        {"starting_replication_value": 5, "replication_key_signpost": "x"},
    ],
)
def test_garbage_beside_a_bookmark_loses_nothing(tap, entry):
    bookmark = {"replication_key": "created_at", "replication_key_value": "2020-01-01T00:00:00Z"}
    result = tap.run(state={"bookmarks": {"leads": {**bookmark, **entry}}})
    ids = {row["id"] for row in result.records("leads")}
    assert (result.status, ids) == (0, {row["id"] for row in COMPANY.rows("leads")})
    last = result.states[-1]["bookmarks"]["leads"]
    assert last["resume_point"] == []
    assert MOMENT.fullmatch(last["replication_key_value"])
    assert not {"partitions", "progress_markers"} & last.keys()


def test_a_future_bookmark_is_taken_as_now(tap):
    bookmark = {"replication_key": "created_at", "replication_key_value": "2999-01-01T00:00:00Z"}
    result = tap.run(state={"bookmarks": {"pins": bookmark}})
    assert result.status == 0
    assert result.problems == ["The bookmark of pins lies in the future and is taken as now"]
    value = result.states[-1]["bookmarks"]["pins"]["replication_key_value"]
    assert MOMENT.fullmatch(value)
    assert value < "2999"


def test_a_bookmark_in_another_offset_is_normalised(tap):
    newest = max(row["created_at"] for row in COMPANY.rows("leads"))
    bookmark = {"replication_key_value": "2026-07-01T02:00:00+02:00"}
    result = tap.succeed(state={"bookmarks": {"leads": bookmark}})
    assert newest < "2026-07-01"
    value = result.states[-1]["bookmarks"]["leads"]["replication_key_value"]
    assert value == "2026-07-01T00:00:00.000000Z"
