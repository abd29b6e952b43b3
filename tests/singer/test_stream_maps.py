"""Stream maps and flattening, as any Singer tap has them; and what is wrong with them."""

from __future__ import annotations

import hashlib
import typing as t

import pytest

from tests.harness.outcome import assert_refused
from tests.harness.tap import Tap
from tools.sandbox import Company, Sandbox

if t.TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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


def test_flattening_without_a_depth_is_refused(tap, sandbox):
    result = tap.run(flattening_enabled=True)
    assert_refused(result, "flattening_max_depth is required when flattening is enabled")
    assert sandbox.requests == []
