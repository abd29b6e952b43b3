"""What must be in PostgreSQL for a row of the API, and what is.

Written from the design and from PostgreSQL's own types, not from the tap's schemas or code.
"""

from __future__ import annotations

import json
import typing as t
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial

from psycopg import sql
from psycopg.types.json import set_json_loads

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import psycopg

SCHEMA = "tap_rotor"
# Declared beside what a row has: `customers` accepts both fields of the documentation's variants.
ALSO = {"customers": {"has_payment_method", "is_auto_pay"}}

Row = dict[str, t.Any]


def expected(table: str, rows: Iterable[Row], types: dict[str, str]) -> dict[str, Row]:
    """Return what the table must hold for rows that fit their schema, by id."""
    found = {}
    for row in rows:
        assert set(types) == row.keys() | {"extra_fields"} | ALSO.get(table, set())
        found[row["id"]] = {
            name: None if row.get(name) is None else _VALUES[kind](row[name])
            for name, kind in types.items()
        }
    return found


def actual(connection: psycopg.Connection, table: str, schema: str = SCHEMA) -> dict[str, Row]:
    """Return the living rows of a table by id, without the target's own columns."""
    set_json_loads(partial(json.loads, parse_float=Decimal), connection)
    names = list(column_types(connection, table, schema))
    query = sql.SQL("select {} from {} where _sdc_deleted_at is null").format(
        sql.SQL(", ").join(map(sql.Identifier, names)), sql.Identifier(schema, table)
    )
    rows = [dict(zip(names, row, strict=True)) for row in connection.execute(query).fetchall()]
    by_id = {row["id"]: row for row in rows}
    assert len(by_id) == len(rows)
    return by_id


def column_types(
    connection: psycopg.Connection, table: str, schema: str = SCHEMA
) -> dict[str, str]:
    """Return the type of each column that is not the target's own."""
    rows = connection.execute(
        "select column_name, udt_name from information_schema.columns"
        " where table_schema = %s and table_name = %s",
        [schema, table],
    ).fetchall()
    return {name: kind for name, kind in rows if not name.startswith("_sdc_")}


def assert_equal(
    connection: psycopg.Connection, table: str, rows: Iterable[Row], schema: str = SCHEMA
) -> None:
    """Compare a table with rows of the API, column by column."""
    want = expected(table, rows, column_types(connection, table, schema))
    got = actual(connection, table, schema)
    assert got.keys() == want.keys()
    wrong = [
        (key, name, got[key][name], value)
        for key, row in want.items()
        for name, value in row.items()
        if got[key][name] != value
    ]
    assert wrong == []


def _moment(text: str) -> datetime:
    """Return a time as PostgreSQL holds it, in UTC without saying so."""
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)


def _exact(value: t.Any) -> t.Any:
    """Return a JSON value with every number as the decimal that its text says."""
    return json.loads(json.dumps(value), parse_float=Decimal)


_VALUES: dict[str, Callable[[t.Any], t.Any]] = {
    "bool": lambda value: value,
    "date": date.fromisoformat,
    "jsonb": _exact,
    "_jsonb": _exact,
    "numeric": _exact,
    "_numeric": _exact,
    "text": lambda value: value,
    "_text": lambda value: value,
    "timestamp": _moment,
}
