"""Other targets: how each is run, how its rows are read back, and what it is known to change."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import typing as t
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import set_json_loads

from tests.harness import duckdb
from tools.harness.environments import ensure_environment
from tools.harness.project import ROOT, clean_environment

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import psycopg

REQUIREMENTS = Path(__file__).with_name("requirements")
DIRECTORY = ROOT / ".bench" / "targets"
SCHEMA = "rotor"
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?")
exact_json = partial(json.loads, parse_float=Decimal)

Row = dict[str, t.Any]
Change = t.Callable[[t.Any], t.Any]


@dataclass(frozen=True)
class Place:
    """Where a target loads into: a folder, and a database of PostgreSQL.

    Attributes:
        server: How to connect: host, port, user, password, database.
        connection: A connection to that database.
    """

    folder: Path
    server: Mapping[str, t.Any]
    connection: psycopg.Connection


# How rows are read back


def from_postgres(place: Place, table: str) -> list[Row]:
    set_json_loads(exact_json, place.connection)
    query = sql.SQL("select * from {}").format(sql.Identifier(SCHEMA, table))
    rows = place.connection.cursor(row_factory=dict_row).execute(query).fetchall()
    return [row for row in rows if row.get("_sdc_deleted_at") is None]


def from_jsonl(place: Place, name: str) -> list[Row]:
    lines = (place.folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [exact_json(line) for line in lines]


def from_csv(place: Place, name: str) -> list[Row]:
    with (place.folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def from_duckdb(place: Place, table: str) -> list[Row]:
    return duckdb.execute(place.folder / "rows.duckdb", f"select * from {SCHEMA}.{table}")


# What types its columns have

TYPES = "select column_name, data_type from information_schema.columns where table_name = '{}'"


def postgres_types(place: Place, table: str) -> dict[str, str]:
    return dict(place.connection.execute(TYPES.format(table).encode()).fetchall())


def duckdb_types(place: Place, table: str) -> dict[str, str]:
    rows = duckdb.execute(place.folder / "rows.duckdb", TYPES.format(table))
    return {row["column_name"]: row["data_type"] for row in rows}


# What a target may make of a value


def as_double(value: t.Any) -> t.Any:
    """Make a number one of 64 bits, which keeps 15 to 17 digits."""
    return Decimal(repr(float(value))) if isinstance(value, Decimal) else value


def null_where_empty(value: t.Any) -> t.Any:
    return None if value == "" else value


def null_where_null(value: t.Any) -> t.Any:
    return None if value == "NULL" else value


def four_digits_of_a_second(value: t.Any) -> t.Any:
    """Cut the last two of a second's six digits."""
    return re.sub(r"(:\d\d\.\d{4})\d\dZ", r"\g<1>00Z", value) if isinstance(value, str) else value


def everything_text(value: t.Any) -> t.Any:
    """Make all that is not JSON text already text as Python writes it."""
    if value is None:
        return ""
    return value if isinstance(value, list | dict) else str(value)


def escaped(value: t.Any) -> t.Any:
    r"""Make newlines, tabs and carriage returns two characters each, as \\ and n."""
    if not isinstance(value, str):
        return value
    return value.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


def plain(value: t.Any) -> t.Any:
    """Return a value in one form, whichever type a target has for it; nothing is rounded."""
    if isinstance(value, str):
        return _plain_text(value)
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, date):
        return value.isoformat()
    number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return Decimal(str(value)) if number else value


def _plain_text(text: str) -> t.Any:
    if MOMENT.fullmatch(text):
        return plain(datetime.fromisoformat(text))
    if text[:1] in ("[", "{"):
        try:
            return plain(exact_json(text))
        except ValueError:
            pass
    return text


@dataclass(frozen=True)
class Target:
    """A target, with what it is known to do otherwise than it should.

    Attributes:
        name: Of its file of requirements, and of its environment.
        program: Its command.
        config: Its settings, for a place.
        rows: What reads a table back.
        tap: The settings that the tap needs for it.
        changes: What it makes of values.
        deletes: Whether it obeys ACTIVATE_VERSION.
        keeps: A row for each key, all that it was ever sent, or what the last run sent.
        types: What reads the types of a table's columns, where they have types.
        of_types: Those of a text, a moment and a whole number.
    """

    name: str
    program: str
    config: Callable[[Place], Mapping[str, t.Any]]
    rows: Callable[[Place, str], list[Row]]
    tap: Mapping[str, t.Any] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    deletes: bool = False
    keeps: t.Literal["rows", "all", "last"] = "rows"
    types: Callable[[Place, str], dict[str, str]] | None = None
    of_types: tuple[str, ...] = ()

    def load(self, messages: str, place: Place) -> str:
        """Run the target over messages; return the last line that it prints.

        Raises:
            AssertionError: It ended with another status than 0.
        """
        config = place.folder / "config.json"
        config.write_text(json.dumps(self.config(place)), encoding="utf-8")
        done = subprocess.run(
            [self.programs() / self.program, "--config", config],
            cwd=place.folder,
            env={**clean_environment(), "PGTZ": "UTC"},
            input=messages.encode(),
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return done.stdout.decode().strip().rpartition("\n")[2]

    def programs(self) -> Path:
        """Return the folder of the programs of its environment, made if it is not there yet."""
        return ensure_environment(DIRECTORY / self.name, REQUIREMENTS / f"{self.name}.txt")

    def held(self, value: t.Any) -> t.Any:
        """Return what it makes of a value."""
        for change in self.changes:
            value = change(value)
        return plain(value)


def in_folder(place: Place) -> Row:
    return {"destination_path": str(place.folder), "do_timestamp_file": False}


FLAT = {"flattening_enabled": True, "flattening_max_depth": 3}
ACTIVATE = {"emit_activate_version_messages": True}

TARGETS = (
    Target(
        "meltanolabs-target-postgres",
        "target-postgres",
        lambda place: {**place.server, "default_target_schema": SCHEMA},
        from_postgres,
        tap=ACTIVATE,
        deletes=True,
        types=postgres_types,
        of_types=("text", "timestamp without time zone", "bigint"),
    ),
    Target(
        "pipelinewise-target-postgres",
        "target-postgres",
        lambda place: {
            **{name: place.server[name] for name in ("host", "port", "user", "password")},
            "dbname": place.server["database"],
            "default_target_schema": SCHEMA,
        },
        from_postgres,
        tap=ACTIVATE,
        changes=(escaped, null_where_empty, as_double),
        types=postgres_types,
        of_types=("character varying", "timestamp without time zone", "numeric"),
    ),
    Target(
        "target-duckdb",
        "target-duckdb",
        lambda place: {
            "path": str(place.folder / "rows.duckdb"),
            "default_target_schema": SCHEMA,
        },
        from_duckdb,
        tap=ACTIVATE,
        changes=(null_where_empty, as_double),
        types=duckdb_types,
        of_types=("VARCHAR", "TIMESTAMP", "HUGEINT"),
    ),
    Target(
        "singer-target-postgres",
        "target-postgres",
        lambda place: {
            **{f"postgres_{name}": value for name, value in place.server.items() if name != "user"},
            "postgres_username": place.server["user"],
            "postgres_schema": SCHEMA,
            "disable_collection": True,
        },
        from_postgres,
        tap={**ACTIVATE, **FLAT},
        changes=(as_double, null_where_null, four_digits_of_a_second),
        deletes=True,
        types=postgres_types,
        of_types=("text", "timestamp with time zone", "bigint"),
    ),
    Target("target-jsonl", "target-jsonl", in_folder, from_jsonl, keeps="all"),
    Target(
        "meltanolabs-target-csv",
        "target-csv",
        lambda place: {"output_path": str(place.folder)},
        from_csv,
        tap=FLAT,
        changes=(everything_text,),
        keeps="last",
    ),
)
