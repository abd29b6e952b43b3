"""Running dbt on a database, and the answers that its models must give.

The answers are counted from the rows of the API, in Python, not from the models' SQL.
"""

from __future__ import annotations

import json
import subprocess
import typing as t
from collections import Counter, defaultdict
from decimal import Decimal

from psycopg import sql

from tools.demo.answers import answers
from tools.harness.project import ROOT, clean_environment
from tools.sandbox.create import LISTS

if t.TYPE_CHECKING:
    from pathlib import Path

    import psycopg

    from tools.harness.postgres import Postgres
    from tools.sandbox import Company

UTILITIES = ROOT / ".meltano" / "utilities"
PROJECT = ROOT / "transform"
LOAD = ["tap-rotor", "target-postgres"]
NONE = "(none)"
COMMON = {
    "new": ("New", "NOT_CONTACTED"),
    "contacted": ("Contacted", "CONTACTED"),
    "qualified": ("Quoted", "Follow Up", "QUALIFIED"),
    "won": ("Won", "CONVERTED"),
    "lost": ("Lost", "LOST"),
    NONE: (None,),
}
POSITIONS = {"New": 1, "Contacted": 2, "Quoted": 3, "Follow Up": 4, "Won": 5}

Row = dict[str, t.Any]


def dbt(utility: str, *arguments: str, folder: Path, **settings: str) -> str:
    """Run dbt as Meltano does; return what it printed.

    Raises:
        AssertionError: It did not end with status 0.
    """
    done = subprocess.run(
        [UTILITIES / utility / "venv" / "bin" / "dbt", *arguments],
        cwd=folder,
        env={**clean_environment(), **environment(folder), **settings},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def environment(folder: Path) -> dict[str, str]:
    """Return where dbt finds the project, and where it writes."""
    return {
        "DBT_PROJECT_DIR": str(PROJECT),
        "DBT_PROFILES_DIR": str(PROJECT),
        "DBT_TARGET_PATH": str(folder / "dbt"),
        "DBT_LOG_PATH": str(folder / "dbt"),
        "DBT_USE_COLORS": "false",
    }


def in_duckdb(file: Path, *queries: str) -> list[list[t.Any]]:
    """Return the rows that each of some queries finds in a file of DuckDB.

    It is read in the environment of dbt-duckdb, as only its own version can.
    """
    program = (
        "import duckdb, json, sys; connection = duckdb.connect(sys.argv[1]);"
        "found = [connection.execute(query).fetchall() for query in json.load(sys.stdin)];"
        "print(json.dumps(found, default=str))"
    )
    done = subprocess.run(
        [UTILITIES / "dbt-duckdb" / "venv" / "bin" / "python", "-c", program, file],
        input=json.dumps(queries),
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[list[t.Any]] = json.loads(done.stdout)
    return found


def connection_settings(postgres: Postgres, database: str) -> dict[str, str]:
    """Return what the profile asks for."""
    settings = postgres.target_settings(database)
    return {name.replace("TARGET", "DBT", 1): value for name, value in settings.items()}


def rows(connection: psycopg.Connection, query: t.LiteralString) -> list[tuple[t.Any, ...]]:
    """Return the rows of a query."""
    return connection.execute(query).fetchall()


def tables(connection: psycopg.Connection) -> dict[str, int]:
    """Return the number of rows of every table and view that dbt made, by name."""
    found = rows(
        connection,
        "select table_schema || '.' || table_name from information_schema.tables"
        " where table_schema like 'rotor%'",
    )
    counts = {}
    for (name,) in found:
        query = sql.SQL("select count(*) from {}").format(sql.Identifier(*name.split(".")))
        (counted,) = connection.execute(query).fetchall()
        counts[name] = counted[0]
    return counts


def funnel(company: Company) -> dict[str, tuple[int, int, Decimal]]:
    """Return leads in each stage, those that reached it, and their value, by stage.

    For a company whose leads have never been seen in another stage.
    """
    leads = company.rows("leads")
    inside = Counter(lead["stage"] or NONE for lead in leads)
    reached: Counter[str] = Counter()
    values: dict[str, Decimal] = defaultdict(Decimal)
    for lead in leads:
        furthest = POSITIONS.get(lead["stage"], 1)
        reached.update(stage for stage, place in POSITIONS.items() if place <= furthest)
        values[lead["stage"] or NONE] += money(lead["projected_value"])
    stages = inside.keys() | reached.keys()
    return {stage: (inside[stage], reached[stage], values[stage]) for stage in stages}


def pipeline(company: Company) -> dict[str, tuple[int, Decimal]]:
    """Return the open leads and their value, by stage."""
    found: dict[str, tuple[int, Decimal]] = {}
    for lead in company.rows("leads"):
        if not lead["archived"] and lead["stage"] not in {"Won", "Lost"}:
            stage = lead["stage"] or NONE
            leads, value = found.get(stage, (0, Decimal()))
            found[stage] = (leads + 1, value + money(lead["projected_value"]))
    return found


def plans(company: Company) -> dict[str, tuple[int, Decimal, Decimal, Decimal]]:
    """Return plans, their value, what was received, and jobs done, by frequency."""
    found: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal()] * 4)
    for plan in company.rows("service_plans"):
        names = ("sale_value", "total_received", "num_completed_jobs")
        new = [Decimal(1), *(money(plan[name]) for name in names)]
        old = found[plan["service_frequency"] or NONE]
        found[plan["service_frequency"] or NONE] = [a + b for a, b in zip(old, new, strict=True)]
    return {name: (int(sums[0]), sums[1], sums[2], sums[3]) for name, sums in found.items()}


def knocks(company: Company) -> Counter[tuple[str | None, str, str]]:
    """Return pins by day in UTC, name of the person and label."""
    return Counter(
        (
            pin["created_at"] and pin["created_at"][:10],
            (pin["created_by"] or {}).get("name") or NONE,
            (pin["pin_type"] or {}).get("label") or NONE,
        )
        for pin in company.rows("pins")
    )


def blank(company: Company) -> None:
    """Enter a row into every list that has nothing but its key."""
    for name in LISTS:
        fields: dict[str, t.Any] = dict.fromkeys(company.rows(name)[0].keys() - {"id"})
        if name == "serviced_jobs":
            fields["status"] = "Completed"
        company.insert(name, 1, **fields)


def money(value: t.Any) -> Decimal:
    """Return an amount as a decimal, nothing as zero."""
    return Decimal(str(value or 0))


def assert_marts(database: psycopg.Connection, company: Company) -> None:
    """Compare marts with what the rows of the API say."""
    found = answers(database)
    steps = rows(
        database,
        "select stage, sum(leads_in_stage), sum(leads_reached), sum(projected_value)"
        " from rotor.lead_funnel group by 1",
    )
    assert {stage: tuple(sums) for stage, *sums in steps} == funnel(company)
    assert {step.stage: (step.now, step.reached) for step in found.funnel} == {
        stage: (now, reached) for stage, (now, reached, _) in funnel(company).items()
    }
    worth: dict[str, tuple[int, Decimal]] = {}
    for row in found.pipeline:
        leads, value = worth.get(row.stage, (0, Decimal()))
        worth[row.stage] = (leads + row.leads, value + row.value)
    assert worth == pipeline(company)
    frequencies = rows(
        database,
        "select service_frequency, sum(plans)::int, sum(sale_value), sum(total_received),"
        " sum(completed_jobs) from rotor.recurring_revenue group by 1",
    )
    assert {name: tuple(sums) for name, *sums in frequencies} == plans(company)
    doors = rows(
        database, "select knocked_on::text, person, pin_type, knocks from rotor.door_knocking"
    )
    assert Counter({tuple(key): count for *key, count in doors}) == knocks(company)
    jobs = company.rows("serviced_jobs")
    received = sum(money(job["total_received"]) for job in jobs)
    work = "select sum(job_share), sum(received_share) from rotor.technician_months"
    ((shares, paid),) = rows(database, work)
    assert (round(shares), round(paid, 2)) == (len(jobs), received)
    customers = "select count(*), sum(jobs), sum(job_received) from rotor.customers where is_listed"
    named = [job for job in jobs if job["customer"]]
    listed = {customer["id"] for customer in company.rows("customers")}
    named = [job for job in named if job["customer"]["id"] in listed]
    paid = sum(money(job["total_received"]) for job in named)
    assert rows(database, customers) == [(len(listed), len(named), paid)]


def assert_all_leads(database: psycopg.Connection, **leads: t.Iterable[Row]) -> None:
    """Compare the leads of both systems with the rows of their APIs."""
    found = rows(
        database,
        "select lead_key, source_system, lead_id, name, email, phone, company, stage, common_stage,"
        " assigned_to, lead_source from rotor.all_leads",
    )
    names = {
        "rotor": ("name", "email", "phone", "company", "stage", "assigned_to", "lead_source"),
        "nexus_erp": (
            *("name", "primaryEmail", "primaryPhone", "company", "status", "assignedToId"),
            "source",
        ),
    }
    terms = {stage: term for term, stages in COMMON.items() for stage in stages}
    want = []
    for system, listed in leads.items():
        for lead in listed:
            who = [lead.get(name) for name in names[system]]
            name, email, phone, company, stage, assigned_to, lead_source = who
            common = terms.get(stage, "unmapped")
            key = (f"{system}:{lead['id']}", system, lead["id"])
            said = (stage or NONE, common, assigned_to or NONE, lead_source or NONE)
            want.append((*key, name, email, phone, company, *said))
    assert sorted(found) == sorted(want)


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
