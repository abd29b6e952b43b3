"""docs/recipes.md: each recipe as it stands there, and what is in the warehouse after it."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import typing as t
from contextlib import closing
from datetime import timedelta

import psycopg
import pytest
import yaml
from psycopg import sql

from tests.harness.documents import blocks
from tests.harness.project import Project
from tests.harness.transform import rows
from tools.harness.project import ROOT
from tools.harness.warehouse import actual, assert_equal, column_types, expected
from tools.sandbox import Company, Sandbox
from tools.sandbox.create import LISTS

if t.TYPE_CHECKING:
    from pathlib import Path

    from tools.harness.postgres import Postgres

FILE = "docs/recipes.md"
LOAD = ".venv/bin/meltano run tap-rotor target-postgres"
LEADS = 40
PERSON = "jane@example.com"


@pytest.fixture
def company() -> Company:
    return Company(leads=LEADS)


def ids(company: Company, name: str) -> list[str]:
    return [row["id"] for row in company.rows(name)]


def paths(sandbox: Sandbox) -> list[str]:
    """Return what was asked for since the last call."""
    asked = [request.path for request in sandbox.requests]
    sandbox.reset_log()
    return asked


@pytest.mark.long
def test_several_companies(
    postgres: Postgres, database: psycopg.Connection, tmp_path: Path
) -> None:
    """Two companies in one database, apart and together."""
    snippet, commands, view = blocks(FILE, "Several companies")
    companies = {"north": Company(leads=30, seed=1), "south": Company(leads=20, seed=2)}
    settings = postgres.target_settings(database.info.dbname)
    project = Project(tmp_path / "a project", TAP_ROTOR_API_KEY="rotor_wrong_key", **settings)
    project.add(snippet.text)
    with (
        Sandbox(companies["north"], key="rotor_key_north") as north,
        Sandbox(companies["south"], key="rotor_key_south") as south,
    ):
        for name, sandbox in (("NORTH", north), ("SOUTH", south)):
            address = {f"TAP_ROTOR_{name}_API_URL": sandbox.url}
            project.set(**{f"ROTOR_{name}_KEY": sandbox.api_key}, **address)
        printed = project.run(commands.text)
    for name, company in companies.items():
        assert f"dev:tap-rotor-{name}-to-target-postgres" in printed
        for table in LISTS:
            query = sql.SQL("select id, company from {}")
            found = database.execute(query.format(sql.Identifier(f"rotor_{name}", table)))
            assert sorted(found.fetchall()) == sorted((key, name) for key in ids(company, table))
    database.execute(view.text.encode())
    counted = dict(rows(database, "select company, count(*) from leads_of_all group by 1"))
    assert counted == {"north": 30, "south": 20}


@pytest.mark.long
def test_personal_data(company: Company, project: Project, database: psycopg.Connection) -> None:
    """What was loaded in clear is masked or gone; all else is as in Rotor."""
    snippet, again, update = blocks(FILE, "Personal data")
    company.insert("leads", mood="said Jane")
    company.insert("serviced_jobs", customer={"id": "c", "phone": "555-0100", "full_name": "Jane"})
    project.run(LOAD)
    project.set(ROTOR_SALT="pepper")
    project.add(snippet.text)
    project.run(again.text)
    database.execute(update.text.encode())

    types = {name: column_types(database, name) for name in LISTS}
    want = {name: expected(name, known(company, name), types[name]) for name in LISTS}
    for lead in want["leads"].values():
        email = lead["email"] and lead["email"].strip().lower()
        hashed = email and hashlib.sha256(f"pepper{email}".encode()).hexdigest()
        lead.update(name=None, phone=None, notes=None, email=hashed)
    for customer in want["customers"].values():
        customer["notes"] = None
    for job in want["serviced_jobs"].values():
        job["customer"] = job["customer"] and {"id": job["customer"]["id"]}
    for name in LISTS:
        assert actual(database, name) == want[name]
    assert any(lead["email"] for lead in want["leads"].values())


def known(company: Company, name: str) -> list[dict[str, t.Any]]:
    """Return rows without what the schema does not know."""
    return [
        {key: value for key, value in row.items() if key != "mood"} for row in company.rows(name)
    ]


@pytest.mark.long
def test_erasure(company: Company, project: Project, database: psycopg.Connection) -> None:
    """The person is in no row of any table any more, and does not come back."""
    find, erase, build, stay_away = blocks(FILE, "A request for erasure")
    customer = company.rows("customers")[0]["id"]
    company.edit("customers", customer, email=PERSON)
    lead = company.rows("leads")[0]["id"]
    company.edit("leads", lead, email=PERSON.upper())
    mentioned = company.rows("leads")[1]["id"]
    company.edit("leads", mentioned, notes=f"sister of {PERSON}")
    names = dict.fromkeys(("first_name", "last_name", "company_name"), "Jane Examplewoman")
    party = {"id": customer, **names}
    for name in ("serviced_jobs", "service_plans"):
        company.edit(name, company.rows(name)[0]["id"], customer=party)
    project.run(f"{LOAD} dbt-postgres:build")

    found = database.execute(find.text.encode()).fetchall()
    assert set(found) == {
        *((place, key) for place in ("leads", "history") for key in (lead, mentioned)),
        ("customers", customer),
    }
    company.edit("leads", mentioned, notes=None)
    company.delete("leads", lead)
    company.delete("customers", customer)
    script = erase.text.replace("<id of a lead>", lead).replace("<id of a customer>", customer)
    database.execute(script.encode())
    project.run(build.text)
    assert where(database, PERSON) | where(database, "Examplewoman") == set()

    # Rotor still lists the job with the name; a lead comes that must stay in Rotor.
    (kept,) = company.insert("leads", email=PERSON)
    ends = {"<id of a lead>": kept["id"], "<id of a customer>": customer}
    text = stay_away.text
    for old, new in ends.items():
        text = text.replace(old, new)
    before = {name: column_types(database, name) for name in LISTS}
    project.add(text)
    project.run(LOAD)
    assert where(database, PERSON) | where(database, "Examplewoman") == set()
    assert {name: column_types(database, name) for name in LISTS} == before
    for name in LISTS:
        listed = [row for row in company.rows(name) if row["id"] != kept["id"]]
        for row in listed:
            if row.get("customer") and row["customer"]["id"] == customer:
                row["customer"] = None
        assert_equal(database, name, listed)


def where(database: psycopg.Connection, text: str) -> set[tuple[str, str]]:
    """Return in which tables a text is, and in which row."""
    found = set()
    tables = rows(
        database,
        "select table_schema, table_name from information_schema.tables"
        " where table_schema like '%rotor%'",
    )
    for names in tables:
        query = sql.SQL("select to_jsonb(t) from {} as t where t::text ilike {}").format(
            sql.Identifier(*names), sql.Literal(f"%{text}%")
        )
        for (row,) in database.execute(query):
            found.add((".".join(names), row.get("id") or row.get("lead_id") or ""))
    return found


@pytest.mark.long
def test_state_elsewhere(
    company: Company, sandbox: Sandbox, project: Project, tmp_path: Path
) -> None:
    """The bookmarks move, and the next run goes on from them."""
    snippet, commands = blocks(FILE, "State elsewhere")
    project.run(LOAD)
    folder = tmp_path / "states"
    folder.mkdir()
    project.run(commands.text.replace("/srv/rotor-state", str(folder)))
    (project.directory / ".meltano" / "meltano.db").unlink()
    project.add(snippet.text.replace("/srv/rotor-state", str(folder)))
    company.insert("leads")
    paths(sandbox)
    project.run(LOAD, TAP_ROTOR_LOOKBACK_DAYS="0", TAP_ROTOR_PAGE_SIZE="5")
    assert paths(sandbox).count("/leads") == 1
    (file,) = folder.rglob("state.json")
    state = json.loads(file.read_text())["completed"]["singer_state"]
    newest = company.rows("leads")[0]["created_at"].replace("Z", "000Z")
    assert state["bookmarks"]["leads"]["replication_key_value"] == newest


@pytest.mark.long
def test_one_stream_again(
    company: Company, sandbox: Sandbox, project: Project, database: psycopg.Connection
) -> None:
    """Just that list is read, whole; the state of the others stays."""
    (command,) = blocks(FILE, "One stream again")
    project.run(LOAD)
    before = bookmarks(project)
    database.execute("delete from tap_rotor.customers")
    company.insert("leads")
    paths(sandbox)
    project.run(command.text)
    assert paths(sandbox) == ["/customers"]
    assert_equal(database, "customers", company.rows("customers"))
    assert bookmarks(project) == before
    assert before["leads"]["replication_key_value"]


@pytest.mark.long
@pytest.mark.parametrize("company", [Company(leads=12_000, pins=200)])
def test_first_load_over_several_days(
    company: Company, sandbox: Sandbox, project: Project, database: psycopg.Connection
) -> None:
    """As many requests a day as are allowed, no row twice, and no row older than asked for."""
    snippet, command = blocks(FILE, "A first load over several days")
    start = yaml.safe_load(snippet.text)["plugins"]["extractors"][0]["config"]["start_date"]
    wanted = {
        name: [row for row in company.rows(name) if row["created_at"] >= start]
        for name in ("leads", "pins")
    }
    project.add(snippet.text)
    # Pages of 20 rows that overlap bring 12 new ones or more.
    project.run(command.text, TAP_ROTOR_PAGE_SIZE="20")
    assert len(paths(sandbox)) == 300
    (reason, read), _ = last_reads(database)
    assert reason == "budget_spent"
    assert 300 * 12 < read < len(wanted["leads"])
    company.advance(timedelta(days=1))
    project.run(command.text, TAP_ROTOR_PAGE_SIZE="20")
    # What was read the day before is not read again, but for the lookback.
    recent = sum(row["created_at"] >= "2026-05-31" for row in wanted["leads"])
    left = len(wanted["leads"]) - read + recent + len(wanted["pins"])
    assert len(paths(sandbox)) < left / 12 + 10
    assert [reason for reason, _ in last_reads(database)] == ["complete", "complete"]
    for name, listed in wanted.items():
        assert_equal(database, name, listed)


def last_reads(database: psycopg.Connection) -> list[tuple[str, int]]:
    """Return how the last readings of leads and of pins ended, and the rows that they sent."""
    found = rows(
        database,
        "select distinct on (stream) reason, rows_sent::int from tap_rotor.reads"
        " order by stream, started_at desc nulls last",
    )
    return [(reason, read) for reason, read in found]


@pytest.mark.long
def test_cron(company: Company, sandbox: Sandbox, project: Project) -> None:
    """The times are those of meltano.yml, and the line for every hour does its work."""
    (table,) = blocks(FILE, "cron")
    lines = [re.fullmatch(r"((?:\S+ +){4}\S+) +(.*)", line) for line in table.text.splitlines()]
    found = {line[2].split(" run ")[1].split()[0]: (line[1], line[2]) for line in lines if line}
    schedules = yaml.safe_load((ROOT / "meltano.yml").read_text())["schedules"]
    assert {name: line[0] for name, line in found.items()} == {
        schedule["name"]: schedule["interval"] for schedule in schedules
    }
    for _, command in found.values():
        assert command.startswith("cd /srv/tap-rotor && ")
    command = found["hourly"][1].replace("/srv/tap-rotor", f"'{project.directory}'")
    # As bare as cron's.
    assert project.run(command, PATH="/usr/bin:/bin") == ""
    assert paths(sandbox) == ["/leads", "/pins"]
    log = (project.directory / ".meltano" / "cron.log").read_text()
    assert f"leads: {len(company.rows('leads'))} rows in 1 request, 0 repeats left out" in log


def bookmarks(project: Project) -> dict[str, t.Any]:
    """Return what Meltano keeps of the tap, by stream."""
    with closing(sqlite3.connect(project.directory / ".meltano" / "meltano.db")) as connection:
        ((state,),) = connection.execute("select completed_state from state")
    kept: dict[str, t.Any] = json.loads(state)["singer_state"]["bookmarks"]
    return kept
