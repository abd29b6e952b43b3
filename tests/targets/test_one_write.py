"""The loader of `load/` keeps what target-postgres does with tables, keys and messages."""

from __future__ import annotations

import gzip
import json
import subprocess
import typing as t

import pytest

from tests.harness.loader import messages, numbered
from tools.harness import plugins
from tools.harness.project import clean_environment

if t.TYPE_CHECKING:
    from pathlib import Path

    from tests.harness.loader import Loader, Message

TEXT = {"a": {"type": ["string", "null"]}}
WHOLE = {"a": {"type": ["integer", "null"]}}
MOMENT = {"type": "string", "format": "date-time"}


def activate(version: int) -> Message:
    return {"type": "ACTIVATE_VERSION", "stream": "s", "version": version}


def values(tables: dict[str, list[t.Any]], column: str = "a") -> list[t.Any]:
    _, *rows = tables["s"]
    return [row[column] for row in rows]


def test_each_row_is_written_once(loader: Loader) -> None:
    """No row is updated that was just inserted: the first lies at the first place."""
    assert loader.load(messages(TEXT, numbered("ab")), "once").error is None
    (first,) = loader.database.execute("select min(ctid)::text from once.s").fetchall()
    assert first == ("(0,1)",)


# A record changes, and the schema has lost the column `b`, for which the new row has nothing.
KEYS = {
    "none, and a row twice": "create table s (id bigint, a text); insert into s values (1), (1)",
    "part of the table": "create table s (id bigint, a text);"
    "create unique index on s (id) where a = 'new'; insert into s values (1, 'old')",
    "with another column": "create table s (id bigint, a text, unique (id, a));"
    "insert into s values (1, 'old')",
    "checked at the end": "create table s (id bigint unique deferrable, a text);"
    "insert into s values (1, 'old')",
    "of an expression": "create table s (id bigint, a text);"
    "create unique index on s ((id + 0)); insert into s values (1, 'old')",
    "with a check": "create table s (id bigint primary key, a text, b text check (b is not null));"
    "alter table s drop constraint s_b_check, add check (coalesce(b, a) <> 'new' or b = 'x');"
    "insert into s values (1, 'old', 'x'), (0, null, 'x')",
    "with a rule": "create table s (id bigint primary key, a text);"
    "create table log (id bigint);"
    "create rule r as on update to s do also insert into log values (new.id);"
    "insert into s values (1, 'old')",
    "with a trigger": "create table s (id bigint primary key, a text);"
    "create table log (id bigint); create function f() returns trigger language plpgsql as"
    " $$ begin execute format('insert into %I.log values ($1)', tg_table_schema) using new.id;"
    " return new; end $$;"
    "create trigger t before insert on s for each row execute function f();"
    "insert into s values (1, 'old')",
    "with a row in a table that inherits": "create table s (id bigint primary key, a text);"
    "create table heir () inherits (s); insert into heir values (1, 'old')",
    "a partition": "create table whole (id bigint, a text, b text) partition by list (b);"
    "create table s partition of whole (id primary key) for values in ('x');"
    "insert into s values (1, 'old', 'x'), (0, null, 'x')",
    "in partitions, one with a check": "create table s (id bigint primary key, a text, b text)"
    " partition by range (id); create table rest partition of s default;"
    "create table one partition of s (check (b is not null)) for values from (1) to (2);"
    "insert into s values (1, 'old', 'x')",
    "whole, without a name": "create table s (id bigint, a text); create unique index on s (id);"
    "insert into s values (1, 'old')",
}


@pytest.mark.parametrize("key", KEYS)
def test_tables_from_elsewhere(loader: Loader, key: str) -> None:
    rows = [{"id": 1, "a": "new"}, {"id": 0, "a": "other"}]
    plain = {"add_record_metadata": False, "activate_version": False}
    tables = loader.both(messages(TEXT, rows), tables=KEYS[key], **plain)
    assert set(values(tables)) == {"new", "other"}


def test_a_policy_for_new_rows(loader: Loader) -> None:
    """It holds for a row that is inserted, not for one that is updated."""
    name = f"clerk_{loader.database.info.dbname}"
    clerk = {"user": name, "password": name}
    loader.database.execute(
        f"create role {name} login password '{name}';"
        f"alter default privileges grant all on schemas to {name};"
        f"alter default privileges grant all on tables to {name}".encode()
    )
    table = (
        "create table s (id bigint primary key, a text); insert into s values (1, 'old');"
        "alter table s enable row level security; create policy r on s for select using (true);"
        "create policy u on s for update using (true); create policy i on s for insert"
        " with check (a <> 'new')"
    )
    plain = {"add_record_metadata": False, "activate_version": False}
    rows = [{"id": 1, "a": "new"}, {"id": 0, "a": "other"}]
    tables = loader.both(messages(TEXT, rows), tables=table, **clerk, **plain)
    assert set(values(tables)) == {"new", "other"}


def test_columns_from_elsewhere(loader: Loader) -> None:
    """INSERT casts to the declared type, and then to that of the column."""
    schema: Message = {
        "moment": MOMENT,
        "zoned": MOMENT,
        "count": {"type": "integer"},
        "amount": {"type": "number"},
        "flag": {"type": ["string", "boolean"]},
        "object": {"type": ["object", "null"]},
    }
    rows: list[Message] = [
        {"moment": "2026-01-02T10:00:00Z", "zoned": "2026-01-02T10:00:00Z", "count": 7},
        {"moment": "2026-01-02T10:00:00+02:00", "zoned": "2026-01-02T10:00:00+02:00"},
        {"amount": 1.10, "flag": True},
        {"object": None},
    ]
    table = (
        "create table s (id bigint primary key, moment text, zoned timestamptz, count numeric,"
        " amount text, flag varchar, object text, own text default 'x', number serial)"
    )
    load = messages(schema, [{"id": n, **row} for n, row in enumerate(rows)])
    loader.both(load, load, tables=table)


def test_any_time_zone(loader: Loader, tmp_path: Path) -> None:
    """Moments are in UTC by COPY and by INSERT, where a number in a column of text sends a row."""
    config = tmp_path / "config.json"
    config.write_text(json.dumps({**loader.settings, "default_target_schema": "zone"}))
    moments = ["2026-01-02T10:00:00Z", "2026-01-02T12:00:00+02:00"] * 2
    rows = [{"id": n, "a": moment, "b": [1.5, "x"][n // 2]} for n, moment in enumerate(moments)]
    load = messages({"a": MOMENT, "b": {"type": "string"}}, rows)
    subprocess.run(
        [plugins.program("target-postgres"), "--config", config],
        input="".join(json.dumps(message) + "\n" for message in load),
        env={**clean_environment(), "PGTZ": "Europe/Berlin"},
        text=True,
        check=True,
    )
    assert values(loader.tables("zone")) == ["2026-01-02 10:00:00"] * 4


def test_a_table_grows(loader: Loader) -> None:
    more = {**TEXT, "b": {"type": "array", "items": MOMENT}, 'C "d"(e)': {"type": "string"}}
    rows = [{"id": 1, "b": ["2026-01-02T10:00:00Z"], 'C "d"(e)': "x", "unknown": 1}]
    tables = loader.both(
        messages(TEXT, numbered("ab")), [*messages(TEXT, numbered("c")), *messages(more, rows)]
    )
    assert values(tables) == ["c", None]


def test_keys(loader: Loader) -> None:
    """Two keys in any order, the same ones twice in a batch, and a moment spelt in two ways."""
    schema = {"b": {"type": "string"}, "at": MOMENT, **TEXT}
    rows = [
        {"id": n % 3, "b": "x\\", "at": f"2026-01-02T10:00:00{offset}", "a": str(n)}
        for n, offset in enumerate(["Z", ".000Z", "+02:00", "+00:00", "Z", "+02:00"] * 2)
    ]
    load = messages(schema, rows, key=["b", "at", "id"])
    assert len(values(loader.both(load, load))) == 3
    assert len(values(loader.both(load, load, batch_size_rows=2))) == 3


def test_keys_that_are_one_to_the_database(loader: Loader) -> None:
    """The last one wins, where the target alone fails."""
    key = {"id": {"type": "string", "format": "uuid"}, **TEXT}
    small, capital = (f(f"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a{11}") for f in (str.lower, str.upper))
    load = messages(
        key, [{"id": small, "a": "1"}, {"id": capital, "a": "2"}, {"id": small, "a": "3"}]
    )
    assert "UniqueViolation" in (
        loader.load(load[:3], "theirs", ours=False, use_copy=False).error or ""
    )
    for _ in range(2):
        assert loader.load(load[:3], "last").error is None
    assert values(loader.tables("last")) == ["2"]
    # Each goes its own way into the temporary table: a number in a column of text by INSERT.
    rows: list[Message] = [{"id": capital, "a": 4.5}, {"id": small, "a": "5"}]
    assert loader.load(messages(key, rows), "last").error is None
    assert values(loader.tables("last")) == ["5"]

    # There is no last one where the target's own merge updates a row.
    loader.database.execute("alter table last.s add check (id is not null)")
    answer = loader.load(messages(key, rows), "last")
    assert "UniqueViolation" in (answer.error or "")


def test_without_a_key_rows_are_added(loader: Loader) -> None:
    load = messages(TEXT, numbered("aa"), key=[])
    assert len(values(loader.both(load, load))) == 4


@pytest.mark.long
@pytest.mark.parametrize("hard", [False, True])
def test_versions(loader: Loader, hard: bool) -> None:
    first, second, third = (
        [*messages(TEXT, numbered(texts), version=version), activate(version)]
        for version, texts in enumerate(["abc", "a", "abc"], start=1)
    )
    tables = loader.both(first, second, third, hard_delete=hard)
    assert values(tables, "_sdc_deleted_at") == ["false"] * 3
    tables = loader.both(first, second, hard_delete=hard)
    assert values(tables, "_sdc_deleted_at") == ["false"] if hard else ["false", "true", "true"]


def test_stream_maps_and_flattening(loader: Loader) -> None:
    schema = {**WHOLE, "o": {"type": "object", "properties": {"n": {"type": "number"}}}}
    rows = [{"id": n, "a": n, "o": {"n": n / 4}} for n in range(4)]
    maps = {"s": {"a": "a + 1", "twice": "a * 2", "__filter__": "a != 2", "__alias__": "t"}}
    tables = loader.both(
        messages(schema, rows), stream_maps=maps, flattening_enabled=True, flattening_max_depth=1
    )
    assert [row["o__n"] for row in tables["t"][1:]] == ["0.0", "0.25", "0.75"]


def test_files_of_a_batch(loader: Loader, tmp_path: Path) -> None:
    """Their records come as they are, with text in place of dates and times."""
    file = tmp_path / "rows.jsonl.gz"
    moments = ["2026-01-02T10:00:00Z", "2026-01-02T10:00:00+02:00", "2026-01-02"]
    rows = [{"id": n, "a": moment, "b": "2026-01-02"} for n, moment in enumerate(moments)]
    file.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))
    encoding = {"format": "jsonl", "compression": "gzip"}
    batch = {"type": "BATCH", "stream": "s", "encoding": encoding, "manifest": [file.as_uri()]}
    schema = {"a": MOMENT, "b": {"type": "string", "format": "date"}}
    assert len(values(loader.both([*messages(schema, []), batch]))) == 3


def test_nul(loader: Loader) -> None:
    schema = {**TEXT, "b": {"type": "array", "items": {"type": "string"}}, "c": {"type": "object"}}
    rows = [{"id": 1, "a": "x\0", "b": ["\0", "y"], "c": {"k": "\0"}}, {"id": 2, "a": "z"}]
    tables = loader.both(messages(schema, rows), sanitize_null_text_characters=True)
    assert values(tables) == ["x\ufffd", "z"]


def test_records_that_do_not_fit(loader: Loader) -> None:
    load = messages(WHOLE, numbered([1, "two"]))
    ours, theirs = (
        loader.load(load, name, ours=name == "ours", validate_records=True).error
        for name in ("ours", "theirs")
    )
    assert ours == theirs
    assert "'two' is not of type" in (ours or "")


def test_a_whole_number_among_decimals(loader: Loader) -> None:
    """As coordinates come; the target alone fails on them."""
    numbers = {"a": {"type": "array", "items": {"type": "number"}}}
    load = messages(numbers, numbered([[42, -91.5]]))
    alone = loader.load(load, "theirs", ours=False, use_copy=False)
    assert "cannot dump lists of mixed types" in (alone.error or "")
    assert loader.load(load, "ours").error is None
    assert values(loader.tables("ours")) == ["{42,-91.5}"]


def test_lines_that_the_fast_reader_refuses(loader: Loader) -> None:
    head, row = messages({"a": {"type": "number"}, "b": {"type": "object"}}, [{"id": 1}])
    odd = json.dumps(row).replace('"id": 1', '"id": 1, "a": NaN, "\\ud800": 1')
    answer = loader.load([head, odd], "odd")
    assert answer.error is None
    assert "Unable to parse" not in answer.said
    assert values(loader.tables("odd")) == ["NaN"]

    answer = loader.load([head, json.dumps(row).replace("1}", '1, "name": "Jane Doe"')], "odd")
    assert answer.error == (
        "InvalidInputLine: The input has a line that is not JSON: "
        "Expecting ',' delimiter: line 2 column 1 (char 74)"
    )
    assert "Jane" not in answer.said
