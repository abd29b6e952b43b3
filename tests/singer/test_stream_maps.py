"""Stream maps and flattening, as any Singer tap has them; and what is wrong with them."""

from __future__ import annotations

import hashlib
import typing as t
from decimal import Decimal

import pytest
import yaml

from tests.harness.catalog import entries, selecting
from tests.harness.documents import blocks
from tests.harness.outcome import assert_refused
from tests.harness.tap import Tap
from tools.sandbox import Company, Sandbox

if t.TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.harness.run import Run

FILE = "docs/recipes.md"
COMPANY = Company(leads=40)


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    with Sandbox(COMPANY) as server:
        yield server


@pytest.fixture
def sandbox(server: Sandbox) -> Sandbox:
    server.reset_log()
    return server


@pytest.fixture
def tap(sandbox: Sandbox, tmp_path: Path) -> Tap:
    return Tap(tmp_path, sandbox, retry_minutes=0)


@pytest.fixture
def company() -> Company:
    return Company(leads=10)


@pytest.fixture
def changed(company: Company, tmp_path: Path) -> Iterator[Tap]:
    """A tap before a company that a test changes."""
    with Sandbox(company) as sandbox:
        yield Tap(tmp_path, sandbox, retry_minutes=0)


def test_a_stream_map_renames_computes_and_leaves_out(tap):
    result = tap.run(
        stream_maps={
            "leads": {
                "__alias__": "prospects",
                "__filter__": "archived == False",
                "__else__": None,
                "id": "id",
                "loud": "name.upper()",
                "email_hash": "md5(email) if email else None",
                "secret": "config['salt']",
            },
            "__else__": None,
        },
        stream_map_config={"salt": "pepper"},
    )
    assert (result.status, result.streams) == (0, ["prospects"])
    assert result.records("prospects") == [
        {
            "id": row["id"],
            "loud": row["name"].upper(),
            "email_hash": hashlib.md5(row["email"].encode()).hexdigest() if row["email"] else None,
            "secret": "pepper",
        }
        for row in COMPANY.rows("leads", archived=False)
    ]
    # What a map leaves out of the records does not hold back the bookmark.
    newest = COMPANY.rows("leads")[0]["created_at"].replace("Z", "000Z")
    assert result.states[-1]["bookmarks"]["leads"]["replication_key_value"] == newest


def test_a_map_of_all_streams_with_some_of_them_deselected(tap):
    result = tap.run("pin_types", stream_maps={"*": {"company": "'north'"}})
    assert (result.status, result.streams) == (0, ["pin_types"])
    assert {record["company"] for record in result.records("pin_types")} == {"north"}


def test_a_stream_map_that_takes_the_key_away_is_refused(tap, sandbox):
    result = tap.run(stream_maps={"leads": {"id": None}})
    (sentence,) = result.errors
    assert "stream_maps cannot be used: Removing key property 'id'" in sentence
    assert_refused(result, sentence)
    assert sandbox.requests == []


EMAILS = "'emails'; did you mean email?"


@pytest.mark.parametrize(
    ("maps", "what"),
    [
        ({"lead": {"email": None}}, "names an unknown stream, 'lead'; did you mean leads?"),
        ({"old": {"__source__": "lead"}}, "names an unknown stream, 'lead'; did you mean leads?"),
        ({"x*": {}, "__else__": None}, "names an unknown stream, 'x*'"),
        *(
            ({name: {"emails": value}}, f"takes an unknown field away, {EMAILS}")
            for name in ("leads", "lead*")
            for value in (None, "None", "__NULL__")
        ),
    ],
)
def test_a_stream_map_of_nothing_is_refused(tap, sandbox, maps, what):
    """What it was to mask would leave as it is."""
    result = tap.run(stream_maps=maps)
    assert_refused(result, f"The setting stream_maps {what}")
    assert sandbox.requests == []


def test_a_map_of_what_is_not_selected_is_none_of_nothing(tap):
    maps = {"leads": {"email": None}, "*": {"extra_fields": None}, "all": {"__source__": "pins"}}
    assert tap.run("pin_types", stream_maps=maps).status == 0


def test_faker_has_to_be_there(tap, sandbox):
    result = tap.run(faker_config={"seed": 1})
    assert_refused(
        result, "The setting faker_config needs the package faker installed beside the tap"
    )
    assert sandbox.requests == []


def test_a_stream_map_that_cannot_be_read_is_refused(tap, sandbox):
    result = tap.run(stream_maps={"leads": {"x": "nonsense("}})
    assert (result.status, result.stdout, sandbox.requests) == (1, "", [])
    (sentence,) = result.errors
    assert sentence in result.last_line
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("expression", ["nonsense(1)", "lambda: 1", "nonsense"])
def test_a_stream_map_that_makes_no_sense_ends_the_run(tap, expression):
    result = tap.run(stream_maps={"leads": {"x": expression}})
    assert (result.status, result.of_type("RECORD", "leads")) == (1, [])
    (sentence,) = result.errors
    assert sentence in result.last_line
    assert "Traceback" not in result.stderr
    assert "replication_key_value" not in result.bookmark("leads")


def test_a_stream_map_that_fails_on_a_row_tells_nothing_of_it(tap):
    result = tap.run(stream_maps={"pins": {"x": "int(created_by['email'])"}})
    assert result.status == 1
    (sentence,) = result.errors
    assert "pins" in sentence
    assert sentence in result.last_line
    assert "Traceback" not in result.stderr
    assert "@" not in result.stderr
    assert result.records("pins") == []


def test_flattening(tap):
    result = tap.run(flattening_enabled=True, flattening_max_depth=1)
    assert result.status == 0
    properties = result.of_type("SCHEMA", "customers")[0]["schema"]["properties"]
    cities = {row["id"]: row["address"]["city"] for row in COMPANY.rows("customers")}
    assert "address" not in properties
    assert properties["address__city"]["type"] == ["string", "null"]
    assert {r["id"]: r["address__city"] for r in result.records("customers")} == cities


def assert_as_declared(result: Run) -> None:
    """Assert that records have the properties of their schema, in its order, and no object."""
    for stream in result.streams:
        properties = result.of_type("SCHEMA", stream)[0]["schema"]["properties"]
        for record in result.records(stream):
            assert list(record) == list(properties)
            assert not any(isinstance(value, dict | list) for value in record.values())


@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("length", [None, 8])
def test_flattened_records_are_as_declared(changed, company, depth, length):
    customer = {"id": "c", "phone": "555"}
    plans = [
        company.insert("service_plans", sold_by=None, customer={})[0],
        company.insert(
            "service_plans", sold_by={}, customer=customer, new=[{"a": Decimal("1.10")}]
        )[0],
    ]
    result = changed.succeed(
        *("service_plans", "serviced_jobs", "pins"),
        flattening_enabled=True,
        flattening_max_depth=depth,
        flattening_max_key_length=length,
        stream_maps={"pins": {"by": "created_by", "created_by": None}},
    )
    assert_as_declared(result)
    records = {record["id"]: record for record in result.records("service_plans")}
    first, second = (records[plan["id"]] for plan in plans)
    if length is None:
        sold_by = [f"sold_by__{name}" for name in ("user_id", "name", "email")]
        assert [name for name in first if "sold_by" in name] == sold_by
        assert {first[name] for name in sold_by} == {None}
        assert (first["customer__id"], second["customer__id"]) == (None, "c")
        assert second["extra_fields"] == '{"customer.phone":"555","new":[{"a":1.10}]}'
        pin = result.records("pins")[0]
        assert pin["by__email"]


def test_a_key_length_that_gives_two_fields_one_name_is_refused(tap, sandbox):
    options = {"flattening_enabled": True, "flattening_max_depth": 1}
    result = tap.run(**options, flattening_max_key_length=5)
    sentence = (
        "leads: flattening gives one name to two fields (Duplicate column name produced in "
        "schema: pc): raise flattening_max_key_length or change flattening_separator"
    )
    assert_refused(result, sentence)
    assert sandbox.requests == []


@pytest.mark.parametrize(
    ("expression", "value", "sentence"),
    [
        (
            "projected_value * 1.1",
            12.5,
            "the stream map of v fails on a record where projected_value is a decimal (TypeError)",
        ),
        (
            "projected_value * 1.1",
            None,
            "the stream map of v fails on a record where projected_value is null (TypeError)",
        ),
        (
            "_['value_score'] + record['name']",
            7,
            (
                "the stream map of v fails on a record where name is text and value_score is a "
                "whole number (TypeError)"
            ),
        ),
        (
            "datetime.timedelta",
            7,
            "a stream map makes of a record what cannot be sent (TypeError)",
        ),
        (
            "nonsense + 1",
            7,
            "the stream map of v fails on a record (NameNotDefined)",
        ),
    ],
)
def test_a_stream_map_that_fails_says_which_and_on_what(
    changed, company, expression, value, sentence
):
    company.insert("leads", name="Jane", projected_value=value, value_score=7)
    result = changed.run("leads", stream_maps={"leads": {"v": expression}})
    assert result.errors == [f"leads: {sentence}"]
    assert result.last_line == f"ERROR leads: {sentence}"
    assert "Jane" not in result.stderr


def test_the_recipes_for_columns(changed, company):
    values = [None, 100, 500, Decimal("1234.50")]
    for value in values:
        company.insert("leads", projected_value=value, location=[Decimal("41.65622"), -93])
    company.insert("leads", projected_value=101, location=None, follow_up_date="2026-03-01")
    maps, types = (yaml.safe_load(block.text) for block in blocks(FILE, "Columns of your own"))
    (mapped,), (declared,) = (found["plugins"]["extractors"] for found in (maps, types))
    catalog = selecting("leads")
    properties = entries(catalog)["leads"]["schema"]["properties"]
    for name, override in declared["schema"]["leads"].items():
        properties[name].update(override)

    result = changed.succeed("leads", **mapped["config"])
    found = [
        (record["with_tax"], record["cents"], record["place"])
        for record in result.records("leads")[:4]
    ]
    assert found == [
        (101 * 1.1, 10100, None),
        (1234.50 * 1.1, 123450, "[41.65622, -93.0]"),
        (500 * 1.1, 50000, "[41.65622, -93.0]"),
        (None, None, "[41.65622, -93.0]"),
    ]
    columns = result.of_type("SCHEMA")[0]["schema"]["properties"]
    kinds = [columns[name]["type"][0] for name in ("with_tax", "cents", "place")]
    assert kinds == ["number", "integer", "string"]

    first, second = changed.succeed(catalog=catalog).records("leads")[:2]
    assert (first["location"], second["location"]) == (None, "[41.65622,-93]")
    assert first["follow_up_date"] == "2026-03-01T00:00:00.000000Z"


def test_a_filter_that_fails_says_so(changed, company):
    company.insert("leads", projected_value=None)
    result = changed.run("leads", stream_maps={"leads": {"__filter__": "projected_value > 100"}})
    (sentence,) = result.errors
    assert sentence == (
        "leads: the stream map of __filter__ fails on a record where projected_value is null "
        "(TypeError)"
    )


def test_flattening_without_a_depth_is_refused(tap, sandbox):
    result = tap.run(flattening_enabled=True)
    assert_refused(result, "flattening_max_depth is required when flattening is enabled")
    assert sandbox.requests == []


@pytest.mark.parametrize(
    "maps", [{"leads": {"__alias__": "pins"}}, {"pins": {"__source__": "leads"}}]
)
def test_two_streams_under_one_name_are_refused(tap, sandbox, maps):
    """By the ACTIVATE_VERSION of the one, a target would delete the rows of the other."""
    result = tap.run(stream_maps=maps)
    sentence = (
        "The setting stream_maps cannot be used: it sends leads and pins under one name, pins"
    )
    assert_refused(result, sentence)
    assert sandbox.requests == []
