"""What is in PostgreSQL, and what a run has changed in it."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from psycopg import sql

from tools.harness.warehouse import SCHEMA

if t.TYPE_CHECKING:
    import psycopg

# Hash of each living row by id, without the target's own columns: those move at every upsert.
ROWS = """
select id, md5(coalesce((
    select string_agg(key || ':' || value, ',' order by key)
    from jsonb_each(to_jsonb(lake)) where key not like '\\_sdc\\_%'), ''))
from {table} as lake where _sdc_deleted_at is null
"""

Snapshot = dict[str, dict[str, str]]


@dataclass(frozen=True)
class Difference:
    """What happened to one table, in rows."""

    rows: int
    new: int
    changed: int
    removed: int


def snapshot(connection: psycopg.Connection, schema: str) -> Snapshot:
    """Return a hash of every row of a schema, by table and id; `reads` has none."""
    names = connection.execute(
        "select table_name from information_schema.columns"
        " where table_schema = %s and column_name = 'id'",
        [schema],
    ).fetchall()
    tables: Snapshot = {}
    for (name,) in names:
        query = sql.SQL(ROWS).format(table=sql.Identifier(schema, name))
        tables[name] = dict(connection.execute(query).fetchall())
    return tables


def difference(before: Snapshot, after: Snapshot) -> dict[str, Difference]:
    """Return what happened to each table between two snapshots."""
    found = {}
    for name, rows in after.items():
        old = before.get(name, {})
        found[name] = Difference(
            rows=len(rows),
            new=len(rows.keys() - old.keys()),
            changed=sum(old[key] != value for key, value in rows.items() if key in old),
            removed=len(old.keys() - rows.keys()),
        )
    return found


def leads_by_stage(connection: psycopg.Connection) -> list[tuple[str, int]]:
    """Return how many leads are in each stage, archived ones left out, the fullest stage first."""
    return connection.execute(
        f"select coalesce(stage, '(none)'), count(*) from {SCHEMA}.leads"  # noqa: S608 (a constant)
        " where _sdc_deleted_at is null and archived is not true group by 1 order by 2 desc, 1"
    ).fetchall()
