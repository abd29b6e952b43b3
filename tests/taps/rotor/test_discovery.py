"""What the tap says of itself before it reads: the catalog, and a schema per stream."""

from __future__ import annotations

import json
import typing as t

import pytest
from syrupy.extensions.json import JSONSnapshotExtension

from tests.harness.catalog import entries, root
from tests.harness.run import READS, invoke
from tests.harness.streams import NAMES, ROTOR
from tests.harness.tap import Tap
from tools.sandbox import Company, Sandbox

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from syrupy.assertion import SnapshotAssertion

JSON_TYPES = {"string", "number", "integer", "boolean", "object", "array", "null"}


@pytest.fixture(scope="module")
def discovered() -> str:
    result = invoke(["--discover"])
    assert result.status == 0
    return result.stdout


@pytest.fixture(scope="module")
def catalog(discovered: str) -> dict[str, t.Any]:
    return entries(json.loads(discovered))


@pytest.fixture
def json_snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(JSONSnapshotExtension)


def nested(schema: Mapping[str, t.Any], path: str) -> Iterator[tuple[str, Mapping[str, t.Any]]]:
    """Yield a schema and, with their paths, all below it that have a name."""
    yield path, schema
    for name, inner in schema.get("properties", {}).items():
        yield from nested(inner, f"{path}.{name}")
    for name, inner in schema.get("items", {}).get("properties", {}).items():
        yield from nested(inner, f"{path}.0.{name}")


def test_streams_come_in_the_order_in_which_they_are_read(catalog):
    assert list(catalog) == [*NAMES, READS]


@pytest.mark.parametrize("name", NAMES)
def test_keys_and_replication(catalog, name):
    entry = catalog[name]
    expected = ROTOR[name]
    metadata = root(entry)
    assert entry["key_properties"] == ["id"]
    assert metadata["table-key-properties"] == ["id"]
    assert entry["replication_method"] == expected.method
    assert entry.get("replication_key") == expected.key
    assert metadata.get("valid-replication-keys", []) == list(expected.possible_keys)
    assert metadata["inclusion"] == "available"


@pytest.mark.parametrize("name", NAMES)
def test_keys_are_always_sent_and_all_else_can_be_deselected(catalog, name):
    inclusion = {
        tuple(item["breadcrumb"]): item["metadata"]["inclusion"]
        for item in catalog[name]["metadata"]
        if len(item["breadcrumb"]) == 2
    }
    automatic = {path[1] for path, value in inclusion.items() if value == "automatic"}
    assert automatic == {"id", ROTOR[name].key} - {None}
    assert {path[1] for path in inclusion} == set(catalog[name]["schema"]["properties"])


def test_without_settings_discovery_only_warns(discovered):
    result = invoke(["--discover"])
    assert result.status == 0
    assert result.stdout == discovered
    assert result.errors == []
    assert len(result.warnings) == 1


def test_settings_do_not_change_the_catalog(discovered, tmp_path):
    with Sandbox(Company(leads=1)) as sandbox:
        tap = Tap(tmp_path, sandbox, start_date="2026-01-01", lead_stage="New")
        assert tap.succeed(args=["--discover"]).stdout == discovered
        assert sandbox.requests == []


@pytest.mark.parametrize("name", NAMES)
def test_schema_as_the_target_gets_it(tmp_path, json_snapshot, name):
    with Sandbox(Company(leads=1)) as sandbox:
        result = Tap(tmp_path, sandbox).run(args=["--test=schema"])
        assert sandbox.requests == []
    assert (result.status, result.streams) == (0, list(NAMES))
    (message,) = result.of_type("SCHEMA", name)
    assert message == json_snapshot


@pytest.mark.parametrize("name", NAMES)
def test_every_field_is_described_nullable_and_open(catalog, name):
    schema = catalog[name]["schema"]
    assert schema["required"] == ["id"]
    assert schema["properties"]["id"]["type"] == "string"
    for path, inner in nested(schema, name):
        if path != name:
            assert inner["description"].endswith("."), path
        types = inner["type"]
        if path not in {name, f"{name}.id"}:
            assert set(types) <= JSON_TYPES, path
            assert "null" in types, path
        # Each would end the load of a target that checks, at the first value it does not allow.
        forbidden = {"enum", "const", "minimum", "maximum", "maxLength", "minLength", "pattern"}
        assert not forbidden & inner.keys(), path
        assert inner.get("format") in {None, "date", "date-time"}, path
        assert inner.get("additionalProperties") in {None, True}, path
        if path != name:
            assert "required" not in inner, path


@pytest.mark.parametrize("name", NAMES)
def test_the_schema_knows_just_the_fields_of_the_rows(catalog, name):
    shown: set[str] = set()
    for variant in ("is_auto_pay", "has_payment_method"):
        company = Company(leads=40, payment_field=variant)
        shown |= {field for row in company.rows(name) for field in row}
    fields = set(catalog[name]["schema"]["properties"])
    assert fields == shown | {"extra_fields"}
    assert len(shown) == ROTOR[name].fields


@pytest.mark.parametrize("variant", ["is_auto_pay", "has_payment_method"])
def test_either_variant_of_customers_fits(tmp_path, variant):
    other = ({"is_auto_pay", "has_payment_method"} - {variant}).pop()
    with Sandbox(Company(leads=0, customers=5, payment_field=variant)) as sandbox:
        result = Tap(tmp_path, sandbox).run()
    assert result.status == 0
    for record in result.records("customers"):
        assert isinstance(record[variant], bool)
        assert (record[other], record["extra_fields"]) == (None, None)
