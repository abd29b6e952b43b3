"""The settings as the tap declares them, and every other place that names them."""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

import pytest
import yaml

from scripts import settings_table
from tests.command_line import run_here, said

ROOT = Path(__file__).parents[1]
# What the SDK adds, with descriptions of its own.
OF_THE_SDK = re.compile(r"stream_map|faker_config|flattening_")
KINDS = {"string": "string", "integer": "integer", "boolean": "boolean"}
KINDS |= {"array": "array", "object": "object", "number": "decimal", "null": "null"}


@pytest.fixture(scope="module")
def about() -> dict[str, t.Any]:
    return json.loads(run_here(["--about", "--format=json"]).stdout)


@pytest.fixture(scope="module")
def declared(about: dict[str, t.Any]) -> dict[str, dict[str, t.Any]]:
    """The settings by name, those within another under a dotted one."""
    found = {}
    for name, setting in about["settings"]["properties"].items():
        if name == "faker_config":
            for inner, nested in setting["properties"].items():
                found[f"{name}.{inner}"] = nested
        else:
            found[name] = setting
    return found


@pytest.fixture(scope="module")
def plugins() -> dict[str, dict[str, t.Any]]:
    project = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    return {plugin["name"]: plugin for kind in project["plugins"].values() for plugin in kind}


@pytest.fixture(scope="module")
def in_meltano(plugins: dict[str, dict[str, t.Any]]) -> dict[str, dict[str, t.Any]]:
    return {setting["name"]: setting for setting in plugins["tap-rotor"]["settings"]}


@pytest.fixture(scope="module")
def sample() -> dict[str, t.Any]:
    return json.loads((ROOT / "sample_config.json").read_text(encoding="utf-8"))


def kind_of(setting: dict[str, t.Any]) -> str:
    """Return Meltano's kind for a setting; the widest where there are several types."""
    if setting.get("format") == "date-time":
        return "date_iso8601"
    if "oneOf" in setting:
        kinds = {kind_of(option) for option in setting["oneOf"]}
        return "array" if "array" in kinds else "string"
    types = setting["type"]
    (kind, *_) = [types] if isinstance(types, str) else [one for one in types if one != "null"]
    return KINDS[kind]


def test_meltano_knows_the_same_settings(declared, in_meltano):
    own = [name for name in declared if not OF_THE_SDK.match(name)]
    assert list(in_meltano)[: len(own)] == own
    assert set(in_meltano) == set(declared)


def test_meltano_knows_the_same_kinds(declared, in_meltano):
    kinds = {name: setting["kind"] for name, setting in in_meltano.items()}
    assert kinds == {name: kind_of(setting) for name, setting in declared.items()}


def test_meltano_knows_the_same_defaults(declared, in_meltano):
    defaults = {name: setting.get("value") for name, setting in in_meltano.items()}
    assert defaults == {
        name: None if OF_THE_SDK.match(name) else setting.get("default")
        for name, setting in declared.items()
    }


def test_meltano_knows_the_same_labels_and_descriptions(declared, in_meltano):
    own = [name for name in declared if not OF_THE_SDK.match(name)]
    assert len(own) == 14
    for name in own:
        found = in_meltano[name]["label"], in_meltano[name]["description"]
        assert found == (declared[name]["title"], declared[name]["description"])


def test_meltano_knows_which_settings_are_secret(declared, in_meltano):
    secret = {name for name, setting in declared.items() if setting.get("secret")}
    assert {name for name, setting in in_meltano.items() if setting.get("sensitive")} == secret
    assert secret == {"api_key"}


def test_meltano_knows_which_settings_are_required(about, plugins):
    assert plugins["tap-rotor"]["settings_group_validation"] == [about["settings"]["required"]]


def test_meltano_configures_only_what_is_declared_and_no_secret(declared, plugins):
    config = plugins["tap-rotor"].get("config", {})
    assert set(config) <= set(declared)
    assert not {name for name in config if declared[name].get("secret")}


def test_meltano_knows_the_same_capabilities(about, plugins):
    # The SDK moves the name of this one about; the tap's setting is what counts.
    assert {*about["capabilities"], "activate-version"} == {
        *plugins["tap-rotor"]["capabilities"],
    }


def test_the_sample_config_holds_the_required_and_every_default(about, declared, sample):
    defaults = {
        name: setting["default"]
        for name, setting in declared.items()
        if "default" in setting and not OF_THE_SDK.match(name)
    }
    assert {name: sample[name] for name in defaults} == defaults
    assert set(about["settings"]["required"]) <= set(sample) <= set(declared)


def test_the_sample_config_is_one_that_the_tap_takes():
    result = run_here(["--config", str(ROOT / "sample_config.json"), "--discover"])
    assert (result.status, said(result, "WARNING", "ERROR")) == (0, [])


def test_the_example_environment_holds_what_is_required_without_values(about, declared, plugins):
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    variables = dict(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=(.*)$", text, re.MULTILINE))
    known = {f"TAP_ROTOR_{name.upper()}": setting for name, setting in declared.items()}
    target = plugins["target-postgres"]["settings"]
    known |= {f"TARGET_POSTGRES_{setting['name'].upper()}": setting for setting in target}
    assert set(variables) <= set(known)
    for name in about["settings"]["required"]:
        assert re.search(f"^TAP_ROTOR_{name.upper()}=$", text, re.MULTILINE)
    for variable, value in variables.items():
        setting = known[variable]
        # A whole connection string may be shown, commented out and with made-up words.
        if setting.get("secret") or setting.get("sensitive"):
            assert value == "" or "user:password@host" in value
        if variable.startswith("TAP_ROTOR_"):
            assert value in {"", str(setting.get("default", ""))}


def test_the_readme_holds_the_table_of_the_settings(about):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    made = settings_table.table(about["settings"])
    # Renew it by: python -m scripts.settings_table README.md
    assert settings_table.put_in(text, made) == text


def test_the_table_has_a_line_for_each_setting(about, declared):
    head, _, *lines = settings_table.table(about["settings"]).splitlines()
    assert [line.split("`")[1] for line in lines] == list(declared)
    cells = head.count("|")
    assert all(line.replace(r"\|", "").count("|") == cells for line in lines)
    by_name = {line.split("`")[1]: line for line in lines}
    assert "| string, secret | **required** |" in by_name["api_key"]
    assert "| integer, 1 to 1,000 | `1000` |" in by_name["page_size"]
    assert "| integer, 1 or more |  |" in by_name["request_budget"]
    assert "| date or moment |  |" in by_name["start_date"]


def test_the_table_replaces_what_stands_between_the_marks():
    begin, end = settings_table.BEGIN, settings_table.END
    text = f"a\n{begin}\nold\n{end}\nb\n"
    assert settings_table.put_in(text, "new") == f"a\n{begin}\n\nnew\n\n{end}\nb\n"
    for wrong in ("", begin, end, end + begin, begin + end + begin, begin + end + end):
        with pytest.raises(ValueError, match="must be there once each"):
            settings_table.put_in(wrong, "new")
