"""What the target says of itself, and what meltano.yml repeats of it."""

from __future__ import annotations

import json
import re
import typing as t

import pytest
import yaml
from syrupy.extensions.json import JSONSnapshotExtension

from target_rotor.receipts import SCHEMA
from target_rotor.settings import SETTINGS
from target_rotor.target import TargetRotor
from tests.harness.run import invoke, restored
from tools.generate.declarations import TARGET
from tools.harness.project import ROOT

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from syrupy.assertion import SnapshotAssertion


@pytest.fixture(scope="module", autouse=True)
def _restored() -> Iterator[None]:
    """Undo what the target does to its process."""
    with restored():
        yield


def test_about():
    run = invoke(["--about", "--format=json"], of=TargetRotor)
    assert run.status == 0
    about = json.loads(run.stdout)
    assert about["name"] == "target-rotor"
    assert sorted(about["capabilities"]) == ["about", "stream-maps", "structured-logging"]
    properties = about["settings"]["properties"]
    assert [*properties][: len(SETTINGS["properties"])] == [*SETTINGS["properties"]]
    assert about["settings"]["required"] == []


def test_receipts_are_as_reviewed(snapshot: SnapshotAssertion):
    assert snapshot.use_extension(JSONSnapshotExtension) == SCHEMA


def test_meltano_has_every_setting_and_sends_nothing_by_default():
    project = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    plugins = {one["name"]: one for kind in project["plugins"].values() for one in kind}
    settings = {one["name"]: one for one in plugins["target-rotor"]["settings"]}
    assert [*settings] == [*TARGET.settings]
    assert [name for name, one in settings.items() if one.get("sensitive")] == ["api_key"]
    assert "value" not in settings["api_key"]
    assert settings["dry_run"]["value"] is SETTINGS["properties"]["dry_run"]["default"] is True
    assert settings["max_creates"]["value"] == 0
    assert "config" not in plugins["target-rotor"]
    # tap-postgres reads the outbox and nothing else.
    (schemas,) = (
        one for one in plugins["tap-postgres"]["settings"] if one["name"] == "filter_schemas"
    )
    assert schemas["value"] == ["rotor_outbox"]
    assert plugins["tap-postgres"]["select"] == ["*.*"]
    assert plugins["tap-postgres"]["use_cached_catalog"] is False


def test_the_request_budget_leaves_the_tap_what_its_schedules_take():
    text = (ROOT / "meltano.yml").read_text(encoding="utf-8")
    declared = SETTINGS["properties"]["request_budget"]
    (most,) = re.findall(r"A weekday costs \d+, Sunday (\d+)", text)
    assert f"up to {most}" in declared["description"]
    assert declared["default"] + int(most) <= 1000
