"""Hard values: what no database takes does not end the load, and nothing of it is lost."""

from __future__ import annotations

import typing as t
from datetime import datetime
from decimal import Decimal

import pytest

from tests.harness.tap import Tap
from tools.harness.warehouse import actual

if t.TYPE_CHECKING:
    from pathlib import Path

    import psycopg

    from tests.harness.loader import Loader
    from tests.harness.pipeline import Pipeline
    from tools.sandbox import Company, Sandbox

EMOJI = "👩‍🔧 Дом № 5 «ß» \t \\ \" ' % :name {x} \r\n" * 140
NOTES = EMOJI[:5000]
DIGITS = Decimal("1234567890123456.78")
FRACTION = Decimal("0.123456789012345678")
HUGE = 10**4000

# Fields that a lead is entered with; the columns that must come of it, beside the other fields.
LEADS: dict[str, tuple[dict[str, t.Any], dict[str, t.Any]]] = {
    "text": (
        {
            "notes": NOTES,
            "name": "",
            "tags": ["", "NULL", "a,b", '"{}"', "ü😀"],
            "priority": "asap",
        },
        {
            "notes": NOTES,
            "name": "",
            "tags": ["", "NULL", "a,b", '"{}"', "ü😀"],
            "priority": "asap",
        },
    ),
    "long text": ({"notes": "x" * 2_000_000}, {"notes": "x" * 2_000_000}),
    "NUL": (
        {"notes": "a\0b", "tags": ["\0"], "x\0y": {"k\0": ["\0"]}},
        {
            "notes": "a\ufffdb",
            "tags": ["\ufffd"],
            "extra_fields": {"x\ufffdy": {"k\ufffd": ["\ufffd"]}},
        },
    ),
    "lone surrogates": (
        {"notes": "a\ud800b", "tags": ["\udc00", "\ud83d\ude00"], "\ud800": {"\udfff": "\ud800"}},
        {
            "notes": "a\ufffdb",
            "tags": ["\ufffd", "😀"],
            "extra_fields": {"\ufffd": {"\ufffd": "\ufffd"}},
        },
    ),
    "decimals": (
        {
            "projected_value": DIGITS,
            "value_score": FRACTION,
            "location": [FRACTION, -DIGITS],
            "fee": FRACTION,
        },
        {
            "projected_value": DIGITS,
            "value_score": FRACTION,
            "location": [FRACTION, -DIGITS],
            "extra_fields": {"fee": FRACTION},
        },
    ),
    "whole numbers": (
        {"projected_value": 10**18, "value_score": -(2**63) - 1},
        {"projected_value": Decimal(10) ** 18, "value_score": Decimal(-(2**63) - 1)},
    ),
    "numbers that no database holds": (
        {"projected_value": HUGE, "location": [Decimal("1E+200000"), 1], "deep": {"n": [HUGE]}},
        {
            "projected_value": None,
            "location": [None, 1],
            "extra_fields": {
                "projected_value": str(HUGE),
                "location.0": "1E+200000",
                "deep": {"n": [str(HUGE)]},
            },
        },
    ),
    "unknown fields": (
        {
            "company": {"name": "Ü", "none": None, "list": [1, {"a": []}]},
            "": 1,
            "extra_fields": {"a": 1},
        },
        {
            "extra_fields": {
                "company": {"name": "Ü", "none": None, "list": [1, {"a": []}]},
                "": 1,
                "extra_fields": {"a": 1},
            }
        },
    ),
    "columns of the target": (
        {"_sdc_deleted_at": "2026-01-01T00:00:00Z", "ID": 1, "n" * 200: 2},
        {"extra_fields": {"_sdc_deleted_at": "2026-01-01T00:00:00Z", "ID": 1, "n" * 200: 2}},
    ),
    "misfits": (
        {
            "projected_value": "500",
            "archived": "yes",
            "tags": "a",
            "location": {"lat": 1},
            "notes": [5],
        },
        {
            "projected_value": None,
            "archived": None,
            "tags": None,
            "location": None,
            "notes": None,
            "extra_fields": {
                "projected_value": "500",
                "archived": "yes",
                "tags": "a",
                "location": {"lat": 1},
                "notes": [5],
            },
        },
    ),
    "misfits within lists": (
        {"tags": ["a", 1, None], "location": [1.5, "2", None]},
        {
            "tags": ["a", None, None],
            "location": [Decimal("1.5"), None, None],
            "extra_fields": {"tags.1": 1, "location.1": "2"},
        },
    ),
    "no time": (
        {"created_at": None, "archived_at": "soon"},
        {"created_at": None, "archived_at": None, "extra_fields": {"archived_at": "soon"}},
    ),
    "times": (
        {"created_at": "2025-02-03T10:11:12+02:00", "archived_at": "2026-11-01T05:30:00Z"},
        {
            "created_at": datetime(2025, 2, 3, 8, 11, 12),  # noqa: DTZ001 (as the column has it)
            "archived_at": datetime(2026, 11, 1, 5, 30),  # noqa: DTZ001
        },
    ),
    "impossible times": (
        {"created_at": "", "archived_at": "2026-02-30T00:00:00Z"},
        {
            "created_at": None,
            "archived_at": None,
            "extra_fields": {"created_at": "", "archived_at": "2026-02-30T00:00:00Z"},
        },
    ),
    "years": (
        {"created_at": "10000-01-01T00:00:00Z", "archived_at": "0001-01-01T00:00:00Z"},
        {
            "created_at": None,
            "archived_at": datetime(1, 1, 1),  # noqa: DTZ001
            "extra_fields": {"created_at": "10000-01-01T00:00:00Z"},
        },
    ),
}
# Times within the hour that a clock that is not in UTC has twice, or not at all.
DAYLIGHT = ["2026-03-08T07:30:00.001Z", "2026-11-01T05:30:00.001Z", "2026-11-01T06:30:00.001Z"]


def enter(company: Company) -> dict[str, t.Any]:
    """Enter rows of hard values; return the leads by case, and the rows of other lists."""
    return {
        "leads": {
            case: company.insert("leads", **fields)[0] for case, (fields, _) in LEADS.items()
        },
        "daylight": [company.insert("leads", created_at=moment)[0] for moment in DAYLIGHT],
        "plan": company.insert(
            "service_plans", start_date="2026-02-31", sale_value=DIGITS, customer=None, active="on"
        )[0],
        "job": company.insert(
            "serviced_jobs",
            technicians=[{"name": "Ü\0", "badge": {"n": FRACTION}}, None, "Bob"],
            service_date="2026-03-01T24:00:00Z",
            total_received=None,
            status="Completed",
        )[0],
        "pin": company.insert("pins", created_by={"name": 5, "email": None}, nested=nested(40))[0],
    }


def test_hard_values(company: Company, database: psycopg.Connection, pipeline: Pipeline) -> None:
    leads, daylight, plan, job, pin = enter(company).values()

    pipeline.run("tap-rotor", "target-postgres")

    got = actual(database, "leads")
    assert len(got) == len(company.rows("leads"))
    for case, (_, columns) in LEADS.items():
        row = got[leads[case]["id"]]
        want = {"extra_fields": None, **columns}
        assert {name: row[name] for name in want} == want, case
    assert [got[row["id"]]["created_at"] for row in daylight] == [
        datetime.fromisoformat(moment).replace(tzinfo=None) for moment in DAYLIGHT
    ]

    row = actual(database, "service_plans")[plan["id"]]
    assert (row["start_date"], row["active"], row["customer"]) == (None, None, None)
    assert row["sale_value"] == DIGITS
    assert row["extra_fields"] == {"start_date": "2026-02-31", "active": "on"}

    row = actual(database, "serviced_jobs")[job["id"]]
    nobody = {"user_id": None, "name": None, "email": None}
    assert row["technicians"] == [{**nobody, "name": "Ü\ufffd"}, None, None]
    assert row["total_received"] is None
    assert row["extra_fields"]["technicians.2"] == "Bob"
    assert row["extra_fields"]["technicians.0.badge"] == {"n": FRACTION}

    row = actual(database, "pins")[pin["id"]]
    assert row["created_by"] == nobody
    assert row["extra_fields"] == {"created_by.name": 5, "nested": nested(40)}


@pytest.mark.long
def test_hard_values_as_by_insert(
    company: Company, sandbox: Sandbox, tmp_path: Path, loader: Loader
) -> None:
    enter(company)
    tap = Tap(tmp_path, sandbox, emit_activate_version_messages=True)
    first = tap.succeed().stdout.splitlines()
    company.delete("leads", [company.rows("leads")[0]["id"]])
    tables = loader.both(first, tap.succeed().stdout.splitlines())
    assert len(tables["leads"]) == 1 + 120 + len(LEADS) + len(DAYLIGHT)


def nested(depth: int) -> t.Any:
    """Return a value of twice so many levels; target-postgres takes 900."""
    value: t.Any = "bottom"
    for _ in range(depth):
        value = {"a": [value]}
    return value
