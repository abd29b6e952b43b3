"""The settings as the tap declares them, and every other place that names them."""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

import pytest
import yaml

from tap_nexus_erp.tap import TapNexusErp
from tap_rotor.tap import TapRotor
from tests.harness.run import invoke
from tools.generate import settings_table

if t.TYPE_CHECKING:
    from paged_rest.singer import ListTap

ROOT = Path(__file__).parents[2]
# What the SDK adds, with descriptions of its own.
OF_THE_SDK = re.compile(r"stream_map|faker_config|flattening_")
KINDS = {"string": "string", "integer": "integer", "boolean": "boolean"}
KINDS |= {"array": "array", "object": "object", "number": "decimal", "null": "null"}


@pytest.fixture(scope="module", params=[TapRotor, TapNexusErp], ids=lambda tap: tap.name)
def tap(request: pytest.FixtureRequest) -> type[ListTap]:
    return request.param


@pytest.fixture(scope="module")
def about(tap: type[ListTap]) -> dict[str, t.Any]:
    return settings_table.about(tap)


def by_name(about: dict[str, t.Any]) -> dict[str, dict[str, t.Any]]:
    """Return the settings by name, those within another under a dotted one."""
    found = {}
    for name, setting in about["settings"]["properties"].items():
        if name == "faker_config":
            for inner, nested in setting["properties"].items():
                found[f"{name}.{inner}"] = nested
        else:
            found[name] = setting
    return found


@pytest.fixture(scope="module")
def declared(about: dict[str, t.Any]) -> dict[str, dict[str, t.Any]]:
    return by_name(about)


@pytest.fixture(scope="module")
def plugins() -> dict[str, dict[str, t.Any]]:
    project = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    return {plugin["name"]: plugin for kind in project["plugins"].values() for plugin in kind}


@pytest.fixture(scope="module")
def plugin(tap: type[ListTap], plugins: dict[str, dict[str, t.Any]]) -> dict[str, t.Any]:
    return plugins[tap.name]


@pytest.fixture(scope="module")
def in_meltano(plugin: dict[str, t.Any]) -> dict[str, dict[str, t.Any]]:
    return {setting["name"]: setting for setting in plugin["settings"]}


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


def test_meltano_knows_the_same_labels_and_descriptions(tap, declared, in_meltano):
    own = [name for name in declared if not OF_THE_SDK.match(name)]
    assert len(own) == {"tap-rotor": 14, "tap-nexus-erp": 12}[tap.name]
    for name in own:
        found = in_meltano[name]["label"], in_meltano[name]["description"]
        assert found == (declared[name]["title"], declared[name]["description"])


def test_meltano_knows_which_settings_are_secret(declared, in_meltano):
    secret = {name for name, setting in declared.items() if setting.get("secret")}
    assert {name for name, setting in in_meltano.items() if setting.get("sensitive")} == secret
    assert secret == {"api_key"}


def test_meltano_knows_which_settings_are_required(about, plugin):
    assert plugin["settings_group_validation"] == [about["settings"]["required"]]


def test_meltano_configures_only_what_is_declared_and_no_secret(declared, plugin):
    config = plugin.get("config", {})
    assert set(config) <= set(declared)
    assert not {name for name in config if declared[name].get("secret")}


def test_meltano_knows_the_same_capabilities(about, plugin):
    # The SDK moves the name of this one about; the tap's setting is what counts.
    assert {*about["capabilities"], "activate-version"} == {
        *plugin["capabilities"],
    }


def test_the_sample_config_holds_the_required_and_every_default(sample):
    about = settings_table.about(TapRotor)
    declared = by_name(about)
    defaults = {
        name: setting["default"]
        for name, setting in declared.items()
        if "default" in setting and not OF_THE_SDK.match(name)
    }
    assert {name: sample[name] for name in defaults} == defaults
    assert set(about["settings"]["required"]) <= set(sample) <= set(declared)


def test_the_sample_config_is_one_that_the_tap_takes():
    result = invoke(["--config", str(ROOT / "sample_config.json"), "--discover"])
    assert (result.status, result.problems) == (0, [])


def test_the_example_environment_holds_what_is_required_without_values(
    about, declared, plugin, plugins
):
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    variables = dict(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=(.*)$", text, re.MULTILINE))
    prefix = plugin["namespace"].upper()
    known = {f"{prefix}_{name.upper()}": setting for name, setting in declared.items()}
    others = "TAP_NEXUS_ERP_" if prefix == "TAP_ROTOR" else "TAP_ROTOR_"
    variables = {name: of for name, of in variables.items() if not name.startswith(others)}
    target = plugins["target-postgres"]["settings"]
    known |= {f"TARGET_POSTGRES_{setting['name'].upper()}": setting for setting in target}
    assert set(variables) <= set(known)
    for name in about["settings"]["required"]:
        assert variables[f"{prefix}_{name.upper()}"] == ""
    for variable, value in variables.items():
        setting = known[variable]
        # A whole connection string may be shown, commented out and with made-up words.
        if setting.get("secret") or setting.get("sensitive"):
            assert value == "" or "user:password@host" in value
        if variable.startswith(prefix):
            assert value in {"", str(setting.get("default", ""))}


def test_the_readme_holds_the_table_of_the_settings(tap, about):
    (name,) = [name for name, of in settings_table.FILES.items() if of is tap]
    text = (ROOT / name).read_text(encoding="utf-8")
    made = settings_table.table(about["settings"])
    # Renew it by: python -m tools.generate.settings_table
    assert settings_table.put_in(text, made) == text


def test_the_table_has_a_line_for_each_setting(about, declared):
    head, _, *lines = settings_table.table(about["settings"]).splitlines()
    assert [line.split("`")[1] for line in lines] == list(declared)
    cells = head.count("|")
    assert all(line.replace(r"\|", "").count("|") == cells for line in lines)
    found = {line.split("`")[1]: line for line in lines}
    largest = declared["page_size"]["maximum"]
    assert "| string, secret | **required** |" in found["api_key"]
    assert f"| integer, 1 to {largest:,} | `{largest}` |" in found["page_size"]
    assert "| integer, 1 or more |  |" in found["request_budget"]
    assert "| date or moment |  |" in found["start_date"]


def test_the_table_replaces_what_stands_between_the_marks():
    begin, end = settings_table.BEGIN, settings_table.END
    text = f"a\n{begin}\nold\n{end}\nb\n"
    assert settings_table.put_in(text, "new") == f"a\n{begin}\n\nnew\n\n{end}\nb\n"
    for wrong in ("", begin, end, end + begin, begin + end + begin, begin + end + end):
        with pytest.raises(ValueError, match="must be there once each"):
            settings_table.put_in(wrong, "new")
