"""What `make generate` writes: every document is up to date, and follows these rules."""

from __future__ import annotations

import json
import typing as t

import pytest

from tests.harness.run import restored
from tools.generate import env_example, meltano_project, sample_config, settings_table
from tools.generate.dbt_sources import column_type
from tools.generate.declarations import NEXUS_ERP, ROTOR, TAPS, Declared
from tools.generate.documents import DOCUMENTS, current, render
from tools.generate.marks import put_in
from tools.harness.project import ROOT

if t.TYPE_CHECKING:
    from collections.abc import Iterator

SOURCES = "transform/models/sources"


@pytest.fixture(scope="module", autouse=True)
def _restored() -> Iterator[None]:
    """Undo what the taps do to their process."""
    with restored():
        yield


@pytest.fixture(params=TAPS, ids=lambda declared: declared.name)
def declared(request: pytest.FixtureRequest) -> Declared:
    return request.param


def content(name: str, text: str) -> t.Any:
    """Return what of a document must not change: not the order of keys in JSON, or of metadata."""
    if not name.endswith(".json"):
        return text
    value = json.loads(text)
    for entry in value.get("streams", []):
        entry["metadata"] = {tuple(item["breadcrumb"]): item for item in entry["metadata"]}
    return value


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_document_is_as_generated(name):
    as_generated = content(name, current(name)) == content(name, render(name))
    assert as_generated, f"{name} is out of date: run `make generate`"


def test_a_difference_is_seen_in_data_and_in_text():
    catalog = json.loads(ROTOR.catalog)
    catalog["streams"][0]["metadata"].reverse()
    assert content("catalog.json", json.dumps(catalog)) == content("catalog.json", ROTOR.catalog)
    del catalog["streams"][0]["metadata"][0]
    assert content("catalog.json", json.dumps(catalog)) != content("catalog.json", ROTOR.catalog)
    assert content("meltano.yml", "a: 1\n") != content("meltano.yml", "a: 2\n")


def test_every_source_of_dbt_is_generated():
    found = {f"{SOURCES}/{file.name}" for file in (ROOT / SOURCES).iterdir()}
    assert found == {name for name in DOCUMENTS if name.startswith(SOURCES)}


def test_what_stands_between_the_marks_is_replaced():
    assert put_in("a\n[\nold]\nb\n", "[", "]", "\nnew\n") == "a\n[\nnew\n]\nb\n"
    for wrong in ("", "[", "]", "][", "[][", "[]]"):
        with pytest.raises(ValueError, match="must be there once each"):
            put_in(wrong, "[", "]", "new")


@pytest.mark.parametrize(
    ("setting", "kind"),
    [
        ({"type": ["string", "null"]}, "string"),
        ({"type": "string"}, "string"),
        ({"type": ["string", "null"], "format": "date-time"}, "date_iso8601"),
        ({"type": ["integer", "null"]}, "integer"),
        ({"type": ["number", "null"]}, "decimal"),
        ({"type": ["boolean", "null"]}, "boolean"),
        ({"type": ["array", "null"]}, "array"),
        ({"type": ["object", "null"]}, "object"),
        ({"oneOf": [{"type": ["number"]}, {"type": ["string"]}, {"type": "null"}]}, "string"),
        ({"oneOf": [{"type": ["string"]}, {"type": "array"}, {"type": "null"}]}, "array"),
    ],
)
def test_kinds_of_settings(setting, kind):
    assert meltano_project.kind(setting) == kind


def test_a_setting_in_meltano():
    setting = {"type": ["string"], "title": "A label", "description": "In\n  two lines."}
    defined = {"name": "x", "label": "A label", "kind": "string", "description": "In two lines."}
    assert meltano_project.definition("x", setting) == defined
    secret = meltano_project.definition("x", {**setting, "secret": True})
    assert secret == {**defined, "sensitive": True}
    off = meltano_project.definition("x", {**setting, "default": False})
    assert off == {**defined, "value": False}
    # The SDK applies its own defaults.
    of_the_sdk = meltano_project.definition("flattening_x", {**setting, "default": False})
    assert "value" not in of_the_sdk


def test_the_order_of_capabilities_is_not_that_of_the_sdk():
    shuffled = Declared(ROTOR.tap, ROTOR.api, ROTOR.what)
    shuffled.about["capabilities"].reverse()
    assert meltano_project.part(shuffled) == meltano_project.part(ROTOR)
    shuffled.about["capabilities"].append("activate-version")
    assert meltano_project.part(shuffled) == meltano_project.part(ROTOR)


def test_the_table_has_a_line_for_each_setting(declared):
    head, _, *lines = settings_table.table(declared).splitlines()
    assert [line.split("`")[1] for line in lines] == list(declared.settings)
    cells = head.count("|")
    assert all(line.replace(r"\|", "").count("|") == cells for line in lines)
    found = {line.split("`")[1]: line for line in lines}
    largest = declared.settings["page_size"]["maximum"]
    assert "| string, secret | **required** |" in found["api_key"]
    assert f"| integer, 1 to {largest:,} | `{largest}` |" in found["page_size"]
    assert "| integer, 1 or more |  |" in found["request_budget"]
    assert "| date or moment |  |" in found["start_date"]


def test_what_the_sample_config_holds():
    sample = json.loads(sample_config.render(ROTOR))
    defaults = {
        name: setting["default"]
        for name, setting in ROTOR.own_settings.items()
        if "default" in setting
    }
    assert sample == {"api_key": sample["api_key"], **defaults}


def test_the_example_environment_has_both_taps_and_keeps_the_rest():
    marks = env_example.BEGIN + env_example.END
    text = env_example.render(f"ABOVE=1\n{marks}BELOW=1\n")
    lines = [line for line in text.splitlines() if "=" in line]
    assert lines == [
        "ABOVE=1",
        "TAP_ROTOR_API_KEY=",
        "# TAP_NEXUS_ERP_API_KEY=",
        "# TAP_NEXUS_ERP_API_URL=",
        "BELOW=1",
    ]
    assert NEXUS_ERP.settings["api_url"]["description"] in text


@pytest.mark.parametrize(
    ("properties", "column"),
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
def test_column_types(properties, column):
    """As target-postgres makes them: see the end-to-end test that reads its tables."""
    assert column_type(properties) == column
