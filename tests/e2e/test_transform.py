"""The dbt project on what the pipeline has loaded: its numbers, its history, odd tables."""

from __future__ import annotations

import json
import subprocess
import typing as t
from collections import Counter
from decimal import Decimal

import pytest
from psycopg import sql

from demo.answers import answers
from sandbox.create import LISTS

from . import transform as expected
from .transform import dbt, rows
from .warehouse import SCHEMA

if t.TYPE_CHECKING:
    from pathlib import Path

    import psycopg

    from demo.postgres import Postgres
    from sandbox import Company

    from .conftest import Pipeline

LOAD = ["tap-rotor", "target-postgres"]
AS_OF = "2026-07-01 02:00:00"
FOLLOW_UPS = {
    "2026-06-30": "overdue",
    "2026-07-01": "due today",
    "2026-07-01T23:59:59.999Z": "due today",
    "2026-07-01T23:30:00-01:00": "upcoming",
    "2026-07-02 00:00": "upcoming",
    "2028-02-29": "upcoming",
    # No dates at all.
    "2026-02-29": None,
    "2026-06-31T00:00:00Z": None,
    "0000-01-01": None,
    "2026-07-01T24:00:00Z": None,
    "2026-07-01T10:00:00+99:00": None,
    "next week": None,
    "": None,
}
MARTS = (
    *("leads", "lead_funnel", "lead_conversion", "open_pipeline", "follow_ups", "customers"),
    *("door_knocking", "recurring_revenue", "technician_months", "lead_stage_periods"),
    "lead_stage_transitions",
)
# Depends on when the run was, not on what was read.
MOVING = {"seen_from", "entered_at", "days_in_stage", "stage_entered_at"}


def test_builds(company: Company, database: psycopg.Connection, pipeline: Pipeline) -> None:
    """One run loads and builds; the next shows the changes of stage between the two."""
    expected.blank(company)
    company.insert("leads", stage="Sleeping")
    follow_ups = {
        company.insert("leads", follow_up_date=text, stage="New", archived=False)[0]["id"]: due
        for text, due in FOLLOW_UPS.items()
    }
    settings = {
        # A deselected stream has no table.
        "TAP_ROTOR__SELECT": '["*.*", "!pin_types.*"]',
        "TAP_ROTOR_LOOKBACK_DAYS": "36500",
        "ROTOR_AS_OF": AS_OF,
        **expected.environment(pipeline.meltano.directory),
    }
    pipeline.run(*LOAD, "dbt-postgres:build", **settings)

    assert "WARN 1 stages_are_known" in pipeline.log.read_text()
    due = dict(rows(database, "select lead_id, due from rotor.follow_ups"))
    assert {key: due.get(key) for key in follow_ups} == follow_ups
    assert_marts(database, company)
    assert_plain_sql(database)
    assert rows(database, "select count(*) from rotor.lead_stage_transitions") == [(0,)]
    loaded = {name: name != "pin_types" for name in LISTS}
    status = rows(
        database,
        "select table_name, is_loaded, is_in_last_load, living_rows, rows_of_last_load"
        " from rotor.load_status",
    )
    assert sorted(status) == sorted(
        (name, there, there, count, count)
        for name, there in loaded.items()
        for count in [len(company.rows(name)) if there else 0]
    )

    leads = company.rows("leads")
    moved = {
        lead["id"]: (lead["stage"], "Won" if lead["stage"] != "Won" else None)
        for lead in leads[-100:]
    }
    for key, (_, stage) in moved.items():
        company.edit("leads", key, stage=stage)
    for lead in leads[:10]:
        company.edit("leads", lead["id"], notes="called again")
    company.archive(leads[10]["id"])
    company.insert("leads", 3)
    # The tests have passed once.
    again = {"TAP_ROTOR__SELECT": '["leads.*"]', "DBT_EXCLUDE_RESOURCE_TYPES": "test unit_test"}
    pipeline.run(*LOAD, "dbt-postgres:build", **{**settings, **again})

    changes = "select lead_id, from_stage, to_stage from rotor.lead_stage_transitions"
    assert sorted(rows(database, changes)) == sorted((key, *ends) for key, ends in moved.items())
    current = "select lead_id, stage from rotor.lead_stage_periods where is_current"
    assert dict(rows(database, current)) == {
        lead["id"]: lead["stage"] for lead in company.rows("leads")
    }
    versions = "select count(*) from rotor_history.lead_history"
    assert rows(database, versions) == [(len(leads) + 100 + 10 + 1 + 3,)]
    # Who was won and then was not has reached it all the same.
    left = sum(ends == ("Won", None) for ends in moved.values())
    won = sum(lead["stage"] == "Won" for lead in company.rows("leads"))
    (reached,) = [step.reached for step in answers(database).funnel if step.stage == "Won"]
    assert left > 0
    assert reached == won + left


@pytest.mark.long
def test_tables_in_any_state(
    postgres: Postgres, database: psycopg.Connection, pipeline: Pipeline, tmp_path: Path
) -> None:
    """No tables, empty ones, nothing but nulls, columns and rows gone: all of it builds."""
    name = database.info.dbname
    settings = expected.connection_settings(postgres, name)

    def build(*arguments: str) -> dict[str, int]:
        dbt("dbt-postgres", "build", *arguments, folder=tmp_path, **settings)
        return expected.tables(database)

    build()
    nothing = dict.fromkeys(build("--exclude-resource-type", "unit_test"), 0)
    nothing |= {"rotor.lead_stages": 6, "rotor.load_status": 6}
    assert expected.tables(database) == nothing
    assert rows(database, "select distinct is_loaded from rotor.load_status") == [(False,)]

    pipeline.run(*LOAD)
    for table in LISTS:
        database.execute(sql.SQL("delete from {}").format(sql.Identifier(SCHEMA, table)))
    assert build("--exclude-resource-type", "unit_test") == nothing

    # Beside the nulls that the target writes, which the other test has: SQL's own.
    for table in LISTS:
        into = sql.SQL("insert into {} (id) values ('blank')")
        database.execute(into.format(sql.Identifier(SCHEMA, table)))
    counts = build("--exclude-resource-type", "unit_test")
    ones = {"leads", "lead_funnel", "lead_conversion", "open_pipeline", "customers"}
    ones |= {"door_knocking", "recurring_revenue", "technician_months", "lead_stage_periods"}
    assert {name: counts[f"rotor.{name}"] for name in ones} == {
        # (none) is where the lead is, and New is what every lead has reached.
        name: 2 if name == "lead_funnel" else 1
        for name in ones
    }

    # A column that is not selected; a row that is deleted in Rotor.
    for column in ("stage", "projected_value", "extra_fields", "tags"):
        drop = sql.SQL("alter table {} drop column {} cascade")
        database.execute(drop.format(sql.Identifier(SCHEMA, "leads"), sql.Identifier(column)))
    database.execute("update tap_rotor.customers set _sdc_deleted_at = now()")
    counts = build("--exclude-resource-type", "unit_test")
    assert (counts["rotor.leads"], counts["rotor.customers"]) == (1, 0)
    # The history is kept where its table is gone.
    database.execute("drop table tap_rotor.leads cascade")
    counts = build("--exclude-resource-type", "unit_test")
    assert (counts["rotor.leads"], counts["rotor_history.lead_history"]) == (0, 1)


@pytest.mark.long
def test_deletion_and_documentation(
    postgres: Postgres,
    company: Company,
    database: psycopg.Connection,
    pipeline: Pipeline,
    tmp_path: Path,
) -> None:
    """What is deleted in Rotor leaves the marts and ends its stay; the documentation is clean."""
    settings = expected.connection_settings(postgres, database.info.dbname)
    build = [*LOAD, "dbt-postgres:build"]
    pipeline.run(*build, **expected.environment(tmp_path))
    gone = {name: company.rows(name)[3]["id"] for name in ("leads", "customers", "pins")}
    for name, key in gone.items():
        company.delete(name, key)
    pipeline.run("--full-refresh", *build, **expected.environment(tmp_path))

    assert_marts(database, company)
    ended = "select lead_id from rotor.lead_stage_periods where not is_current"
    assert rows(database, ended) == [(gone["leads"],)]
    deleted = dict(rows(database, "select table_name, deleted_rows from rotor.load_status"))
    assert deleted == {name: int(name in gone) for name in LISTS}
    dbt("dbt-postgres", "--warn-error", "docs", "generate", folder=tmp_path, **settings)
    catalog = json.loads((tmp_path / "dbt" / "catalog.json").read_text(encoding="utf-8"))
    assert len(catalog["sources"]) == len(LISTS)
    dbt("dbt-postgres", "--warn-error", "source", "freshness", folder=tmp_path, **settings)


@pytest.mark.long
def test_duckdb(
    company: Company, database: psycopg.Connection, pipeline: Pipeline, tmp_path: Path
) -> None:
    """The same rows give the same answers in DuckDB, loaded from target-jsonl's files."""
    expected.blank(company)
    for text in FOLLOW_UPS:
        company.insert("leads", follow_up_date=text, stage="New", archived=False)
    output = tmp_path / "out put"
    file = tmp_path / "rotor.duckdb"
    settings = {
        "ROTOR_AS_OF": AS_OF,
        "TARGET_JSONL_DESTINATION_PATH": str(output),
        "DBT_DUCKDB_PATH": str(file),
        "ROTOR_FILES": str(output),
        **expected.environment(tmp_path),
    }
    pipeline.run(*LOAD, "dbt-postgres:build", **settings)
    for _ in range(2):
        # The second time every row stands twice in the files.
        pipeline.run("--full-refresh", "tap-rotor", "target-jsonl", "dbt-duckdb:build", **settings)

    python = expected.UTILITIES / "dbt-duckdb" / "venv" / "bin" / "python"
    for mart in MARTS:
        query = f"select * from rotor.{mart}"
        script = (
            "import duckdb, json, sys; found = duckdb.connect(sys.argv[1]).execute(sys.argv[2]);"
            "names = [column[0] for column in found.description];"
            "print(json.dumps([dict(zip(names, map(str, row))) for row in found.fetchall()]))"
        )
        done = subprocess.run(
            [python, "-c", script, file, query], check=True, capture_output=True, text=True
        )
        cursor = database.execute(query.encode())
        names = [column.name for column in cursor.description or ()]
        want = [dict(zip(names, map(str, row), strict=True)) for row in cursor.fetchall()]
        got = json.loads(done.stdout)
        assert Counter(map(comparable, got)) == Counter(map(comparable, want)), mart
        assert want or mart == "lead_stage_transitions"


def comparable(row: dict[str, str]) -> frozenset[tuple[str, str]]:
    """Return a row without what moves, numbers as numbers."""
    return frozenset((key, plain(value)) for key, value in row.items() if key not in MOVING)


def plain(value: str) -> str:
    try:
        return f"{Decimal(value).normalize():f}"
    except ArithmeticError:
        return value


def assert_marts(database: psycopg.Connection, company: Company) -> None:
    """Compare marts with what the rows of the API say."""
    found = answers(database)
    steps = rows(
        database,
        "select stage, sum(leads_in_stage), sum(leads_reached), sum(projected_value)"
        " from rotor.lead_funnel group by 1",
    )
    assert {stage: tuple(sums) for stage, *sums in steps} == expected.funnel(company)
    assert {step.stage: (step.now, step.reached) for step in found.funnel} == {
        stage: (now, reached) for stage, (now, reached, _) in expected.funnel(company).items()
    }
    pipeline: dict[str, tuple[int, Decimal]] = {}
    for row in found.pipeline:
        leads, value = pipeline.get(row.stage, (0, Decimal()))
        pipeline[row.stage] = (leads + row.leads, value + row.value)
    assert pipeline == expected.pipeline(company)
    plans = rows(
        database,
        "select service_frequency, sum(plans)::int, sum(sale_value), sum(total_received),"
        " sum(completed_jobs) from rotor.recurring_revenue group by 1",
    )
    assert {name: tuple(sums) for name, *sums in plans} == expected.plans(company)
    knocks = rows(
        database, "select knocked_on::text, person, pin_type, knocks from rotor.door_knocking"
    )
    assert Counter({tuple(key): count for *key, count in knocks}) == expected.knocks(company)
    jobs = company.rows("serviced_jobs")
    received = sum(expected.money(job["total_received"]) for job in jobs)
    work = "select sum(job_share), sum(received_share) from rotor.technician_months"
    ((shares, paid),) = rows(database, work)
    assert (round(shares), round(paid, 2)) == (len(jobs), received)
    customers = "select count(*), sum(jobs), sum(job_received) from rotor.customers where is_listed"
    named = [job for job in jobs if job["customer"]]
    listed = {customer["id"] for customer in company.rows("customers")}
    named = [job for job in named if job["customer"]["id"] in listed]
    paid = sum(expected.money(job["total_received"]) for job in named)
    assert rows(database, customers) == [(len(listed), len(named), paid)]


def assert_plain_sql(database: psycopg.Connection) -> None:
    """Compare what the page shows with plain SQL over the loaded table."""
    found = answers(database)
    by_stage = rows(
        database,
        "select coalesce(stage, '(none)'), count(*) from tap_rotor.leads"
        " where _sdc_deleted_at is null group by 1",
    )
    assert {step.stage: step.now for step in found.funnel} == dict(by_stage)
    open_leads = rows(
        database,
        "select coalesce(stage, '(none)'), count(*), count(*) - count(projected_value),"
        " coalesce(sum(projected_value), 0) from tap_rotor.leads"
        " where _sdc_deleted_at is null and archived is not true"
        " and coalesce(stage, '') not in ('Won', 'Lost') group by 1",
    )
    sums: dict[str, list[t.Any]] = {}
    for row in found.pipeline:
        old = sums.get(row.stage, [0, 0, Decimal()])
        new = [row.leads, row.without_value, row.value]
        sums[row.stage] = [a + b for a, b in zip(old, new, strict=True)]
    assert sums == {stage: list(counts) for stage, *counts in open_leads}
    ((leads, won, value),) = rows(
        database,
        "select count(*), count(*) filter (where stage = 'Won'), sum(projected_value) filter"
        " (where archived is not true and coalesce(stage, '') not in ('Won', 'Lost'))"
        " from tap_rotor.leads where _sdc_deleted_at is null",
    )
    heads = found.headlines
    assert (heads.leads, heads.won, heads.open_value) == (leads, won, value)
    assert heads.open == sum(count for _, count, *_ in open_leads)
