"""The outbox of the dbt project, on a real PostgreSQL: which wishes are left, and what of them."""

from __future__ import annotations

import json
import shutil
import subprocess
import typing as t
from datetime import UTC, datetime, timedelta

import pytest

from tests.harness.transform import PROJECT, UTILITIES, connection_settings, environment, rows
from tools.harness.project import clean_environment

if t.TYPE_CHECKING:
    from pathlib import Path

    import psycopg

    from tools.harness.postgres import Postgres

pytestmark = pytest.mark.long

NOW = datetime.now(UTC).replace(tzinfo=None)
HOUR = timedelta(hours=1)
TABLES = """
create schema tap_rotor; create schema target_rotor;
create table tap_rotor.reads (stream text, outcome text, started_at timestamp);
create table tap_rotor.leads (
    id text, created_at timestamp, _sdc_extracted_at timestamp, _sdc_deleted_at timestamp,
    phone text, email text, stage text, priority text, notes text, projected_value numeric,
    follow_up_date text, tags text[], property_city text, lead_source text, extra_fields jsonb
);
create table tap_rotor.customers (
    id text, created_at timestamp, _sdc_extracted_at timestamp, _sdc_deleted_at timestamp,
    phone text, email text, status text, address jsonb
);
create table target_rotor.receipts (
    payload_hash text, outcome text, reason text, started_at timestamp, ended_at timestamp
);
create table public.lead_wishes (
    id text, phone text, email text, stage text, priority text, projected_value numeric,
    follow_up_date text, tags text[], property_city text, source text
);
create table public.customer_wishes (id text, status text, property_city text);
create table public.null_wishes (id text, notes text, stage text);
create table public.wrong_1 (id text, assigned_to text);
create table public.wrong_2 (id text, billing_zip text);
create table public.wrong_3 (id text);
"""
MODELS = {
    "outbox_leads": ("leads", "leads", "lead_wishes", ""),
    "outbox_customers": ("customers", "customers", "customer_wishes", ""),
    "outbox_nulls": ("nulls", "leads", "null_wishes", ", write_nulls=true"),
    **{f"outbox_{name}": (name, "leads", name, "") for name in ("wrong_1", "wrong_2", "wrong_3")},
}
REFUSED = (
    "has the column assigned_to, which cannot be written to leads",
    "has the column billing_zip, which cannot be written to leads",
    "has no column but id: it asks for nothing",
)
MODEL = (
    "{{{{ config(materialized='view', schema='outbox', alias='{}') }}}}"
    "{{{{ outbox('{}', api.Relation.create(schema='public', identifier='{}'){}) }}}}"
)


class Outbox:
    """Models over wishes in a database, built by dbt."""

    def __init__(self, database: psycopg.Connection, postgres: Postgres, folder: Path) -> None:
        self.database = database
        self.project = folder / "transform"
        shutil.copytree(PROJECT, self.project)
        (self.project / "models" / "outbox").mkdir()
        for name, said in MODELS.items():
            (self.project / "models" / "outbox" / f"{name}.sql").write_text(MODEL.format(*said))
        self.environment = {
            **clean_environment(),
            **environment(folder),
            **connection_settings(postgres, database.info.dbname),
            "DBT_PROJECT_DIR": str(self.project),
            "DBT_PROFILES_DIR": str(self.project),
        }
        database.execute(TABLES.encode())

    def build(self, *models: str) -> str:
        done = subprocess.run(
            [UTILITIES / "dbt-postgres/venv/bin/dbt", "run", "--select", *models],
            cwd=self.project,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.stdout

    def insert(self, table: str, **fields: t.Any) -> None:
        names, places = ", ".join(fields), ", ".join(["%s"] * len(fields))
        query = f"insert into {table} ({names}) values ({places})"
        self.database.execute(query.encode(), [*fields.values()])

    def found(self, view: str = "leads") -> list[dict[str, t.Any]]:
        query = f"select to_jsonb(found) - '_payload_hash' from rotor_outbox.{view} as found"
        found = [row for (row,) in self.database.execute(query.encode()).fetchall()]
        return [{name: value for name, value in row.items() if value is not None} for row in found]


def lead(key: str, **fields: t.Any) -> dict[str, t.Any]:
    read_at = {"created_at": NOW, "_sdc_extracted_at": NOW - HOUR}
    return {"id": key, **read_at, **fields}


def wish(key: str | None, **fields: t.Any) -> dict[str, t.Any]:
    return {"_is_ambiguous": False, **({"id": key} if key else {}), **fields}


KNOWN: list[dict[str, t.Any]] = [
    lead("a", stage="New", phone="(612) 555-0100", email="A@b.co", tags=["x", "y"]),
    lead("b", projected_value=12.5, follow_up_date="2026-12-01T10:00:00.000Z", lead_source="Web"),
    lead("c", property_city="Fargo", tags=None, stage="Won", follow_up_date="2026-12-01"),
    lead("d", phone="7", stage="New"),
    lead("e", phone="7", stage="New"),
    lead("gone", stage="New", _sdc_deleted_at=NOW),
]
FULFILLED: list[dict[str, t.Any]] = [
    {"id": "a", "phone": "612.555.0100", "email": "a@B.co", "tags": ["y"], "stage": None},
    {"id": "b", "projected_value": "12.50", "source": "Web", "follow_up_date": "2026-12-01"},
    {"id": "b", "follow_up_date": "2026-12-01 12:00:00+02:00", "stage": ""},
    {"id": "c", "tags": [], "property_city": "Fargo", "follow_up_date": "2026-12-01"},
    # Not known, or not any more.
    {"id": "nobody", "stage": "Won"},
    {"id": "gone", "stage": "Won"},
]


@pytest.fixture
def outbox(database: psycopg.Connection, postgres: Postgres, tmp_path: Path) -> Outbox:
    return Outbox(database, postgres, tmp_path)


def test_outbox(outbox: Outbox) -> None:
    # Nothing is compared with what is old or not proven.
    outbox.insert("tap_rotor.reads", stream="leads", outcome="proven", started_at=NOW - 27 * HOUR)
    outbox.insert("tap_rotor.reads", stream="leads", outcome="unproven", started_at=NOW)
    assert "outbox: no reading of leads younger than 26 hours is proven" in " ".join(
        outbox.build("outbox_leads").split()
    )
    for stream in ("leads", "customers"):
        outbox.insert("tap_rotor.reads", stream=stream, outcome="proven", started_at=NOW - HOUR)
    printed = " ".join(outbox.build("path:models/outbox").split())
    assert [sentence for sentence in REFUSED if sentence not in printed] == []
    assert f"ERROR={len(REFUSED)}" in printed

    for row in KNOWN:
        outbox.insert("tap_rotor.leads", **row)
    for row in FULFILLED:
        outbox.insert("lead_wishes", **row)
        assert outbox.found() == [], row
        outbox.database.execute("delete from lead_wishes")

    cases: list[tuple[dict[str, t.Any], dict[str, t.Any]]] = [
        ({"id": "A", "stage": "Won", "email": "a@b.co"}, wish("a", stage="Won")),
        ({"phone": "612-555-0100", "stage": "Won"}, wish("a", stage="Won")),
        ({"email": "a@B.CO", "tags": ["z", "x"]}, wish("a", tags=["z", "x"])),
        ({"id": "a", "phone": "612 555 0199"}, wish("a", phone="612 555 0199")),
        ({"id": "b", "projected_value": 13}, wish("b", projected_value=13)),
        ({"id": "b", "follow_up_date": "2026-12-02"}, wish("b", follow_up_date="2026-12-02")),
        ({"id": "c", "tags": ["x"], "source": "Web"}, wish("c", tags=["x"], source="Web")),
        ({"phone": "1", "stage": "New"}, wish(None, phone="1", stage="New")),
        ({"phone": "7", "stage": "Won"}, {**wish("e", stage="Won"), "_is_ambiguous": True}),
    ]
    for asked, left in cases:
        outbox.insert("lead_wishes", **asked)
        assert outbox.found() == [left]
        outbox.database.execute("delete from lead_wishes")

    # Two wishes about one row.
    outbox.insert("lead_wishes", id="a", stage="Won")
    outbox.insert("lead_wishes", phone="6125550100", stage="New")
    assert outbox.found() == [{**wish("a", stage="Won"), "_is_ambiguous": True}]
    outbox.database.execute("delete from lead_wishes where id is null")

    check_receipts(outbox)
    check_others(outbox)

    outbox.database.execute("delete from tap_rotor.reads")
    assert outbox.found() == []


def check_receipts(outbox: Outbox) -> None:
    """See what becomes of one wish, by what became of it before."""
    ((payload,),) = rows(outbox.database, "select _payload_hash from rotor_outbox.leads")
    # The row was read an hour ago.
    for outcome, ended, left in (
        ("updated", NOW, 0),
        ("updated", NOW - 2 * HOUR, 1),
        ("sending", None, 1),
        ("failed", NOW, 1),
        ("unknown", NOW, 1),
        ("refused", NOW - 99 * HOUR, 0),
        ("unchanged", NOW - 99 * HOUR, 0),
    ):
        receipt = {"payload_hash": payload, "outcome": outcome, "ended_at": ended}
        outbox.insert("target_rotor.receipts", **receipt, started_at=ended or NOW)
        assert len(outbox.found()) == left, outcome
        outbox.database.execute("delete from target_rotor.receipts")
    for reason, ended, left in (
        ("row has no id", NOW, 1),
        ("id is unknown to Rotor", NOW, 0),
        ("id is unknown to Rotor", NOW - 2 * HOUR, 1),
    ):
        refused = {"payload_hash": payload, "outcome": "refused", "reason": reason}
        outbox.insert("target_rotor.receipts", **refused, started_at=ended, ended_at=ended)
        assert len(outbox.found()) == left, reason
        outbox.database.execute("delete from target_rotor.receipts")
    # The last one counts.
    for outcome, ended in (("updated", NOW), ("refused", NOW - HOUR)):
        receipt = {"payload_hash": payload, "outcome": outcome, "ended_at": ended}
        outbox.insert("target_rotor.receipts", **receipt, started_at=ended)
    assert outbox.found() == []
    outbox.database.execute("update lead_wishes set stage = 'Lost'")
    assert outbox.found() == [wish("a", stage="Lost")]


def check_others(outbox: Outbox) -> None:
    """See customers, and wishes in which a null is one."""
    address = json.dumps({"city": "Fargo"})
    outbox.insert("tap_rotor.customers", **lead("k", status="active", address=address))
    outbox.insert("customer_wishes", id="k", status="active", property_city="Duluth")
    assert outbox.found("customers") == [wish("k", property_city="Duluth")]
    outbox.database.execute("update tap_rotor.leads set notes = 'old' where id = 'c'")
    outbox.insert("null_wishes", id="c", stage="Won")
    outbox.insert("null_wishes", id="d", stage="New")
    assert outbox.found("nulls") == [wish("c", stage="Won")]
