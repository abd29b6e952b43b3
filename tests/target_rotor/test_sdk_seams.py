"""What `target_rotor/sdk.py` counts on in the SDK.

What it shares with the taps is in `tests/singer/test_sdk_seams.py`.
"""

from __future__ import annotations

import ast
import inspect

import pytest
import singer_sdk
from singer_sdk.singerlib.encoding import GenericSingerReader

from target_rotor.sdk import MessageReader, SdkSink, SdkTarget
from tools.harness.project import ROOT

SIGNATURES = {
    (singer_sdk.Target, "_process_record_message"): ["self", "message_dict"],
    (singer_sdk.Target, "_process_state_message"): ["self", "message_dict"],
    (singer_sdk.Target, "_process_activate_version_message"): ["self", "message_dict"],
    (singer_sdk.Target, "_process_batch_message"): ["self", "message_dict"],
    (singer_sdk.Target, "_write_state_message"): ["self", "state"],
    (singer_sdk.Target, "_assert_line_requires"): ["self", "message_dict", "requires"],
    (singer_sdk.Target, "append_builtin_config"): ["config_jsonschema"],
    (singer_sdk.Target, "invoke"): ["about", "about_format", "config", "file_input"],
    (singer_sdk.RecordSink, "get_validator"): ["self"],
    (singer_sdk.RecordSink, "_parse_timestamps_in_record"): [
        *("self", "record", "schema", "treatment"),
    ],
    (singer_sdk.RecordSink, "_singer_validate_message"): ["self", "record"],
    (GenericSingerReader, "deserialize_json"): ["self", "line"],
    (GenericSingerReader, "assert_line_requires"): ["line_dict", "requires"],
}
PAIRS = [
    (SdkTarget, singer_sdk.Target),
    (SdkSink, singer_sdk.RecordSink),
    (MessageReader, GenericSingerReader),
]
# Values, and what a class of the SDK leaves to others.
DECLARED = {"capabilities", "message_reader_class", "default_input"}


@pytest.mark.parametrize(("owner", "name"), SIGNATURES)
def test_signatures(owner, name):
    assert [*inspect.signature(getattr(owner, name)).parameters] == SIGNATURES[owner, name]


def test_every_override_is_listed_above():
    for ours, theirs in PAIRS:
        there = {name for base in theirs.__mro__[:-1] for name in vars(base)}
        found = {name for name in vars(ours).keys() & there if not name.startswith("__")}
        found -= {"_abc_impl", *DECLARED}
        assert {(theirs, name) for name in found} <= SIGNATURES.keys()


def test_what_the_sdk_keeps_to_itself_is_used_nowhere_else():
    private = {
        name
        for owner in (singer_sdk.Target, singer_sdk.RecordSink)
        for name in dir(owner)
        if name.startswith("_") and not name.startswith("__")
    }
    for path in (ROOT / "target_rotor").glob("*.py"):
        if path.name != "sdk.py":
            nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            assert not {n.attr for n in nodes if isinstance(n, ast.Attribute)} & private, path
