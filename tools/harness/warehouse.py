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
NEXUS_SCHEMA = "tap_nexus_erp"
# Declared beside what a row has: `customers` accepts both fields of the documentation's variants.
ALSO = {"customers": {"has_payment_method", "is_auto_pay"}}

Row = dict[str, t.Any]


def expected(table: str, rows: Iterable[Row], types: dict[str, str]) -> dict[str, Row]:
    """Return what the table must hold for rows that fit their schema, by id.

    Raises:
        ValueError: The table has other columns than a row has fields.
    """
    found = {}
    for row in rows:
        fields = row.keys() | {"extra_fields"} | ALSO.get(table, set())
        if set(types) != fields:
            message = f"{table} has the columns {sorted(types)}, a row the fields {sorted(fields)}"
            raise ValueError(message)
        found[row["id"]] = {
            name: None if row.get(name) is None else _VALUES[kind](row[name])
            for name, kind in types.items()
        }
    return found


def actual(connection: psycopg.Connection, table: str, schema: str = SCHEMA) -> dict[str, Row]:
    """Return the living rows of a table by id, without the target's own columns.

    Raises:
        ValueError: An id is there twice.
    """
    set_json_loads(partial(json.loads, parse_float=Decimal), connection)
    names = list(column_types(connection, table, schema))
    query = sql.SQL("select {} from {} where _sdc_deleted_at is null").format(
        sql.SQL(", ").join(map(sql.Identifier, names)), sql.Identifier(schema, table)
    )
    rows = [dict(zip(names, row, strict=True)) for row in connection.execute(query).fetchall()]
    by_id = {row["id"]: row for row in rows}
    if len(by_id) != len(rows):
        message = f"{table} has {len(rows) - len(by_id)} rows whose id is there already"
        raise ValueError(message)
    return by_id


def living_ids(connection: psycopg.Connection, table: str, schema: str = SCHEMA) -> set[str]:
    """Return the ids of the rows of a table that are not marked as deleted."""
    query = sql.SQL("select id from {} where _sdc_deleted_at is null")
    rows = connection.execute(query.format(sql.Identifier(schema, table))).fetchall()
    return {key for (key,) in rows}


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


def differences(
    connection: psycopg.Connection, table: str, rows: Iterable[Row], schema: str = SCHEMA
) -> list[str]:
    """Compare a table with rows of the API, column by column; return a sentence per difference."""
    want = expected(table, rows, column_types(connection, table, schema))
    got = actual(connection, table, schema)
    found = [f"{key} is not in the table" for key in want.keys() - got.keys()]
    found += [f"{key} is no longer in the API" for key in got.keys() - want.keys()]
    found += [
        f"{key}: {column} is {got[key][column]!r}, must be {value!r}"
        for key, row in want.items()
        for column, value in row.items()
        if key in got and got[key][column] != value
    ]
    return sorted(found)


def assert_equal(
    connection: psycopg.Connection, table: str, rows: Iterable[Row], schema: str = SCHEMA
) -> None:
    """Compare a table with rows of the API, column by column.

    Raises:
        AssertionError: They differ.
    """
    if found := differences(connection, table, rows, schema):
        raise AssertionError("\n".join(found))


def _moment(text: str) -> datetime:
    """Return a time as PostgreSQL holds it, in UTC without saying so."""
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)


def _exact(value: t.Any) -> t.Any:
    """Return a JSON value with every number as the decimal that its text says."""
    return json.loads(json.dumps(value), parse_float=Decimal)


_VALUES: dict[str, Callable[[t.Any], t.Any]] = {
    "bool": lambda value: value,
    "date": date.fromisoformat,
    "int8": lambda value: value,
    "jsonb": _exact,
    "_jsonb": _exact,
    "numeric": _exact,
    "_numeric": _exact,
    "text": lambda value: value,
    "_text": lambda value: value,
    "timestamp": _moment,
}
