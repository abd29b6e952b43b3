"""The dbt project on what the pipeline has loaded: its numbers and its history."""

from __future__ import annotations

import json
import subprocess
import typing as t
from collections import Counter
from decimal import Decimal

import pytest

from tests.harness import transform as expected
from tests.harness.transform import LOAD, rows
from tools.demo.answers import answers
from tools.sandbox.create import LISTS

if t.TYPE_CHECKING:
    from pathlib import Path

    import psycopg

    from tests.harness.pipeline import Pipeline
    from tools.sandbox import Company, Organisation

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
    *("lead_stage_transitions", "all_leads"),
)
# Depends on when the run was, not on what was read.
MOVING = {"seen_from", "entered_at", "days_in_stage", "stage_entered_at"}


@pytest.mark.long
def test_builds(
    company: Company,
    organisation: Organisation,
    nexus_settings: dict[str, str],
    database: psycopg.Connection,
    pipeline: Pipeline,
) -> None:
    """One run loads both systems and builds; the next shows the changes of stage since."""
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
        **nexus_settings,
        **expected.environment(pipeline.meltano.directory),
    }
    organisation.insert("leads", status="WAITING")
    pipeline.run(*LOAD, "tap-nexus-erp", "target-postgres", "dbt-postgres:build", **settings)

    log = pipeline.log.read_text()
    assert "WARN 1 stages_are_known" in log
    assert "WARN 2 common_stages_are_known" in log
    unmapped = "select * from rotor_dbt_test__audit.common_stages_are_known"
    assert sorted(rows(database, unmapped)) == [
        ("nexus_erp", "WAITING", 1),
        ("rotor", "Sleeping", 1),
    ]
    systems = {"rotor": company.rows("leads"), "nexus_erp": organisation.rows("leads")}
    expected.assert_all_leads(database, **systems)
    due = dict(rows(database, "select lead_id, due from rotor.follow_ups"))
    assert {key: due.get(key) for key in follow_ups} == follow_ups
    expected.assert_marts(database, company)
    expected.assert_plain_sql(database)
    assert rows(database, "select count(*) from rotor.lead_stage_transitions") == [(0,)]
    loaded = {name: name != "pin_types" for name in LISTS}
    status = rows(
        database,
        "select source_system, table_name, status, is_in_last_load, living_rows,"
        " rows_of_last_load from rotor.load_status",
    )
    assert sorted(status) == sorted(
        [
            ("nexus_erp", "leads", "complete", True, *[len(organisation.rows("leads"))] * 2),
            *(
                ("rotor", name, "complete" if there else "left_out", there, count, count)
                for name, there in loaded.items()
                for count in [len(company.rows(name)) if there else 0]
            ),
        ]
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
def test_duckdb(
    company: Company,
    nexus_settings: dict[str, str],
    database: psycopg.Connection,
    pipeline: Pipeline,
    tmp_path: Path,
) -> None:
    """The same rows give the same answers in DuckDB, loaded from target-jsonl's files."""
    expected.blank(company)
    for text in FOLLOW_UPS:
        company.insert("leads", follow_up_date=text, stage="New", archived=False)
    output = tmp_path / "out put"
    file = output / "warehouse.duckdb"
    settings = {
        "ROTOR_AS_OF": AS_OF,
        "DBT_DUCKDB_PATH": str(file),
        "DBT_DUCKDB_FILES": str(output),
        **nexus_settings,
        **expected.environment(tmp_path),
    }
    both = [*LOAD, "tap-nexus-erp", "target-postgres"]
    pipeline.run(*both, "dbt-postgres:build", **settings)
    for _ in range(2):
        # The second time every row stands twice in the files.
        for tap in ("tap-rotor", "tap-nexus-erp"):
            folder = {"TARGET_JSONL_DESTINATION_PATH": str(output / tap.replace("-", "_"))}
            pipeline.run("--full-refresh", tap, "target-jsonl", **settings, **folder)
        expected.dbt("dbt-duckdb", "build", folder=tmp_path, DBT_TARGET="duckdb", **settings)

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
