"""What the dbt project says twice must be the same twice."""

from __future__ import annotations

import csv
import json
import re

from tap_nexus_erp.settings import SETTINGS
from tap_nexus_erp.streams import STREAMS as NEXUS_ERP_STREAMS
from tap_rotor.streams import STREAMS as ROTOR_STREAMS
from tools.harness.project import ROOT

TRANSFORM = ROOT / "transform"


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
    """And of those that a run does not read whole what it is read by."""
    text = (TRANSFORM / "macros" / "loads.sql").read_text(encoding="utf-8")
    lists = re.findall(r"\('(\w+)', '(\w+)', (\S+), (\S+)\)", text)
    assert [(system, name, key.strip("'")) for system, name, _, key in lists] == [
        (system, stream.name, stream.replication_key or "none")
        for system, streams in (("rotor", ROTOR_STREAMS), ("nexus_erp", NEXUS_ERP_STREAMS))
        for stream in streams
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
