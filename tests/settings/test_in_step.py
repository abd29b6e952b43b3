"""What the files around the taps say of settings: no secret, and nothing that is not declared.

`tests/repository/test_generated.py` checks that they say all that the tap declares.
"""

from __future__ import annotations

import json
import re
import typing as t

import pytest
import yaml

from tests.harness.run import invoke, restored
from tools.generate.declarations import NEXUS_ERP, ROTOR, TAPS, TARGET, Declared
from tools.generate.env_example import variable
from tools.harness.project import ROOT

if t.TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module", autouse=True)
def _restored() -> Iterator[None]:
    """Undo what the taps do to their process."""
    with restored():
        yield


@pytest.fixture(scope="module", params=TAPS, ids=lambda declared: declared.name)
def declared(request: pytest.FixtureRequest) -> Declared:
    return request.param


@pytest.fixture(scope="module")
def plugins() -> dict[str, dict[str, t.Any]]:
    project = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    return {plugin["name"]: plugin for kind in project["plugins"].values() for plugin in kind}


@pytest.fixture(scope="module")
def plugin(declared: Declared, plugins: dict[str, dict[str, t.Any]]) -> dict[str, t.Any]:
    return plugins[declared.name]


@pytest.fixture(scope="module")
def in_meltano(plugin: dict[str, t.Any]) -> dict[str, dict[str, t.Any]]:
    return {setting["name"]: setting for setting in plugin["settings"]}


@pytest.fixture(scope="module")
def sample() -> dict[str, t.Any]:
    return json.loads((ROOT / "sample_config.json").read_text(encoding="utf-8"))


def test_meltano_knows_every_setting(declared, in_meltano):
    assert list(in_meltano) == list(declared.settings)
    assert len(declared.own_settings) == {"tap-rotor": 16, "tap-nexus-erp": 14}[declared.name]
    assert list(in_meltano)[: len(declared.own_settings)] == list(declared.own_settings)


def test_just_the_key_is_secret(declared, in_meltano):
    secret = {name for name, setting in declared.settings.items() if setting.get("secret")}
    assert {name for name, setting in in_meltano.items() if setting.get("sensitive")} == secret
    assert secret == {"api_key"}
    assert "value" not in in_meltano["api_key"]


def test_meltano_knows_which_settings_are_required(plugin):
    required = {"tap-rotor": ["api_key"], "tap-nexus-erp": ["api_key", "api_url"]}
    assert plugin["settings_group_validation"] == [required[plugin["name"]]]


def test_meltano_configures_only_what_is_declared_and_no_secret(declared, plugin):
    config = plugin.get("config", {})
    assert set(config) <= set(declared.settings)
    assert not {name for name in config if declared.settings[name].get("secret")}


def test_meltano_knows_what_the_tap_can_do(plugin):
    assert {*plugin["capabilities"]} >= {"catalog", "discover", "state", "activate-version"}
    assert "batch" not in plugin["capabilities"]


def test_the_sample_config_holds_the_required_and_only_what_is_declared(sample):
    assert set(ROTOR.required) <= set(sample) <= set(ROTOR.settings)


def test_the_sample_config_is_one_that_the_tap_takes():
    result = invoke(["--config", str(ROOT / "sample_config.json"), "--discover"])
    assert (result.status, result.problems) == (0, [])


def test_the_example_environment_holds_what_is_required_and_no_secret(plugins):
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    variables = dict(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=(.*)$", text, re.MULTILINE))
    known = {
        variable(declared, name): setting
        for declared in (*TAPS, TARGET)
        for name, setting in declared.settings.items()
    }
    target = plugins["target-postgres"]["settings"]
    known |= {f"TARGET_POSTGRES_{setting['name'].upper()}": setting for setting in target}
    assert set(variables) <= set(known)
    for declared in TAPS:
        for name in declared.required:
            assert variables[variable(declared, name)] == ""
    for name, value in variables.items():
        setting = known[name]
        # A whole connection string may be shown, commented out and with made-up words.
        if setting.get("secret") or setting.get("sensitive"):
            assert value == "" or "user:password@host" in value
        if name.startswith("TAP_"):
            assert value in {"", str(setting.get("default", ""))}


def test_only_the_variables_of_tap_rotor_are_not_commented_out():
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    set_at_once = re.findall(r"^(TAP_\w+)=", text, re.MULTILINE)
    assert set_at_once == [variable(ROTOR, name) for name in ROTOR.required]
    assert all(f"\n# {variable(NEXUS_ERP, name)}=" in text for name in NEXUS_ERP.required)
