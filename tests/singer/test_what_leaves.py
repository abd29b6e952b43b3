"""Exactly what SCHEMA declares leaves, at every depth; what else there is leaves or is left out."""

from __future__ import annotations

import json
import re
import typing as t
from unittest import mock
from unittest.mock import ANY

import pytest

from paged_rest.singer.sdk import SdkStream
from paged_rest.singer.writer import MessageWriter
from tap_nexus_erp.tap import TapNexusErp
from tests.harness.catalog import entries, root, selecting
from tests.harness.outcome import assert_refused
from tests.harness.tap import Tap
from tools.sandbox import Company, NexusSandbox, Organisation, Sandbox

if t.TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.harness.run import Run

LEFT_OUT = "left out, as"
KEPT = "kept in extra_fields, as"
UNKNOWN = "fields that the schema does not know:"
MISFIT = "values that do not fit their type:"


@pytest.fixture(scope="module")
def company() -> Company:
    company = Company(leads=3)
    company.insert(
        "serviced_jobs",
        customer={"id": "c", "first_name": "A", "phone": "555-0100", "full_name": "A B"},
        technicians=[{"name": "T", "home_phone": "555-0199"}],
        status="Completed",
    )
    company.insert("leads", ssn="078-05-1120", stage=5, projected_value=12.5)
    company.insert("service_plans", sold_by=None, customer={}, num_pending_jobs=12.5)
    return company


@pytest.fixture(scope="module")
def server(company: Company) -> Iterator[Sandbox]:
    with Sandbox(company, quota=100_000) as server:
        yield server


@pytest.fixture
def tap(server: Sandbox, tmp_path: Path) -> Tap:
    server.reset_log()
    return Tap(tmp_path, server, retry_minutes=0)


def catalog(stream: str, *deselected: str, **overrides: t.Any) -> dict[str, t.Any]:
    """Return a catalog of one stream, with fields deselected and properties declared anew."""
    chosen = selecting(stream)
    entry = entries(chosen)[stream]
    for item in entry["metadata"]:
        if ".".join(item["breadcrumb"][1::2]) in deselected and item["breadcrumb"]:
            item["metadata"]["selected"] = False
    for name, override in overrides.items():
        declared = entry["schema"]["properties"]
        declared[name] = {**declared.get(name, {}), **override}
    return chosen


def assert_as_declared(run: Run, stream: str) -> list[dict[str, t.Any]]:
    """Return the records, each of which must have the properties of the schema, in its order."""
    schema = run.of_type("SCHEMA", stream)[-1]["schema"]
    for record in run.records(stream):
        assert names(record) == declared(schema, record)
    return run.records(stream)


def names(value: t.Any) -> t.Any:
    if isinstance(value, dict):
        return [(name, names(inner)) for name, inner in value.items() if name != "extra_fields"]
    return [names(item) for item in value] if isinstance(value, list) else None


def declared(schema: dict[str, t.Any], value: t.Any) -> t.Any:
    if isinstance(value, dict):
        return [
            (name, declared(inner, value.get(name)))
            for name, inner in schema["properties"].items()
            if name != "extra_fields"
        ]
    if isinstance(value, list):
        return [declared(schema["items"], item) for item in value]
    return None


PERSONAL = ["customer.first_name", "customer.last_name", "customer.company_name"]


def test_nested_unknown_fields_leave_only_in_extra_fields(tap):
    run = tap.succeed(catalog=catalog("serviced_jobs", *PERSONAL))
    (job,) = [job for job in assert_as_declared(run, "serviced_jobs") if job["extra_fields"]]
    assert job["customer"] == {"id": "c"}
    assert job["extra_fields"] == {
        "customer.phone": "555-0100",
        "customer.full_name": "A B",
        "technicians.0.home_phone": "555-0199",
    }


def test_personal_data_does_not_leave_by_a_field_that_is_new(tap):
    run = tap.succeed(catalog=catalog("serviced_jobs", *PERSONAL, "extra_fields"))
    assert_as_declared(run, "serviced_jobs")
    assert not any(text in run.stdout for text in ("555-01", "A B", "extra_fields"))
    assert run.problems == [
        (
            f"serviced_jobs: {LEFT_OUT} {UNKNOWN} customer.phone (1), customer.full_name (1), "
            "technicians.0.home_phone (1)"
        )
    ]


@pytest.mark.parametrize("flattened", [False, True])
def test_a_trimmed_catalog_sends_what_it_declares(tap, flattened):
    trimmed = catalog("leads")
    entry = entries(trimmed)["leads"]
    kept = ["stage", "id", "created_at"]
    properties = entry["schema"]["properties"]
    entry["schema"]["properties"] = {name: properties[name] for name in kept}
    entry["metadata"] = [
        item for item in entry["metadata"] if item["breadcrumb"][1:2] in ([], *([k] for k in kept))
    ]
    options = {"flattening_enabled": True, "flattening_max_depth": 2} if flattened else {}
    run = tap.succeed(catalog=trimmed, **options)
    assert list(run.of_type("SCHEMA", "leads")[0]["schema"]["properties"]) == kept
    assert {tuple(record) for record in run.records("leads")} == {tuple(kept)}
    assert run.problems == [
        f"leads: {LEFT_OUT} {UNKNOWN} ssn (1)",
        f"leads: {LEFT_OUT} {MISFIT} stage (1)",
    ]


def maps(**rules: str | None) -> dict[str, t.Any]:
    return {"leads": rules}


@pytest.mark.parametrize(
    ("stream_maps", "said"),
    [
        (maps(__else__="__NULL__", id="id"), LEFT_OUT),
        (maps(extra_fields=None), LEFT_OUT),
        (maps(extra_fields="'x'"), LEFT_OUT),
        (maps(loud="name"), KEPT),
        (maps(__else__="__NULL__", id="id", rest="extra_fields"), KEPT),
        (maps(extra_fields="json.dumps(self)"), KEPT),
    ],
)
def test_what_is_said_to_be_kept_is_kept(tap, stream_maps, said):
    run = tap.succeed("leads", stream_maps=stream_maps)
    assert ("078-05-1120" in run.stdout) is (said is KEPT)
    assert run.problems == [
        f"leads: {said} {UNKNOWN} ssn (1)",
        f"leads: {said} {MISFIT} stage (1)",
    ]


TEXT = {"type": ["string", "null"]}


@pytest.mark.parametrize(
    ("field", "override", "value"),
    [
        ("projected_value", TEXT, "12.5"),
        ("projected_value", {"type": "string"}, "12.5"),
        ("projected_value", {"type": ["integer", "null"]}, None),
        ("projected_value", {**TEXT, "format": "x-singer.decimal"}, "12.5"),
        ("ssn", TEXT, "078-05-1120"),
        ("extra_fields", TEXT, '{"stage":5,"ssn":"078-05-1120"}'),
    ],
)
def test_a_type_that_the_catalog_declares_is_honoured(tap, field, override, value):
    run = tap.succeed(catalog=catalog("leads", **{field: override}))
    record = assert_as_declared(run, "leads")[0]
    assert record[field] == value
    kind = override["type"] if isinstance(override["type"], str) else override["type"][0]
    properties = run.of_type("SCHEMA", "leads")[0]["schema"]["properties"]
    assert properties[field]["type"] == [kind, "null"]
    if value is None:
        assert record["extra_fields"][field] == 12.5


def test_what_the_catalog_leaves_unsaid_is_as_the_tap_has_it(tap):
    whole = tap.succeed("serviced_jobs")
    chosen = catalog("serviced_jobs")
    properties = entries(chosen)["serviced_jobs"]["schema"]["properties"]
    properties["customer"] = {"type": ["object", "null"]}
    properties["technicians"] = {"type": "array"}
    properties["total_received"] = {"description": "Money."}
    properties["extra_fields"]["properties"] = {}
    run = tap.succeed(catalog=chosen)
    assert run.records("serviced_jobs") == whole.records("serviced_jobs")
    assert_as_declared(run, "serviced_jobs")
    del entries(chosen)["serviced_jobs"]["schema"]["properties"]
    assert tap.succeed(catalog=chosen).of_type("RECORD") != []


def test_an_object_can_be_declared_as_text(tap):
    run = tap.succeed(catalog=catalog("serviced_jobs", customer=TEXT, technicians=TEXT))
    (job,) = [job for job in run.records("serviced_jobs") if "full_name" in str(job["customer"])]
    customer = {"id": "c", "first_name": "A", "phone": "555-0100", "full_name": "A B"}
    assert json.loads(job["customer"]) == customer
    assert json.loads(job["technicians"]) == [{"name": "T", "home_phone": "555-0199"}]
    declared = run.of_type("SCHEMA", "serviced_jobs")[0]["schema"]["properties"]["customer"]
    assert declared.keys() == {"type", "description"}


def test_a_moment_that_is_read_by_can_be_declared_as_text(tap):
    first = tap.succeed("leads")
    chosen = catalog("leads")
    del entries(chosen)["leads"]["schema"]["properties"]["created_at"]["format"]
    run = tap.succeed(catalog=chosen)
    assert run.records("leads") == first.records("leads")
    former = {**first.bookmark("leads"), "last_whole_read_at": ANY}
    assert run.bookmark("leads") == former


@pytest.mark.parametrize(
    ("field", "override", "problem"),
    [
        ("leads.stage", {"type": "integer"}, "integer, .* date, date-time, string only"),
        ("leads.stage", {"format": "uuid"}, "uuid, .* date, date-time, string only"),
        ("leads.id", {"type": "integer"}, "integer, .* string only"),
        ("leads.archived_at", {"format": "date"}, "date, .* date-time, string only"),
        ("leads.tags", {"type": ["string", "array"]}, "array or string, .* array, string only"),
        ("leads.new", {"type": ["string", "number"]}, "number or string, .*"),
        ("pins.created_by.name", {"type": "number"}, "number, .* date, date-time, string only"),
    ],
)
def test_a_type_that_values_cannot_be_sent_as_is_refused(tap, field, override, problem):
    stream, name, *inner = field.split(".")
    below = {"properties": {inner[0]: override}} if inner else override
    run = tap.run(catalog=catalog(stream, **{name: below}))
    (sentence,) = run.errors
    path = field.removeprefix(f"{stream}.")
    assert re.fullmatch(f"{stream}: the catalog declares {path} as {problem}", sentence)
    assert_refused(run, sentence)
    assert tap.sandbox.requests == []


def test_a_part_that_is_deselected_does_not_leave_as_text(tap):
    chosen = catalog("serviced_jobs", "customer.first_name", customer=TEXT)
    sentence = (
        "serviced_jobs: the catalog declares customer as string and deselects a part of it; "
        "deselect all of it, or leave its type"
    )
    assert_refused(tap.run(catalog=chosen), sentence)


def test_a_stream_that_is_not_selected_is_not_refused(tap):
    chosen = catalog("pin_types")
    entries(chosen)["leads"]["schema"]["properties"]["stage"]["type"] = "integer"
    assert tap.succeed(catalog=chosen).streams == ["pin_types"]


# Keys


@pytest.mark.parametrize("inclusion", ["available", "automatic", "unsupported"])
def test_the_key_leaves_whatever_the_catalog_says_of_it(tap, inclusion):
    chosen = catalog("service_plans", "id", "created_at")
    entry = entries(chosen)["service_plans"]
    root(entry).update({"replication-method": "INCREMENTAL", "replication-key": "created_at"})
    for item in entry["metadata"]:
        if item["breadcrumb"][1:] in (["id"], ["created_at"]):
            item["metadata"]["inclusion"] = inclusion
    run = tap.succeed(catalog=chosen)
    for plan in assert_as_declared(run, "service_plans"):
        assert (bool(plan["id"]), bool(plan["created_at"])) == (True, True)
    assert [line for line in run.logged("INFO") if "though" in line] == [
        "service_plans: id is sent though it is deselected: targets find rows by it",
        "service_plans: created_at is sent though it is deselected: the bookmark is made of it",
    ]


def test_what_only_the_reading_needs_does_not_leave(tap):
    whole = tap.succeed("service_plans")
    run = tap.succeed(catalog=catalog("service_plans", "created_at"))
    assert "created_at" not in run.stdout.partition('"STATE"')[0]
    assert [plan["id"] for plan in assert_as_declared(run, "service_plans")] == whole.ids(
        "service_plans"
    )


# What targets are told of types


def test_counts_are_whole_numbers_and_keys_have_a_length(tap):
    run = tap.succeed("service_plans")
    properties = run.of_type("SCHEMA")[0]["schema"]["properties"]
    counts = [name for name, of in properties.items() if of["type"] == ["integer", "null"]]
    assert counts == ["num_completed_jobs", "num_pending_jobs", "num_scheduled_jobs"]
    assert (properties["id"]["type"], properties["id"]["maxLength"]) == ("string", 255)
    (plan,) = [plan for plan in assert_as_declared(run, "service_plans") if plan["extra_fields"]]
    assert plan["num_pending_jobs"] is None
    assert plan["extra_fields"] == {"num_pending_jobs": 12.5}
    assert "multipleOf" not in run.stdout


def test_decimals_and_objects_as_text(tap):
    plain = tap.succeed("leads", "service_plans")
    run = tap.succeed("leads", "service_plans", use_singer_decimal=True, json_as_string=True)
    properties = run.of_type("SCHEMA", "leads")[0]["schema"]["properties"]
    exact = {"format": "x-singer.decimal", "precision": 38, "scale": 9}
    for name in ("projected_value", "value_score"):
        assert {**properties[name], "type": ["string", "null"], **exact} == properties[name]
    assert properties["location"]["items"]["type"] == ["number", "null"]
    assert properties["extra_fields"]["type"] == ["string", "null"]
    for stream in ("leads", "service_plans"):
        for before, after in zip(plain.records(stream), run.records(stream), strict=True):
            for name, value in before.items():
                assert after[name] == as_text(name, value)


def as_text(name: str, value: t.Any) -> t.Any:
    if name == "extra_fields":
        return value and json.dumps(value, separators=(",", ":"))
    money = {"projected_value", "value_score", "sale_value", "total_received"}
    return str(value) if name in money and value is not None else value


def test_the_other_tap_declares_the_same(tmp_path):
    with NexusSandbox(Organisation(3)) as sandbox:
        tap = Tap(tmp_path, sandbox, of=TapNexusErp)
        run = tap.succeed(json_as_string=True)
    properties = run.of_type("SCHEMA", "leads")[0]["schema"]["properties"]
    assert properties["id"]["maxLength"] == 255
    assert properties["extra_fields"]["type"] == ["string", "null"]
    assert_as_declared(run, "leads")


# Both ways


def test_a_partly_selected_stream_is_written_the_quick_way(tap, monkeypatch):
    chosen = catalog("leads", "phone", "extra_fields")
    with mock.patch.object(
        MessageWriter, "write_records", autospec=True, side_effect=MessageWriter.write_records
    ) as write:
        quick = tap.succeed(catalog=chosen)
    assert write.called
    monkeypatch.setattr(SdkStream, "uses_fast_path", False)
    assert tap.succeed(catalog=chosen).records("leads") == quick.records("leads")
    assert {"phone", "extra_fields"}.isdisjoint(quick.records("leads")[0])
