"""The tap as a plain Singer tap: its options, selection, replication."""

from __future__ import annotations

import json
import typing as t
from importlib.metadata import version

import pytest

from tests.harness.catalog import discovered, entries, root, schemas, selecting
from tests.harness.outcome import assert_refused
from tests.harness.run import READS, invoke
from tests.harness.streams import NAMES, ROTOR
from tests.harness.tap import Tap
from tools.sandbox import Company, Sandbox

if t.TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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
    return Tap(tmp_path, sandbox, retry_minutes=0)


def ids(rows: list[dict[str, t.Any]]) -> list[str]:
    return [row["id"] for row in rows]


def test_version():
    result = invoke(["--version"])
    assert result.status == 0
    assert result.stdout == (
        f"tap-rotor v{version('tap-rotor')}, Meltano SDK v{version('singer-sdk')}\n"
    )


def test_about_as_json():
    result = invoke(["--about", "--format=json"])
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
    result = invoke(arguments)
    settings = json.loads(invoke(["--about", "--format=json"]).stdout)["settings"]["properties"]
    assert result.status == 0
    assert [name for name in settings if name not in result.stdout] == []


def test_a_connection_test_reads_a_row_of_each_stream(tap, sandbox):
    result = tap.run(args=["--test"])
    assert result.status == 0
    assert {name: len(result.records(name)) for name in NAMES} == dict.fromkeys(NAMES, 1)
    assert sandbox.count() == len(NAMES)
    # The SDK calls the end of each stream an unhandled error.
    assert "error" not in result.stderr.lower()


def test_a_connection_test_with_a_wrong_key_fails(tap, sandbox):
    result = tap.run(api_key="rotor_wrong_key", args=["--test"])
    assert (result.status, result.reads["leads"]["reason"], sandbox.count()) == (
        1,
        "key_refused",
        1,
    )
    assert "Rotor does not accept the API key (status 401)" in result.last_line


def test_a_schema_test_asks_for_nothing(tap, sandbox):
    result = tap.run(api_key="rotor_wrong_key", args=["--test=schema"])
    assert (result.status, result.streams, sandbox.requests) == (0, list(NAMES), [])


def test_all_streams_are_read_leads_first(tap, sandbox):
    result = tap.run(catalog=discovered())
    assert (result.status, result.streams) == (0, list(NAMES))
    assert [request.path for request in sandbox.requests] == [of.path for of in ROTOR.values()]
    for name in NAMES:
        assert ids(result.records(name)) == ids(COMPANY.rows(name))


def test_the_order_of_the_catalog_does_not_matter(tap):
    catalog = {"streams": discovered()["streams"][::-1]}
    assert tap.succeed(catalog=catalog).streams == list(NAMES)


def test_only_selected_streams_are_asked_for(tap, sandbox):
    result = tap.run("pins", "serviced_jobs")
    assert (result.status, result.streams) == (0, ["pins", "serviced_jobs"])
    assert [request.path for request in sandbox.requests] == ["/pins", "/serviced-jobs"]


def test_only_selected_fields_are_sent_and_keys_always(tap):
    catalog = selecting("customers", "leads")
    dropped = {"email", "phone", "address", "id", "created_at"}
    for entry in catalog["streams"]:
        for item in entry["metadata"]:
            if item["breadcrumb"][1:] and item["breadcrumb"][1] in dropped:
                item["metadata"]["selected"] = False
    result = tap.run(catalog=catalog)
    assert result.status == 0
    for name, kept in (("leads", {"id", "created_at"}), ("customers", {"id"})):
        expected = set(schemas()[name]["properties"]) - dropped | kept
        assert set(result.of_type("SCHEMA", name)[0]["schema"]["properties"]) == expected
        assert {field for record in result.records(name) for field in record} == expected
        assert ids(result.records(name)) == ids(COMPANY.rows(name))


def test_catalog_and_state_together(tap):
    catalog = selecting("leads")
    first = tap.succeed(lookback_days=0, catalog=catalog)
    second = tap.succeed(lookback_days=0, page_size=2, state=first.states[-1], catalog=catalog)
    newest = COMPANY.rows("leads")[0]
    assert ids(second.records("leads")) == [newest["id"]]
    assert second.bookmark("leads") == first.bookmark("leads")


@pytest.mark.parametrize("method", ["FULL_TABLE", "full_table"])
def test_leads_can_be_read_whole(tap, method):
    catalog = selecting("leads", metadata={"replication-method": method})
    first = tap.run(catalog=catalog)
    second = tap.run(catalog=catalog, state=first.states[-1])
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
    catalog = selecting(name, metadata=root)
    first = tap.succeed(start_date="2024-03-01", catalog=catalog)
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
    second = tap.succeed(
        start_date="2024-03-01", lookback_days=0, state=first.states[-1], catalog=catalog
    )
    (asked,) = [request.query[since] for request in sandbox.requests]
    late = [row for row in COMPANY.rows(name) if row[key].replace("Z", "000Z") >= asked]
    assert asked < newest
    assert ids(second.records(name)) == ids(late)
    assert (
        second.states[-1]["bookmarks"][name]["replication_key_value"]
        == (bookmark["replication_key_value"])
    )


def test_a_key_alone_means_incremental(tap):
    catalog = selecting("service_plans", metadata={"replication-key": "created_at"})
    run = tap.succeed(catalog=catalog)
    assert run.bookmark("service_plans")["replication_key"] == "created_at"
    # Of leads --discover prints the key: it says nothing against a method beside the metadata.
    catalog = selecting("leads")
    entries(catalog)["leads"]["replication_method"] = "FULL_TABLE"
    assert "replication_key" not in tap.succeed(catalog=catalog).bookmark("leads")


def test_replication_counts_for_selected_streams_only(tap):
    """Meltano writes a rule for * to every stream."""
    catalog = selecting("leads")
    for entry in catalog["streams"]:
        rule = {"replication-method": "INCREMENTAL", "replication-key": "created_at"}
        root(entry).update(rule)
    assert tap.succeed(catalog=catalog).streams == ["leads"]


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
            "service_plans",
            {"replication-key": "updated_at"},
            "FULL_TABLE, or INCREMENTAL on created_at, not as INCREMENTAL on updated_at",
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
    result = tap.run(catalog=selecting(name, metadata=root))
    (found,) = result.errors
    assert found.startswith(f"The stream {name} can be replicated as {sentence}")
    assert " on None" not in found
    assert_refused(result, found)
    assert sandbox.requests == []


def test_a_replication_key_beside_the_metadata_counts_too(tap, sandbox):
    catalog = selecting("leads")
    for entry in catalog["streams"]:
        entry["replication_key"] = "archived_at"
    (found,) = tap.run(catalog=catalog).errors
    assert found.endswith("not as INCREMENTAL on archived_at")
    assert sandbox.requests == []


@pytest.mark.parametrize("name", ["leads", "customers"])
def test_a_catalog_that_says_nothing_of_replication_keeps_the_default(tap, name):
    catalog = selecting(name)
    for entry in catalog["streams"]:
        for left_out in ("replication_method", "replication_key", "key_properties"):
            entry.pop(left_out, None)
        for item in entry["metadata"]:
            item["metadata"].pop("table-key-properties", None)
            item["metadata"].pop("valid-replication-keys", None)
    result = tap.run(catalog=catalog)
    assert result.status == 0
    assert result.of_type("SCHEMA", name)[0]["key_properties"] == ["id"]
    has_bookmark = "replication_key_value" in result.states[-1]["bookmarks"][name]
    assert has_bookmark is (name == "leads")


@pytest.mark.slow
def test_an_unbuffered_process_writes_the_same(tap):
    lines = []
    for env in ({}, {"PYTHONUNBUFFERED": "1"}):
        result = tap.run(env=env, process=True)
        assert result.status == 0
        lines.append(
            [
                {k: v for k, v in message.items() if k != "time_extracted"}
                for message in result.messages
                if message["type"] != "STATE" and message["stream"] != READS
            ]
        )
        assert result.stdout.endswith("}\n")
    assert lines[0] == lines[1]
    in_process = tap.succeed()
    assert [r["record"] for r in in_process.of_type("RECORD")] == [
        m["record"] for m in lines[0] if m["type"] == "RECORD"
    ]
