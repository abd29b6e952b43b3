"""Input that is no good, settings that are none: a sentence, no traceback, nobody's data."""

from __future__ import annotations

import json

import pytest

from target_rotor.target import TargetRotor
from tests.harness.run import invoke
from tests.harness.target import record, schema, state


def said(target, text: str) -> str:
    """Return the last line of a run over an input."""
    file = target.directory / "input.jsonl"
    file.write_text(text)
    (target.directory / "c.json").write_text(json.dumps(target.settings))
    arguments = ["--config", str(target.directory / "c.json"), "--input", str(file)]
    run = invoke(arguments, of=TargetRotor)
    assert (run.status, run.stdout) == (1, "")
    assert "Secret" not in run.stderr
    assert "Traceback" not in run.stderr
    return run.last_line


@pytest.mark.parametrize(
    ("messages", "sentence"),
    [
        (['{"type": "RECORD", "Secret'], "Line 1 of the input is no Singer message"),
        (["[1]"], "Line 1 of the input is no Singer message"),
        ([{"Secret": 1}], "A message of the input has no type"),
        (
            [schema(), {"type": "RECORD", "record": {"name": "Secret"}}],
            "A message of the input has no stream",
        ),
        ([record(name="Secret")], "The input has records of leads before their SCHEMA"),
        ([{"type": "STATE", "Secret": 1}], "A message of the input has no value"),
        (
            [{"type": "BATCH", "stream": "leads", "encoding": {}, "manifest": ["Secret"]}],
            "The input has a BATCH message: let the tap send records",
        ),
        (
            [schema("public-pins")],
            (
                "The stream 'public-pins' cannot be written: name it leads or customers, by its "
                "table or by stream_maps"
            ),
        ),
    ],
)
def test_input_that_is_refused(target, messages, sentence):
    text = "\n".join(one if isinstance(one, str) else json.dumps(one) for one in messages) + "\n"
    assert said(target, text) == f"ERROR {sentence}"


def test_versions_are_passed_over(target, company):
    row = company.rows("leads")[0]
    version = {"type": "ACTIVATE_VERSION", "stream": "leads", "version": 1}
    result = target.run(schema(), version, record(id=row["id"], stage="Won"), version, state(1))
    assert (result.status, result.states) == (0, [1])


def test_stream_maps(target, company):
    row = company.rows("leads")[0]
    message = schema("scores")
    properties = {"lead": {"type": "string"}, "score": {"type": "integer"}}
    message["schema"] = {"properties": properties}
    maps = {
        "scores": {
            "__alias__": "leads",
            "id": "lead",
            "notes": "str(score)",
            "lead": None,
            "score": None,
        }
    }
    result = target.run(message, record("scores", lead=row["id"], score=7), stream_maps=maps)
    assert (result.status, company.row("leads", row["id"])["notes"]) == (0, "7")
    result = target.run(
        message,
        record("scores", lead=row["id"], score="Secret"),
        stream_maps={"scores": {"__alias__": "leads", "notes": "score * 1.5"}},
    )
    assert result.status == 1
    assert result.last_line == "ERROR scores: a stream map fails on a record (TypeError)"
    assert "Secret" not in result.run.stderr


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"api_key": None},
            (
                "The setting api_key is missing. A key is made in Rotor under Settings, "
                "Integrations; set it as TARGET_ROTOR_API_KEY or in the config file"
            ),
        ),
        ({"dryrun": True}, "There is no setting 'dryrun'; did you mean dry_run?"),
        ({"match": "phone"}, "The setting match must be one of id, id_phone_email"),
        ({"max_creates": -1}, "The setting max_creates must be from 0, and is -1"),
        ({"receipts_path": ""}, "The setting receipts_path is empty"),
        ({"batch_size_rows": 5}, "There is no setting 'batch_size_rows'"),
    ],
)
def test_settings(target, settings, sentence):
    result = target.run(state(1), **settings)
    assert (result.status, result.states) == (1, [])
    assert result.last_line == f"ERROR {sentence}"
