"""The tap as a plain Singer tap: its options, selection, replication."""

from __future__ import annotations

import copy
import json
import typing as t
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.conftest import RunTap
from tests.harness.command_line import Tap, assert_refused, run_here, said, tap_for
from tools.sandbox import Company, Sandbox

if t.TYPE_CHECKING:
    from collections.abc import Iterator

ORDER = ["leads", "pins", "pin_types", "customers", "service_plans", "serviced_jobs"]
CATALOG = json.loads((Path(__file__).parents[2] / "catalog.json").read_text())
COMPANY = Company(leads=40)


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
    return tap_for(sandbox, tmp_path, retry_minutes=0)


def catalog_of(**streams: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return the catalog with just these streams selected, and their metadata changed."""
    catalog = copy.deepcopy(CATALOG)
    for entry in catalog["streams"]:
        name = entry["tap_stream_id"]
        root = next(item["metadata"] for item in entry["metadata"] if not item["breadcrumb"])
        root |= {"selected": name in streams, **streams.get(name, {})}
    return catalog


def ids(rows: list[dict[str, t.Any]]) -> list[str]:
    return [row["id"] for row in rows]


def test_version():
    result = run_here(["--version"])
    assert result.status == 0
    assert result.stdout == (
        f"tap-rotor v{version('tap-rotor')}, Meltano SDK v{version('singer-sdk')}\n"
    )


def test_about_as_json():
    result = run_here(["--about", "--format=json"])
    about = json.loads(result.stdout)
    assert (result.status, about["name"]) == (0, "tap-rotor")
    assert about["capabilities"] == [
        "catalog",
        "state",
        "discover",
        "about",
        "stream-maps",
        "schema-flattening",
        "structured-logging",
    ]
    assert about["settings"]["required"] == ["api_key"]


@pytest.mark.parametrize("arguments", [["--about"], ["--about", "--format=markdown"]])
def test_about_names_every_setting(arguments):
    result = run_here(arguments)
    settings = json.loads(run_here(["--about", "--format=json"]).stdout)["settings"]["properties"]
    assert result.status == 0
    assert [name for name in settings if name not in result.stdout] == []


def test_a_connection_test_reads_a_row_of_each_stream(tap, sandbox):
    result = tap(args=["--test"])
    assert result.status == 0
    assert {name: len(result.records(name)) for name in ORDER} == dict.fromkeys(ORDER, 1)
    assert sandbox.count() == len(ORDER)
    # The SDK calls the end of each stream an unhandled error.
    assert "error" not in result.stderr.lower()


def test_a_connection_test_with_a_wrong_key_fails(tap, sandbox):
    result = tap({"api_key": "rotor_wrong_key"}, args=["--test"])
    assert (result.status, result.of_type("RECORD"), sandbox.count()) == (1, [], 1)
    assert "Rotor does not accept the API key (status 401)" in result.last_line


def test_a_schema_test_asks_for_nothing(tap, sandbox):
    result = tap({"api_key": "rotor_wrong_key"}, args=["--test=schema"])
    assert (result.status, result.streams, sandbox.requests) == (0, ORDER, [])


def test_all_streams_are_read_leads_first(tap, sandbox):
    result = tap(catalog=CATALOG)
    assert (result.status, result.streams) == (0, ORDER)
    assert [request.path[1:].replace("-", "_") for request in sandbox.requests] == ORDER
    for name in ORDER:
        assert ids(result.records(name)) == ids(COMPANY.rows(name))


def test_the_order_of_the_catalog_does_not_matter(tap):
    catalog = {"streams": CATALOG["streams"][::-1]}
    assert tap(catalog=catalog).streams == ORDER


def test_only_selected_streams_are_asked_for(tap, sandbox):
    result = tap(catalog=catalog_of(pins={}, serviced_jobs={}))
    assert (result.status, result.streams) == (0, ["pins", "serviced_jobs"])
    assert [request.path for request in sandbox.requests] == ["/pins", "/serviced-jobs"]


def test_only_selected_fields_are_sent_and_keys_always(tap):
    catalog = catalog_of(customers={}, leads={})
    dropped = {"email", "phone", "address", "id", "created_at"}
    for entry in catalog["streams"]:
        for item in entry["metadata"]:
            if item["breadcrumb"][1:] and item["breadcrumb"][1] in dropped:
                item["metadata"]["selected"] = False
    result = tap(catalog=catalog)
    assert result.status == 0
    for name, kept in (("leads", {"id", "created_at"}), ("customers", {"id"})):
        expected = set(CATALOG_FIELDS[name]) - dropped | kept
        assert set(result.of_type("SCHEMA", name)[0]["schema"]["properties"]) == expected
        assert {field for record in result.records(name) for field in record} == expected
        assert ids(result.records(name)) == ids(COMPANY.rows(name))


CATALOG_FIELDS = {
    entry["tap_stream_id"]: list(entry["schema"]["properties"]) for entry in CATALOG["streams"]
}


def test_catalog_and_state_together(tap):
    catalog = catalog_of(leads={})
    first = tap(catalog=catalog)
    second = tap({"lookback_days": 0, "page_size": 1}, first.states[-1], catalog)
    newest = COMPANY.rows("leads")[0]
    assert ids(second.records("leads")) == [newest["id"]]
    assert second.states[-1] == first.states[-1]


@pytest.mark.parametrize("method", ["FULL_TABLE", "full_table"])
def test_leads_can_be_read_whole(tap, method):
    catalog = catalog_of(leads={"replication-method": method})
    first = tap(catalog=catalog)
    second = tap(catalog=catalog, state=first.states[-1])
    for result in (first, second):
        assert (result.status, ids(result.records("leads"))) == (0, ids(COMPANY.rows("leads")))
        assert "replication_key_value" not in result.states[-1]["bookmarks"]["leads"]


@pytest.mark.parametrize(
    ("name", "key"), [("service_plans", "created_at"), ("serviced_jobs", "service_date")]
)
@pytest.mark.parametrize("named", [True, False])
def test_plans_and_jobs_can_be_read_incrementally(tap, sandbox, name, key, named):
    since = f"{key}_range_start"
    root = {"replication-method": "INCREMENTAL", **({"replication-key": key} if named else {})}
    catalog = catalog_of(**{name: root})
    first = tap({"start_date": "2024-03-01"}, catalog=catalog)
    assert [request.query.get(since) for request in sandbox.requests] == [
        "2024-03-01T00:00:00.000000Z"
    ]
    expected = [row for row in COMPANY.rows(name) if row[key] >= "2024-03-01"]
    assert ids(first.records(name)) == ids(expected)
    newest = max(row[key] for row in expected)
    bookmark = first.states[-1]["bookmarks"][name]
    assert bookmark["replication_key"] == key
    assert bookmark["replication_key_value"] == newest.replace("Z", "000Z")

    sandbox.reset_log()
    # The lower end is the bookmark less the five minutes for what comes late.
    second = tap({"start_date": "2024-03-01", "lookback_days": 0}, first.states[-1], catalog)
    (asked,) = [request.query[since] for request in sandbox.requests]
    late = [row for row in COMPANY.rows(name) if row[key].replace("Z", "000Z") >= asked]
    assert asked < newest
    assert ids(second.records(name)) == ids(late)
    assert (
        second.states[-1]["bookmarks"][name]["replication_key_value"]
        == (bookmark["replication_key_value"])
    )


@pytest.mark.parametrize(
    ("name", "root", "sentence"),
    [
        (
            "leads",
            {"replication-key": "archived_at"},
            "FULL_TABLE, or INCREMENTAL on created_at, not as INCREMENTAL on archived_at",
        ),
        (
            "leads",
            {"replication-method": "LOG_BASED"},
            "FULL_TABLE, or INCREMENTAL on created_at, not as LOG_BASED",
        ),
        (
            "customers",
            {"replication-method": "INCREMENTAL", "replication-key": "created_at"},
            "FULL_TABLE, not as INCREMENTAL on created_at",
        ),
        (
            "pin_types",
            {"replication-method": "INCREMENTAL"},
            "FULL_TABLE, not as INCREMENTAL",
        ),
        (
            "serviced_jobs",
            {"replication-method": "INCREMENTAL", "replication-key": "created_at"},
            "FULL_TABLE, or INCREMENTAL on service_date, not as INCREMENTAL on created_at",
        ),
    ],
)
def test_an_impossible_replication_is_refused(tap, sandbox, name, root, sentence):
    result = tap(catalog=catalog_of(**{name: root}))
    (found,) = said(result)
    assert found.startswith(f"The stream {name} can be replicated as {sentence}")
    assert " on None" not in found
    assert_refused(result, found)
    assert sandbox.requests == []


@pytest.mark.parametrize("name", ["leads", "customers"])
def test_a_catalog_that_says_nothing_of_replication_keeps_the_default(tap, name):
    catalog = catalog_of(**{name: {}})
    for entry in catalog["streams"]:
        for left_out in ("replication_method", "replication_key", "key_properties"):
            entry.pop(left_out, None)
        for item in entry["metadata"]:
            item["metadata"].pop("table-key-properties", None)
            item["metadata"].pop("valid-replication-keys", None)
    result = tap(catalog=catalog)
    assert result.status == 0
    assert result.of_type("SCHEMA", name)[0]["key_properties"] == ["id"]
    has_bookmark = "replication_key_value" in result.states[-1]["bookmarks"][name]
    assert has_bookmark is (name == "leads")


def test_an_unbuffered_process_writes_the_same(sandbox, tmp_path):
    run_tap = RunTap(tmp_path, {"api_url": sandbox.url, "api_key": sandbox.api_key})
    lines = []
    for env in ({}, {"PYTHONUNBUFFERED": "1"}):
        result = run_tap(env=env)
        assert result.status == 0
        lines.append(
            [{k: v for k, v in m.items() if k != "time_extracted"} for m in result.messages]
        )
        assert result.stdout.endswith("}\n")
    assert lines[0] == lines[1]
    in_process = tap_for(sandbox, tmp_path)()
    assert [r["record"] for r in in_process.of_type("RECORD")] == [
        m["record"] for m in lines[0] if m["type"] == "RECORD"
    ]
