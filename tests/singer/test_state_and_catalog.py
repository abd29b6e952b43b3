"""State and catalog that are odd, foreign or empty: told, and never a traceback."""

from __future__ import annotations

import json
import re
import typing as t

import pytest

from tap_nexus_erp.tap import TapNexusErp
from tap_rotor.tap import TapRotor
from tests.harness.catalog import as_records, discovered, entries, root, selecting
from tests.harness.outcome import assert_refused
from tests.harness.run import READS, restored
from tests.harness.streams import BY_TAP
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


RENAMED = (
    'it calls the stream leads "crm_leads". A stream is renamed by the setting stream_maps, '
    'as in {"leads": {"__alias__": "crm_leads"}}'
)


def of_leads(**entry: t.Any) -> dict[str, t.Any]:
    return {"streams": [{"tap_stream_id": "leads", "schema": {}, **entry}]}


@pytest.mark.parametrize(
    ("catalog", "problem"),
    [
        ({"streams": None}, "its streams are no list"),
        ({"streams": {"leads": {}}}, "its streams are no list"),
        ({"streams": ["leads"]}, "its stream 1 is no object"),
        ({"streams": [{"schema": {}}]}, "its stream 1 has no tap_stream_id"),
        (of_leads(tap_stream_id=["leads"]), "its stream 1 has no tap_stream_id"),
        (of_leads(metadata=5), "the metadata of leads is no list"),
        (
            of_leads(metadata=[{}]),
            "a part of the metadata of leads is no object of a breadcrumb and metadata",
        ),
        (of_leads(schema="x"), "the schema of leads is no JSON Schema"),
        (
            of_leads(schema={"properties": {"email": {"type": "string", "selected": False}}}),
            "the schema says that leads.email is not selected; say it in the metadata, as today",
        ),
        (of_leads(selected="perhaps"), "selected of leads is neither true nor false"),
        (
            of_leads(metadata=[{"breadcrumb": ["properties", "id"], "metadata": {"selected": 1}}]),
            "selected of leads.id is neither true nor false",
        ),
        (
            of_leads(selected=False, metadata=[{"breadcrumb": [], "metadata": {"selected": True}}]),
            "selected is one thing in the metadata of leads and another beside it",
        ),
        (
            {"streams": [*of_leads()["streams"], *of_leads()["streams"]]},
            "it names the stream leads twice",
        ),
        (
            of_leads(stream="crm_leads"),
            RENAMED,
        ),
    ],
)
def test_a_catalog_that_cannot_be_used_is_refused(tap, sandbox, catalog, problem):
    assert_refused(tap.run(catalog=catalog), f"The catalog cannot be used: {problem}")
    assert sandbox.requests == []


def test_a_key_of_the_catalogs_own_is_said_to_be_ignored(tap):
    catalog = selecting("leads")
    for entry in catalog["streams"]:
        entry["key_properties"] = ["email"]
    result = tap.succeed(catalog=catalog)
    assert result.problems == ["leads: the key stays id"]
    assert result.of_type("SCHEMA", "leads")[0]["key_properties"] == ["id"]


def test_a_stream_is_renamed_as_the_refusal_says(tap):
    run = tap.succeed("leads", stream_maps={"leads": {"__alias__": "crm_leads"}})
    assert (run.streams, len(run.records("crm_leads"))) == (["crm_leads"], 20)


def without_metadata(entry: dict[str, t.Any]) -> None:
    del entry["metadata"]


def with_empty_metadata(entry: dict[str, t.Any]) -> None:
    entry["metadata"] = []


def without_root(entry: dict[str, t.Any]) -> None:
    entry["metadata"] = [item for item in entry["metadata"] if item["breadcrumb"]]


@pytest.mark.parametrize("of", [TapRotor, TapNexusErp])
@pytest.mark.parametrize("change", [without_metadata, with_empty_metadata, without_root])
def test_a_catalog_that_says_nothing_of_selection_selects_all(of, change):
    catalog = discovered(of)
    for entry in catalog["streams"]:
        change(entry)
    with restored():
        tap = of(config={"api_key": "k", "api_url": "http://127.0.0.1"}, catalog=catalog)
    assert list(tap.streams) == [*BY_TAP[of.name], READS]
    assert all(stream.selected and all(stream.mask.values()) for stream in tap.streams.values())


def test_other_tools_write_no_metadata_or_select_beside_it(tap):
    catalog = discovered()
    for entry in catalog["streams"]:
        without_metadata(entry)
        entry["selected"] = entry["tap_stream_id"] == "leads"
    run = tap.succeed(catalog=catalog)
    assert run.streams == ["leads"]
    assert run.records("leads") == as_records("leads", COMPANY.rows("leads"))


def test_selection_as_text(tap):
    catalog = selecting("leads", metadata={"selected": "True"})
    for name, entry in entries(catalog).items():
        if name != "leads":
            root(entry)["selected"] = "false"
    for item in entries(catalog)["leads"]["metadata"]:
        if item["breadcrumb"] == ["properties", "location"]:
            item["metadata"]["selected"] = "false"
    run = tap.succeed(catalog=catalog)
    assert run.streams == ["leads"]
    assert "location" not in run.records("leads")[0]


def test_what_is_said_of_a_stream_in_two_places_is_taken_together(tap):
    catalog = selecting(metadata={})
    entries(catalog)["leads"]["metadata"] += [
        {"breadcrumb": [], "metadata": {"replication-method": "FULL_TABLE"}},
        {"breadcrumb": [], "metadata": {"selected": True}},
    ]
    run = tap.succeed(catalog=catalog)
    assert (run.streams, run.bookmark("leads").get("replication_key_value")) == (["leads"], None)


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


@pytest.mark.parametrize("state", [{}, {"bookmarks": {}}, {"bookmarks": {"leads": {}}}])
def test_a_state_without_bookmarks_reads_all(tap, state):
    result = tap.run(state=state)
    assert (result.status, result.problems) == (0, [])
    assert len(result.records("leads")) == 20


def test_an_empty_state_file_is_a_state_without_bookmarks(tap):
    file = tap.directory / "empty.json"
    for content in ("", " \n"):
        file.write_text(content)
        run = tap.succeed("leads", args=["--state", str(file)])
        assert (run.problems, len(run.records("leads"))) == ([], 20)


STATE = {
    "bookmarks": {
        "leads": {
            "replication_key": "created_at",
            "replication_key_value": COMPANY.rows("leads")[0]["created_at"],
        }
    }
}
UNUSED = (
    'is not used, and everything is read again: it has no {}. A state looks like {{"bookmarks": '
    '{{"<stream>": {{"replication_key": "<field>", '
    '"replication_key_value": "2026-01-31T00:00:00Z"}}}}}}'
)


@pytest.mark.parametrize(
    "state",
    [STATE, {"type": "STATE", "value": STATE}, {"singer_state": STATE}],
    ids=["plain", "message", "of Meltano"],
)
def test_a_state_is_taken_out_of_what_it_is_wrapped_in(tap, state):
    run = tap.succeed("leads", state=state, lookback_days=0, page_size=2)
    assert (run.problems, run.ids("leads")) == ([], [COMPANY.rows("leads")[0]["id"]])


@pytest.mark.parametrize("state", [STATE["bookmarks"], {"other": [1]}])
def test_a_state_of_another_shape_is_warned_of(tap, state):
    run = tap.succeed("leads", state=state)
    assert run.problems == [f"The state {UNUSED.format('bookmarks')}"]
    assert len(run.records("leads")) == 20


@pytest.mark.parametrize(
    "bookmark",
    [
        {"created_at": "2026-01-01T00:00:00Z"},
        {"progress_markers": {"replication_key_value": "2026-01-01T00:00:00Z"}},
    ],
)
def test_a_bookmark_of_another_shape_is_warned_of(tap, bookmark):
    passing = {"starting_replication_value": None, "replication_key_signpost": "2026-01-01"}
    state = {"bookmarks": {"leads": {**bookmark, **passing}, "pins": passing}}
    run = tap.succeed("leads", state=state)
    assert run.problems == [f"The bookmark of leads {UNUSED.format('replication_key_value')}"]
    assert len(run.records("leads")) == 20


@pytest.mark.slow
def test_state_and_catalog_are_read_as_utf_8_in_every_locale(tap):
    catalog = selecting("leads")
    files = {"state": {**STATE, "note": "Zürich"}, "catalog": {**catalog, "note": "Zürich"}}
    for name, value in files.items():
        file = tap.directory / f"{name}_utf8.json"
        file.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8-sig")
    options = [f"--{name}={tap.directory / name}_utf8.json" for name in ("state", "catalog")]
    env = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    run = tap.succeed(process=True, env=env, args=options, lookback_days=0, page_size=2)
    assert (run.problems, run.ids("leads")) == ([], [COMPANY.rows("leads")[0]["id"]])


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
