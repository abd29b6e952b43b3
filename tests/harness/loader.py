"""The loader of `load/` and the target that it changes, beside each other in one database."""

from __future__ import annotations

import json
import subprocess
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from psycopg import sql

from tools.harness import plugins
from tools.harness.project import clean_environment

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import psycopg

    from tools.harness.postgres import Postgres

__all__ = ["loader", "loader_process"]

PROGRAM = Path(__file__).with_name("inside_loader.py")
# They say when a run was, and which one.
OF_THE_RUN = ("_sdc_received_at", "_sdc_batched_at", "_sdc_sequence", "_sdc_sync_started_at")
Message = dict[str, t.Any]


def messages(
    schema: Message,
    rows: Iterable[Message],
    *,
    key: list[str] | None = None,
    stream: str = "s",
    **more: t.Any,
) -> list[Message]:
    """Return the messages of a stream; the key is `id` unless said otherwise."""
    properties = {"id": {"type": "integer"}, **schema}
    head = {"type": "SCHEMA", "stream": stream, "schema": {"properties": properties}}
    records = [{"type": "RECORD", "stream": stream, "record": row, **more} for row in rows]
    return [{**head, "key_properties": ["id"] if key is None else key}, *records]


def numbered(values: Iterable[t.Any]) -> list[Message]:
    """Return rows of an id and a value `a`."""
    return [{"id": number, "a": value} for number, value in enumerate(values)]


@dataclass(frozen=True)
class Answer:
    """What became of a load: its error, what it said, and the states that it printed."""

    error: str | None
    said: str
    states: str


@dataclass
class Loader:
    """Both targets, each with a schema of its own in `database`."""

    process: subprocess.Popen[str]
    database: psycopg.Connection
    settings: Mapping[str, t.Any]
    _number: int = field(default=0)

    def load(self, messages: Iterable[Message | str], schema: str, **settings: t.Any) -> Answer:
        """Load into a schema by our COPY, or, with `use_copy=False, ours=False`, by the INSERT."""
        ours = settings.pop("ours", True)
        lines = [line if isinstance(line, str) else json.dumps(line) for line in messages]
        config = {**self.settings, "default_target_schema": schema, **settings}
        order = {"ours": ours, "config": config, "messages": "\n".join(lines) + "\n"}
        assert self.process.stdin
        assert self.process.stdout
        print(json.dumps(order), file=self.process.stdin, flush=True)
        return Answer(**json.loads(self.process.stdout.readline()))

    def both(
        self, *loads: Iterable[Message | str], tables: str = "", **settings: t.Any
    ) -> dict[str, list[t.Any]]:
        """Load one after the other by INSERT and by our COPY; return what both have made of it.

        Args:
            loads: The messages of each load.
            tables: SQL that makes tables before the first one.
            settings: Settings of both.
        """
        self._number += 1
        made = []
        for ours in (False, True):
            schema = f"{'ours' if ours else 'theirs'}_{self._number}"
            name = sql.Identifier(schema)
            self.database.execute(sql.SQL("create schema {0}; set search_path to {0}").format(name))
            self.database.execute(tables.encode())
            for messages in loads:
                more = {} if ours else {"use_copy": False}
                answer = self.load(messages, schema, ours=ours, **more, **settings)
                assert answer.error is None, answer.error
            made.append(self.tables(schema))
        assert made[1] == made[0]
        return made[1]

    def tables(self, schema: str) -> dict[str, list[t.Any]]:
        """Return each table's columns, their types and rows, as text."""
        found = self.database.execute(
            "select table_name, array_agg(column_name::text order by ordinal_position),"
            " array_agg(udt_name::text order by ordinal_position)"
            " from information_schema.columns where table_schema = %s group by 1",
            [schema],
        ).fetchall()
        return {
            table: [dict(zip(columns, types, strict=True)), *self._rows(schema, table, columns)]
            for table, columns, types in found
        }

    def _rows(self, schema: str, table: str, columns: list[str]) -> list[t.Any]:
        kept = [name for name in columns if name not in OF_THE_RUN]
        texts = [
            sql.SQL("({} is not null)::text" if name == "_sdc_deleted_at" else "{}::text").format(
                sql.Identifier(name)
            )
            for name in kept
        ]
        query = sql.SQL("select {} from {} order by {}").format(
            sql.SQL(", ").join(texts),
            sql.Identifier(schema, table),
            sql.SQL(", ").join(map(sql.Literal, range(1, len(kept) + 1))),
        )
        rows = self.database.execute(query).fetchall()
        return [dict(zip(kept, row, strict=True)) for row in rows]


@pytest.fixture(scope="session")
def loader_process() -> Iterator[subprocess.Popen[str]]:
    """The loader's environment, running."""
    if not plugins.program("target-postgres").exists():
        pytest.fail("Meltano's plugins are not installed: make plugins")
    with subprocess.Popen(
        [plugins.program("target-postgres", "python"), PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**clean_environment(), **plugins.variables("target-postgres")},
    ) as process:
        yield process
        process.terminate()


@pytest.fixture
def loader(
    loader_process: subprocess.Popen[str], postgres: Postgres, database: psycopg.Connection
) -> Loader:
    """Both targets over `database`, set as in meltano.yml."""
    settings = plugins.settings("target-postgres")
    return Loader(
        loader_process, database, {**settings, **postgres.credentials(database.info.dbname)}
    )
