"""What the dbt project says twice must be the same twice."""

from __future__ import annotations

import json
import re

import pytest

from demo.meltano import ROOT
from scripts.dbt_sources import column_type, sources
from tap_rotor.streams import STREAMS

TRANSFORM = ROOT / "transform"


def test_sources_are_those_of_the_schemas() -> None:
    file = TRANSFORM / "models" / "sources" / "rotor.yml"
    assert file.read_text(encoding="utf-8") == sources(), (
        "make it anew: python -m scripts.dbt_sources transform/models/sources/rotor.yml"
    )


def test_history_compares_all_of_a_lead() -> None:
    """A field that is added to the schema must be added to the snapshot, and nothing else."""
    text = (TRANSFORM / "snapshots" / "lead_history.sql").read_text(encoding="utf-8")
    own = re.search(r"set own = \[(.*?)\]", text, re.DOTALL)
    assert own
    schema = json.loads((ROOT / "tap_rotor/schemas/leads.json").read_text(encoding="utf-8"))
    assert sorted(re.findall(r"'(\w+)'", own[1])) == sorted(
        schema["properties"].keys() - {"id"} | {"is_deleted"}
    )


def test_load_status_has_all_tables() -> None:
    text = (TRANSFORM / "models" / "marts" / "load_status.sql").read_text(encoding="utf-8")
    tables = re.search(r"set tables = \[(.*?)\]", text)
    assert tables
    assert re.findall(r"'(\w+)'", tables[1]) == [stream.name for stream in STREAMS]


@pytest.mark.parametrize(
    ("declared", "column"),
    [
        ({"type": "string"}, "text"),
        ({"type": ["string", "null"], "format": "date-time"}, "timestamp"),
        ({"type": ["string", "null"], "format": "date"}, "date"),
        ({"type": ["number", "null"]}, "numeric"),
        ({"type": ["array", "null"], "items": {"type": ["string", "null"]}}, "text[]"),
        ({"type": ["array", "null"], "items": {"type": ["object", "null"]}}, "jsonb[]"),
        ({"type": ["array", "null"]}, "jsonb"),
        ({"type": ["object", "null"]}, "jsonb"),
    ],
)
def test_column_types(declared: dict[str, object], column: str) -> None:
    """As target-postgres makes them: see the end-to-end test that reads its tables."""
    assert column_type(declared) == column
