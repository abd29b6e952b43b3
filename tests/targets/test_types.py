"""Types that are hints to a target: what target-postgres makes of them, in new and old tables."""

from __future__ import annotations

import json
import typing as t
from decimal import Decimal

import pytest

from tools.harness.warehouse import column_types

if t.TYPE_CHECKING:
    import psycopg

    from tests.harness.pipeline import Pipeline
    from tools.sandbox import Company

AMOUNTS = [Decimal("12345678901234567890123456789.123456789"), Decimal("-0.10"), 7, None]


@pytest.mark.long
def test_decimals_and_json_as_text(
    company: Company, database: psycopg.Connection, pipeline: Pipeline
) -> None:
    plans = [company.insert("service_plans", sale_value=amount)[0] for amount in AMOUNTS]
    plans += company.insert("service_plans", sale_value=Decimal("0.1234567891"))
    settings = {
        "TAP_ROTOR__SELECT": '["service_plans.*"]',
        "TAP_ROTOR_USE_SINGER_DECIMAL": "true",
        "TAP_ROTOR_JSON_AS_STRING": "true",
    }
    pipeline.run("tap-rotor", "target-postgres", **settings)

    types = column_types(database, "service_plans")
    assert [types[name] for name in ("id", "num_pending_jobs", "sale_value", "extra_fields")] == [
        *("text", "int8", "numeric", "text")
    ]
    size = database.execute(
        "select numeric_precision, numeric_scale from information_schema.columns "
        "where table_name = 'service_plans' and column_name = 'sale_value'"
    ).fetchall()
    assert size == [(38, 9)]
    rows: dict[str, t.Any] = dict(
        database.execute("select id, sale_value from tap_rotor.service_plans").fetchall()
    )
    assert [rows[plan["id"]] for plan in plans] == [*AMOUNTS, None]
    kept = database.execute(
        "select extra_fields from tap_rotor.service_plans where extra_fields is not null"
    ).fetchall()
    assert [json.loads(text, parse_float=str) for (text,) in kept] == [
        {"sale_value": "0.1234567891"}
    ]

    # As an earlier version declared counts.
    database.execute("alter table tap_rotor.service_plans alter num_pending_jobs type numeric")
    company.edit("service_plans", plans[0]["id"], num_pending_jobs=77)
    pipeline.run("tap-rotor", "target-postgres", **settings)
    found = database.execute(
        "select id from tap_rotor.service_plans where num_pending_jobs = 77"
    ).fetchall()
    assert found == [(plans[0]["id"],)]
