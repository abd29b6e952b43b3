"""What the dbt project says twice must be the same twice."""

from __future__ import annotations

import csv
import json
import re

import pytest

from tap_nexus_erp.settings import SETTINGS
from tap_nexus_erp.tap import TapNexusErp
from tap_rotor.tap import TapRotor
from tools.generate.dbt_sources import FILES, FOLDER, column_type, sources
from tools.harness.meltano import ROOT

TRANSFORM = ROOT / "transform"


@pytest.mark.parametrize("name", FILES)
def test_sources_are_those_of_the_schemas(name: str) -> None:
    text = FOLDER.joinpath(name).read_text(encoding="utf-8")
    assert text == sources(*FILES[name]), "make it anew: python -m tools.generate.dbt_sources"


def test_sources_are_all_there() -> None:
    assert {file.name for file in FOLDER.iterdir()} == FILES.keys()
    assert {tap for tap, *_ in FILES.values()} == {TapRotor, TapNexusErp}


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
    tables = re.search(r"set tables = \[(.*?)\]", text, re.DOTALL)
    assert tables
    assert re.findall(r"\('(\w+)', '(\w+)'\)", tables[1]) == [
        (file.removesuffix(".yml"), name) for file, (_, names, _) in FILES.items() for name in names
    ]


def test_common_stages_have_every_status_and_every_stage_of_the_pipeline() -> None:
    seeds = TRANSFORM / "seeds"
    with (seeds / "common_stages.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with (seeds / "lead_stages.csv").open(encoding="utf-8", newline="") as file:
        pipeline = [row["stage"] for row in csv.DictReader(file)]
    statuses = SETTINGS["properties"]["status"]["enum"]
    assert [(row["source_system"], row["stage"]) for row in rows] == [
        *(("rotor", stage) for stage in pipeline),
        *(("nexus_erp", status) for status in statuses),
    ]


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
