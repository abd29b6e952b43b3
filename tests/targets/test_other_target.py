"""Another target by Meltano: one that knows nothing of PostgreSQL or of the SDK."""

from __future__ import annotations

import json
import typing as t
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.harness.pipeline import Pipeline
from tools.sandbox.create import LISTS

if t.TYPE_CHECKING:
    from pathlib import Path

    from tools.harness.meltano import Meltano
    from tools.sandbox import Company, Sandbox

MOMENTS = {"created_at", "archived_at", "service_date"}
ALSO = {"customers": {"has_payment_method", "is_auto_pay"}}

Row = dict[str, t.Any]


@pytest.mark.long
def test_jsonl(company: Company, sandbox: Sandbox, meltano: Meltano, tmp_path: Path) -> None:
    """target-jsonl appends what it is sent, so its files show exactly what each run has read."""
    output = tmp_path / "out put"
    pipeline = Pipeline(meltano, sandbox, tmp_path / "meltano.log")
    settings = {"TARGET_JSONL_DESTINATION_PATH": str(output)}

    pipeline.run("tap-rotor", "target-jsonl", **settings)
    for name in LISTS:
        got = read(output / f"{name}.jsonl")
        want = [record(name, row) for row in company.rows(name)]
        assert sorted(got, key=by_id) == sorted(want, key=by_id)
    proven = {
        (row["stream"], row["reason"], row["rows_sent"]) for row in read(output / "reads.jsonl")
    }
    assert proven == {(name, "complete", len(company.rows(name))) for name in LISTS}

    first = len(company.rows("leads"))
    newest = company.rows("leads")[0]
    (new,) = company.insert("leads")
    (odd,) = company.insert("leads", projected_value="500", archived_at="soon", mood={"a": [1]})
    company.advance(timedelta(days=1))
    pipeline.run("tap-rotor", "target-jsonl", **settings, TAP_ROTOR_LOOKBACK_DAYS="0")
    again = read(output / "leads.jsonl")[first:]
    # The bookmark's own row comes again: another row of its very moment may have come late.
    assert [row["id"] for row in again] == [odd["id"], new["id"], newest["id"]]
    extra = {"projected_value": "500", "archived_at": "soon", "mood": {"a": [1]}}
    assert again[0]["extra_fields"] == extra
    assert again[1:] == [record("leads", new), record("leads", newest)]

    # This target forgets the state at each RECORD, so that one must follow the last of them.
    loaded = first + len(again)
    pipeline.run("tap-rotor", "target-jsonl", **settings, TAP_ROTOR_LOOKBACK_DAYS="0")
    assert [row["id"] for row in read(output / "leads.jsonl")[loaded:]] == [odd["id"], new["id"]]


def record(name: str, row: Row) -> Row:
    """Return the record of a row that fits its schema."""
    blank = dict.fromkeys({"extra_fields", *ALSO.get(name, ())})
    return {**blank, **{key: moment(key, value) for key, value in exact(row).items()}}


def moment(name: str, value: t.Any) -> t.Any:
    if name not in MOMENTS or value is None:
        return value
    return datetime.fromisoformat(value).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def by_id(row: Row) -> str:
    key: str = row["id"]
    return key


def exact(value: Row) -> Row:
    converted: Row = json.loads(json.dumps(value), parse_float=Decimal)
    return converted


def read(file: Path) -> list[Row]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return [json.loads(line, parse_float=Decimal) for line in lines]
