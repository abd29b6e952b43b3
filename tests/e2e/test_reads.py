"""The stream `reads` in a warehouse: checksums, and the one query of docs/monitoring.md."""

from __future__ import annotations

import json
import typing as t
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import psutil
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from tests.harness import duckdb
from tests.harness.companies import hourly
from tests.harness.documents import blocks
from tests.harness.streams import NAMES
from tests.harness.tap import KEY
from tools.harness.warehouse import SCHEMA, living_ids

if t.TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    import psycopg

    from tests.harness.pipeline import Pipeline
    from tests.harness.project import Project
    from tools.sandbox import Company, Sandbox

    Of = t.Callable[[psycopg.Connection, Project, Path], "Warehouse"]

Rows = list[dict[str, t.Any]]
READ = "select stream, outcome, id_checksum, started_at from {}.reads order by ended_at"
# As docs/ends.md has it.
SENT = (
    "select sum(('x' || left(md5(id), 8))::bit(32)::bigint) from {} "
    "where _sdc_deleted_at is null and _sdc_extracted_at >= %s"
)


@pytest.fixture
def company() -> Company:
    return hourly(leads=25, pins=3, customers=12, service_plans=4, serviced_jobs=4)


@pytest.mark.long
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


# The one query

DAY = timedelta(days=1)
COMPLETE = dict.fromkeys(NAMES, "complete")
NO_RUN = dict.fromkeys(NAMES, "no_run")
# The loader dies when leads are loaded, and these are not. (target-postgres loads a list that ends
# with ACTIVATE_VERSION at once; both of these wait for the end.)
DIES_AT = "pins"


class Postgres:
    """PostgreSQL, by a session that is not in UTC."""

    loader = "target-postgres"

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        connection.execute("set timezone to 'America/New_York'")

    def execute(self, statement: str) -> Rows:
        cursor = self._connection.cursor(row_factory=dict_row).execute(statement.encode())
        rows = cursor.fetchall() if cursor.description else []
        return t.cast("Rows", json.loads(json.dumps(rows, default=str)))

    def living(self, table: str) -> set[str]:
        return living_ids(self._connection, table)

    @contextmanager
    def dying(self) -> Generator[dict[str, str]]:
        """End the loader's connection in the middle of its load."""
        self.execute(
            f"""
            create function die() returns trigger language plpgsql as
            $$ begin
                -- Long enough for a loader that writes tables side by side to write `reads`.
                perform pg_sleep(3);
                perform pg_terminate_backend(pg_backend_pid());
                return null;
            end $$;
            create trigger dies before insert on {SCHEMA}.{DIES_AT}
            execute function die()
            """
        )
        yield {}
        self.execute("drop function die cascade")


class DuckDB:
    """DuckDB, by target-duckdb as a custom loader, which can be killed."""

    loader = "target-duckdb"

    def __init__(self, project: Project, folder: Path) -> None:
        self._file = folder / "warehouse.duckdb"
        program = folder / "target-duckdb"
        program.write_text(
            f"""#!/bin/sh
exec '{duckdb.programs()}/python' -c '
import os, target_duckdb as target
load = target.load_stream_batch
def load_or_die(stream, **batch):
    if stream == os.environ.get("DIES_AT"):
        os.kill(os.getpid(), 9)
    load(stream, **batch)
target.load_stream_batch = load_or_die
target.main()
' "$@"
""",
            encoding="utf-8",
        )
        program.chmod(0o755)
        project.add(f"""
plugins:
  loaders:
  - name: target-duckdb
    namespace: target_duckdb
    executable: '{program}'
    settings:
    - {{name: path, value: '{self._file}'}}
    - {{name: default_target_schema, value: {SCHEMA}}}
""")

    def execute(self, statement: str) -> Rows:
        return duckdb.execute(self._file, statement)

    def living(self, table: str) -> set[str]:
        """Return the ids of a table; this target deletes nothing."""
        return {row["id"] for row in self.execute(f"select id from {SCHEMA}.{table}")}

    @contextmanager
    def dying(self) -> Generator[dict[str, str]]:
        yield {"DIES_AT": DIES_AT}


Warehouse = Postgres | DuckDB


@dataclass(frozen=True)
class World:
    """What a day can change."""

    project: Project
    sandbox: Sandbox
    company: Company

    def kill_tap(self) -> None:
        running = str(self.project.directory / ".meltano" / "run" / "tap-rotor")
        (tap,) = [
            process
            for process in psutil.process_iter(["cmdline"])
            if any(running in word for word in process.info["cmdline"] or ())
        ]
        tap.kill()

    def spend_quota(self) -> None:
        self.sandbox.keys[KEY].quota = self.sandbox.spent()


@pytest.fixture
def world(project: Project, sandbox: Sandbox, company: Company) -> World:
    project.set(TAP_ROTOR_PAGE_SIZE="10")
    return World(project, sandbox, company)


@dataclass(frozen=True)
class Day:
    """A run of a day, and what the query says of it on the next.

    Attributes:
        name: What happens.
        why: What it says of each list; None where it fails, as there is no table.
        before: What is done before the run.
        status: How Meltano ends.
        dies: Whether the loader dies in the middle.
        full_refresh: Whether the run is one.
        settings: Of the tap.
    """

    name: str
    why: dict[str, str] | None
    before: Callable[[World], object] = lambda _: None
    status: int = 0
    dies: bool = False
    full_refresh: bool = False
    settings: t.Mapping[str, str] = field(default_factory=dict)

    def run(self, world: World, warehouse: Warehouse) -> None:
        """Run Meltano, which ends as it must."""
        self.before(world)
        refresh = " --full-refresh" if self.full_refresh else ""
        command = f".venv/bin/meltano run{refresh} tap-rotor {warehouse.loader}"
        none: AbstractContextManager[dict[str, str]] = nullcontext({})
        with warehouse.dying() if self.dies else none as variables:
            world.project.run(command, status=self.status, **self.settings, **variables)
        world.sandbox.faults.clear()
        world.sandbox.keys[KEY].quota = 1000


DAYS = (
    Day(
        "kill -9 of the first run ever",
        None,
        lambda world: world.sandbox.before("/customers", 2, world.kill_tap),
        status=1,
    ),
    Day("complete", COMPLETE),
    Day(
        "budget spent",
        dict.fromkeys(NAMES, "budget_spent"),
        settings={"TAP_ROTOR_REQUEST_BUDGET": "2"},
    ),
    Day(
        "quota spent in the middle",
        {**COMPLETE, **dict.fromkeys(NAMES[3:], "quota_spent")},
        lambda world: world.sandbox.before("/customers", 1, world.spend_quota),
        status=1,
    ),
    Day(
        "kill -9 in the middle",
        NO_RUN,
        lambda world: world.sandbox.before("/customers", 2, world.kill_tap),
        status=1,
    ),
    Day(
        "unproven",
        {**COMPLETE, "leads": "unproven"},
        lambda world: world.sandbox.rule("repeat_page", "/leads", page=2, times=None),
        status=1,
    ),
    Day(
        "a full refresh that fails",
        {**COMPLETE, "leads": "server_errors"},
        lambda world: world.sandbox.rule("status", "/leads", page=2, status=500, times=None),
        status=1,
        full_refresh=True,
        settings={"TAP_ROTOR_RETRY_MINUTES": "0"},
    ),
    Day("the run after it", COMPLETE),
    Day("loader down in the middle", NO_RUN, status=1, dies=True),
    Day(
        "an empty list",
        COMPLETE,
        lambda world: world.company.delete(
            "customers", [row["id"] for row in world.company.rows("customers")]
        ),
    ),
    Day(
        "deselected",
        {**NO_RUN, "leads": "complete"},
        settings={"TAP_ROTOR__SELECT": '["leads.*", "reads.*"]'},
    ),
)


class History:
    """Runs, a day apart, and what is known of them.

    Attributes:
        read_by: The run of each list's newest proven reading, by list.
        whole: When its newest proven reading of the whole list began.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.read_by: dict[str, str] = {}
        self.whole: dict[str, str] = {}
        self._known = {""}

    def execute(self, statement: str) -> Rows:
        return self.warehouse.execute(statement.replace("reads", f"{SCHEMA}.reads"))

    def date(self) -> None:
        """Move the rows of the latest run to yesterday, and all others a day back."""
        rows = self.execute("select * from reads")
        new = {row["run_id"] for row in rows} - self._known
        self._known |= new
        for row in rows:
            if row["run_id"] in new and row["outcome"] == "proven":
                self.read_by[row["stream"]] = row["run_id"]
                # A run that was killed can have read it whole, and have left its state.
                self.whole.setdefault(row["stream"], row["last_whole_read_at"])
                if row["scope"] == "whole":
                    self.whole[row["stream"]] = row["started_at"]
        now = datetime.now(UTC)
        # Still the day before, where the session is.
        night = now.replace(hour=0, minute=30, second=0, microsecond=0) - DAY
        latest = next(iter(new), "")
        self.move(DAY, f"run_id <> '{latest}'")
        self.move(now - night, f"run_id = '{latest}'")

    def move(self, back: timedelta, where: str) -> None:
        by = f"interval '{back.total_seconds()} seconds'"
        moved = ", ".join(f"{name} = {name} - {by}" for name in ("started_at", "ended_at"))
        self.execute(f"update reads set {moved} where {where}")

    def answer(self) -> dict[str, dict[str, t.Any]]:
        """Return what the query of the page says, by list."""
        (query,) = blocks("docs/monitoring.md", "The one query")
        rows = self.warehouse.execute(query.text)
        answer = {row["stream"]: row for row in rows}
        assert [*answer] == sorted(row["stream"] for row in rows)
        return answer

    def expected(self, why: dict[str, str]) -> dict[str, dict[str, t.Any]]:
        """Return what it must say, from the rows themselves."""
        rows = {(row["run_id"], row["stream"]): row for row in self.execute("select * from reads")}
        ended = {
            name: max((row for row in rows.values() if row["stream"] == name), key=_ended)
            for name in why
        }
        return {
            name: {
                "stream": name,
                "complete": code == "complete",
                "why": code,
                "scope": None if code == "no_run" else ended[name]["scope"],
                "proven_at": rows[self.read_by[name], name]["started_at"],
                "whole_at": self.whole[name],
                "detail": None if code == "no_run" else ended[name]["detail"],
            }
            for name, code in why.items()
        }


def _ended(row: dict[str, t.Any]) -> str:
    moment: str = row["ended_at"]
    return moment


@pytest.mark.long
@pytest.mark.parametrize(
    "of",
    [
        pytest.param(lambda database, _project, _folder: Postgres(database), id="PostgreSQL"),
        pytest.param(lambda _database, project, folder: DuckDB(project, folder), id="DuckDB"),
    ],
)
def test_the_one_query(of: Of, world: World, database: psycopg.Connection, tmp_path: Path) -> None:
    """Whatever happened on a day, the answer of the next one is true."""
    warehouse = of(database, world.project, tmp_path)
    history = History(warehouse)
    answers = []
    for day in DAYS:
        for name in ("leads", "pins", "customers", "serviced_jobs"):
            world.company.insert(name)
        day.run(world, warehouse)
        tables = "select * from information_schema.tables where table_name = 'reads'"
        assert bool(warehouse.execute(tables)) == bool(day.why), day.name
        if not day.why:
            continue
        history.date()
        answer = history.answer()
        assert answer == history.expected(day.why), day.name
        answers.append(answer)
        for name, row in answer.items():
            # Where the loader died, this list was loaded before.
            if row["complete"] or (day.dies and name == "leads"):
                assert warehouse.living(name) >= {row["id"] for row in world.company.rows(name)}, (
                    day.name
                )
    # What runs today changes nothing.
    history.move(-DAY, "true")
    assert history.answer() == answers[-2]
    history.move(DAY, "true")
    # What was deselected is forgotten after 30 days.
    history.move(30 * DAY, "stream <> 'leads'")
    assert [*history.answer()] == ["leads"]
