"""Three loads of a small company with hard values: what a run sends, what must be held after it."""

from __future__ import annotations

import json
import time
import typing as t
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from unittest import mock

from tests.harness.catalog import as_records, schemas
from tests.harness.streams import FULL_TABLE, NAMES
from tests.harness.tap import Tap
from tools.sandbox import Company, Sandbox

if t.TYPE_CHECKING:
    from pathlib import Path

    from tests.harness.run import Run

Row = dict[str, t.Any]
Rows = dict[str, Row]

TEXT = "two\nlines\r\n\ttab \\n \\ \"quoted\" 'so', ünï 👩‍🔧 ;|%s {x}"
HARD: dict[str, list[Row]] = {
    "leads": [
        {"notes": TEXT, "name": "", "tags": ["", "NULL", "a,b", '"{}"', "ü😀"], "phone": "NULL"},
        {
            "projected_value": Decimal("1234567890123456.78"),
            "location": [Decimal("0.1"), -77],
        },
        {"value_score": Decimal("0.12345678901234"), "tags": [], "location": None, "notes": " "},
        {"mood": {"a": [1, None, {"b": "x"}], "c": ""}, "archived": None, "projected_value": 0},
        {"created_at": "2025-02-03T10:11:12.123456+02:00", "notes": "0", "email": "null"},
    ],
    "pins": [{"created_by": None, "pin_type": None, "location": None}],
    "customers": [
        {"address": None, "is_auto_pay": False, "company_name": "", "notes": TEXT, "tags": None}
    ],
    "service_plans": [
        {"customer": None, "sold_by": None, "active": None, "start_date": None},
        {"sale_value": Decimal("1234567890123456.78"), "total_received": Decimal("0.1")},
    ],
    "serviced_jobs": [
        {"customer": None, "technicians": None, "service_plan_id": None, "status": "Completed"},
        {"technicians": [], "total_received": -1, "status": "Completed"},
    ],
}


@dataclass(frozen=True)
class Load:
    """A run of the tap.

    Attributes:
        rows: The rows of the API after it, by list, as they must be held.
        whole: The lists that it read whole, so that a row that it did not send is gone.
    """

    run: Run
    rows: dict[str, Rows]
    whole: tuple[str, ...]


def three_loads(directory: Path, **settings: t.Any) -> list[Load]:
    """Run the tap three times: first, incrementally after changes, and a full refresh."""
    company = Company(leads=30, seed=1)
    for name, hard in HARD.items():
        for fields in hard:
            company.insert(name, **fields)
    with Sandbox(company) as sandbox:
        tap = Tap(directory, sandbox, **settings)
        first = _load(tap, company, 1)
        _change(company)
        second = _load(tap, company, 2, state=first.run.state)
        company.delete("leads", company.rows("leads")[-1]["id"])
        return [first, second, _load(tap, company, 3)]


def _change(company: Company) -> None:
    """Let rows of every kind enter, change, be archived and leave, within the lookback."""
    company.advance(timedelta(days=1))
    leads = [row["id"] for row in company.rows("leads")[:6]]
    company.edit("leads", leads[0], notes=None, name="edited\n", projected_value=Decimal("0.1"))
    company.archive(leads[1])
    company.delete("leads", leads[5])
    for name in NAMES:
        company.insert(name, 2)
    for name in ("pins", "customers", "service_plans", "serviced_jobs"):
        company.delete(name, company.rows(name)[-1]["id"])
    plan = company.rows("service_plans")[0]
    company.edit("service_plans", plan["id"], active=False, sale_value=7, sold_by=None)


def _load(tap: Tap, company: Company, second: int, **options: t.Any) -> Load:
    """Run the tap as if it began in a second of its own, of which it makes its version."""
    with mock.patch("singer_sdk.plugin_base.time") as clock:
        clock.time.return_value = time.time() + second
        run = tap.succeed(**options)
    rows = {
        name: _records(company, name, flat=tap.settings.get("flattening_enabled", False))
        for name in NAMES
    }
    return Load(run, rows, FULL_TABLE if "state" in options else NAMES)


def _records(company: Company, name: str, *, flat: bool) -> Rows:
    """Return the record that each row of a list must become, by id; numbers keep their digits."""
    rows = []
    for row in company.rows(name):
        served = company.lists[name].by_id[row["id"]].data
        record = json.loads(served, parse_float=Decimal)
        if "mood" in record:
            record["extra_fields"] = {"mood": record.pop("mood")}
        rows.append(record)
    shape = _flat if flat else _in_order
    return {record["id"]: shape(schemas()[name], record) for record in as_records(name, rows)}


def _in_order(schema: Row, value: t.Any) -> t.Any:
    """Return a value with the properties of each object in the order of the schema."""
    if "items" in schema and value:
        return [_in_order(schema["items"], each) for each in value]
    if "properties" in schema and value:
        return {name: _in_order(of, value[name]) for name, of in schema["properties"].items()}
    return value


def _flat(schema: Row, value: Row | None, prefix: str = "") -> Row:
    """Return an object with a column for each property of those in it; of a null object, nulls."""
    columns: Row = {}
    for name, of in schema["properties"].items():
        inner = (value or {}).get(name)
        if "properties" in of:
            columns |= _flat(of, inner, f"{prefix}{name}__")
        else:
            columns[prefix + name] = inner
    return columns
