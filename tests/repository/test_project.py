"""What the dbt project says twice must be the same twice."""

from __future__ import annotations

import csv
import json
import re

import yaml

from tap_nexus_erp.settings import SETTINGS
from tests.harness.streams import NEXUS_ERP, ROTOR
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
        (system, name, stream.key or "none")
        for system, streams in (("rotor", ROTOR), ("nexus_erp", NEXUS_ERP))
        for name, stream in streams.items()
    ]


def test_unit_tests_fix_what_they_rest_on() -> None:
    """A company's own time zone, or the moment that ages are counted to, changes no answer."""
    rests_on = {
        "rotor_timezone": r"\blocal_(day|month)\(",
        "rotor_late_after_hours": r"\brotor_late_after_hours\b",
        "ROTOR_AS_OF": r"\bas_of\(",
    }
    project = yaml.safe_load((TRANSFORM / "dbt_project.yml").read_text(encoding="utf-8"))
    assert project["vars"].keys() < rests_on.keys()
    tested = 0
    for path in TRANSFORM.glob("models/**/*.yml"):
        for test in yaml.safe_load(path.read_text(encoding="utf-8")).get("unit_tests", ()):
            sql = path.with_name(f"{test['model']}.sql").read_text(encoding="utf-8")
            fixed = test.get("overrides", {})
            names = {*fixed.get("vars", {}), *fixed.get("env_vars", {})}
            used = {name for name, pattern in rests_on.items() if re.search(pattern, sql)}
            assert used <= names, test["name"]
            tested += 1
    assert tested


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
