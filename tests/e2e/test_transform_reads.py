"""What the dbt project says of loads: which list is complete, and whether its table holds it."""

from __future__ import annotations

import json
import re
import subprocess
import typing as t
from datetime import timedelta
from functools import partial
from random import Random

import pytest

from tests.harness import transform as expected
from tests.harness.documents import blocks
from tests.harness.tap import Tap
from tests.harness.transform import dbt, in_duckdb, rows
from tools.harness import plugins
from tools.harness.warehouse import SCHEMA
from tools.sandbox import Company, Sandbox
from tools.sandbox.create import LISTS
from tools.simulation.work import apply, draw_change

if t.TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import psycopg

    from tools.harness.postgres import Postgres

DAYS = 30
WEEK = 7
HOLDS = "tables_hold_what_was_read"
BUILD = ("build", "--select", "+load_status+", HOLDS)
TEST = ("test", "--select", HOLDS, "lists_are_complete")

# What is done by hand to a loaded table, mostly to a row that its newest whole reading sent.
A_ROW = (
    "(select max(row_.id) from tap_rotor.{name} as row_ join rotor_staging.list_readings as reading"
    " on row_._sdc_extracted_at between reading.started_at and reading.ended_at"
    " where reading.table_name = '{name}' and reading.is_newest_whole)"
)
BY_HAND = {
    "delete one": ["delete from tap_rotor.{name} where id = " + A_ROW],
    "change one id": ["update tap_rotor.{name} set id = 'x' where id = " + A_ROW],
    "add one, with nothing but an id": ["insert into tap_rotor.{name} (id) values ('x')"],
    "add one, as another is": [
        "create temporary table one as select * from tap_rotor.{name} where id = " + A_ROW,
        "update one set id = 'x'",
        "insert into tap_rotor.{name} select * from one",
    ],
}
# The rows that each of some queries finds.
Database = t.Callable[..., list[list[t.Any]]]


class Loads:
    """Runs of tap-rotor, each with the state of the one before, and what they wrote."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.folder = folder
        self.tap = Tap(folder, sandbox, page_size=20, emit_activate_version_messages=True)
        self.state: t.Any = None
        self.messages: list[str] = []

    def run(self, *streams: str, full_refresh: bool = False, **settings: t.Any) -> None:
        """Run the tap over some lists, by default all, and `reads`."""
        state = None if full_refresh else self.state
        run = self.tap.run(*(streams or LISTS), "reads", state=state, **settings)
        self.messages.append(run.stdout)
        self.state = run.state

    def hand_on(self, target: str, **settings: t.Any) -> None:
        """Run a target over the messages since `forget`."""
        config = self.folder / f"{target}.json"
        config.write_text(json.dumps({**plugins.settings(target), **settings}), encoding="utf-8")
        subprocess.run(
            [plugins.program(target), "--config", config],
            input="".join(self.messages),
            env=plugins.variables(target),
            capture_output=True,
            text=True,
            check=True,
        )

    def forget(self) -> None:
        self.messages.clear()


def a_month(loads: Loads, company: Company, hand_on: Callable[[], None]) -> None:
    """Let the company work for 30 days, load as the schedules do, and hand on each week's runs."""
    random = Random(1)
    for day in range(DAYS):
        for night in (True, False):
            company.advance(timedelta(hours=12))
            for _ in range(random.randint(1, 5)):
                apply(company, draw_change(random))
            if not night:
                loads.run("leads", "pins", lookback_days=1)
                continue
            # Now and then the night's run has to stop.
            budget = {"request_budget": 5} if day % 10 == 4 else {}
            loads.run(full_refresh=day % WEEK == 0, lookback_days=30, **budget)
        if day % WEEK == WEEK - 1 or day == DAYS - 1:
            hand_on()


def in_postgres(connection: psycopg.Connection) -> Database:
    def run(*queries: str) -> list[list[t.Any]]:
        cursors = [connection.execute(query.encode()) for query in queries]
        return [cursor.fetchall() if cursor.description else [] for cursor in cursors]

    return run


def unseen(run: Database, test: str) -> list[tuple[str, str]]:
    """Return which changes by hand of which tables a test does not find."""
    changes = [(name, what) for name in LISTS for what in BY_HAND]
    queries = []
    for name, what in changes:
        statements = [statement.format(name=name) for statement in BY_HAND[what]]
        queries += [["begin", *statements, test, "rollback"]]
    found = iter(run(*(query for each in queries for query in each)))
    results = [[next(found) for _ in each][-2] for each in queries]
    return [
        change
        for change, failures in zip(changes, results, strict=True)
        if {table for _, table, *_ in failures} != {change[0]}
    ]


@pytest.mark.long
def test_a_month(postgres: Postgres, database: psycopg.Connection, tmp_path: Path) -> None:
    """Each table holds what was read; one row that is deleted, changed or added by hand is seen."""
    name = database.info.dbname
    output = tmp_path / "output" / SCHEMA
    output.mkdir(parents=True)
    company = Company(leads=40, seed=1)
    with Sandbox(company) as sandbox:
        loads = Loads(tmp_path, sandbox)

        def hand_on() -> None:
            server = postgres.credentials(name)
            loads.hand_on("target-postgres", **server, default_target_schema=SCHEMA)
            loads.hand_on("target-jsonl", destination_path=str(output))
            loads.forget()

        a_month(loads, company, hand_on)
    file = tmp_path / "warehouse.duckdb"
    of_duckdb = {
        "DBT_TARGET": "duckdb",
        "DBT_DUCKDB_PATH": str(file),
        "DBT_DUCKDB_FILES": str(output.parent),
    }
    of_postgres = expected.connection_settings(postgres, name)
    status = "select table_name, status from rotor.load_status where source_system = 'rotor'"
    for utility, settings, run in (
        ("dbt-postgres", of_postgres, in_postgres(database)),
        ("dbt-duckdb", of_duckdb, partial(in_duckdb, file)),
    ):
        dbt(utility, *BUILD, folder=tmp_path, **settings)
        compiled = tmp_path / "dbt" / "compiled" / "rotor" / "tests" / f"{HOLDS}.sql"
        test = compiled.read_text(encoding="utf-8")
        (found,) = run(status)
        assert dict(found) == dict.fromkeys(LISTS, "complete")
        assert unseen(run, test) == []

    # DuckDB's tables are made anew from the files, so there it is they that a hand changes.
    lines = {each: (output / f"{each}.jsonl") for each in ("leads", "pins", "customers")}
    leads, pins, customers = (
        path.read_text(encoding="utf-8").splitlines(True) for path in lines.values()
    )
    lines["leads"].write_text("".join(leads[:-1]), encoding="utf-8")
    changed = json.dumps({**json.loads(pins[-1]), "id": "x"}) + "\n"
    lines["pins"].write_text("".join([*pins[:-1], changed]), encoding="utf-8")
    added = json.dumps({**json.loads(customers[-1]), "id": "x"}) + "\n"
    lines["customers"].write_text("".join([*customers, added]), encoding="utf-8")
    with pytest.raises(AssertionError, match=f"FAIL [0-9]+ {HOLDS}"):
        dbt("dbt-duckdb", *TEST, folder=tmp_path, **of_duckdb)
    (found,) = in_duckdb(file, test)
    assert {table for _, table, *_ in found} == set(lines)


@pytest.mark.long
def test_what_the_one_select_answers(
    postgres: Postgres, database: psycopg.Connection, tmp_path: Path
) -> None:
    """After each load the view of the last build tells the truth of it."""
    (select,) = blocks("transform/README.md", "Is every list complete?")
    name = database.info.dbname
    company = Company(leads=60, customers=0, seed=1)
    settings = expected.connection_settings(postgres, name)
    read = ("leads", "pins", "customers")

    def build(*arguments: str) -> str:
        return dbt("dbt-postgres", *arguments, folder=tmp_path, **settings)

    def failing(*arguments: str) -> str:
        with pytest.raises(AssertionError) as failure:
            build(*arguments)
        return str(failure.value)

    def answer() -> dict[str, tuple[str, str | None]]:
        (found,) = in_postgres(database)(select.text)
        return {f"{row[0]}.{row[1]}": (row[2], row[4]) for row in found}

    with Sandbox(company) as sandbox:
        loads = Loads(tmp_path, sandbox)

        def load(**options: t.Any) -> None:
            loads.forget()
            loads.run(*read, **options)
            server = postgres.credentials(name)
            loads.hand_on("target-postgres", **server, default_target_schema=SCHEMA)

        # There are no customers; the other lists are not selected.
        load()
        build(*BUILD)
        assert answer() == {}
        left_out = "select table_name from rotor.load_status where status = 'left_out'"
        assert {table for (table,) in rows(database, left_out)} == {
            *("leads", "pin_types", "service_plans", "serviced_jobs")
        }
        fresh = ("source", "freshness", "--select", "source:rotor.customers", "source:rotor.leads")
        build("--warn-error", *fresh)

        load(full_refresh=True, request_budget=2)
        assert answer() == {f"rotor.{each}": ("incomplete", "budget_spent") for each in read}
        sandbox.rule("status", "/customers", status=500, times=None)
        load(full_refresh=True, retry_minutes=0)
        assert answer() == {"rotor.customers": ("incomplete", "server_errors")}
        assert "FAIL 1 lists_are_complete" in failing(*TEST)
        sandbox.faults.clear()
        sandbox.keys[sandbox.api_key].quota = sandbox.spent() + 1
        load(full_refresh=True)
        assert answer() == {f"rotor.{each}": ("incomplete", "quota_spent") for each in read}
        sandbox.keys[sandbox.api_key].quota = 1000
        load(full_refresh=True)
        assert answer() == {}

    # Where the view is not there, the failure of one test hides neither it nor the other test.
    database.execute(
        "drop view rotor.load_status;"
        " delete from tap_rotor.leads where id = (select max(id) from tap_rotor.leads)"
    )
    failed = re.findall(r"FAIL 1 (\w+) \.", failing(*BUILD))
    assert (sorted(failed), answer()) == (
        ["lists_are_complete", HOLDS],
        {"rotor.leads": ("not_loaded", "complete")},
    )
    # Rows of a run that told of nothing are new, and no proof.
    database.execute("update tap_rotor.reads set ended_at = ended_at - interval '3 days'")
    stale = failing(*fresh)
    assert "ERROR STALE freshness of rotor.leads" in stale
    assert "ERROR STALE freshness of rotor.customers" in stale

    # Without `reads` nothing is known, and nothing fails.
    database.execute("drop table tap_rotor.reads cascade")
    build(*BUILD)
    assert answer() == {f"rotor.{each}": ("unknown", None) for each in read}
    build("--warn-error", *fresh[:-2], "source:rotor.leads")
