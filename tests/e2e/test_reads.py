"""The stream `reads` in PostgreSQL, beside the tables of which it tells."""

from __future__ import annotations

import typing as t

from psycopg import sql

from tests.harness.streams import NAMES
from tools.harness.warehouse import SCHEMA

if t.TYPE_CHECKING:
    import psycopg

    from tests.harness.pipeline import Pipeline

READ = "select stream, outcome, id_checksum, started_at from {}.reads order by ended_at"
# As docs/ends.md has it.
SENT = (
    "select sum(('x' || left(md5(id), 8))::bit(32)::bigint) from {} "
    "where _sdc_deleted_at is null and _sdc_extracted_at >= %s"
)


def test_the_checksum_of_each_table(database: psycopg.Connection, pipeline: Pipeline) -> None:
    pipeline.run("tap-rotor", "target-postgres")
    reads = database.execute(sql.SQL(READ).format(sql.Identifier(SCHEMA))).fetchall()
    assert [(stream, outcome) for stream, outcome, *_ in reads] == [
        (name, "proven") for name in NAMES
    ]
    for stream, _, checksum, started in reads:
        table = sql.Identifier(SCHEMA, stream)
        (found,) = database.execute(sql.SQL(SENT).format(table), [started]).fetchone() or [None]
        assert found == checksum
