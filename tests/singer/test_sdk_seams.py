"""What `paged_rest/singer/sdk.py` counts on in the SDK: signatures, and what they mean.

A new version of the SDK that changes one of them fails here, and not in somebody's warehouse.
"""

from __future__ import annotations

import ast
import inspect
import json
import signal
import typing as t
from pathlib import Path

import pytest
import singer_sdk
from singer_sdk.helpers._state import StateWriter
from singer_sdk.mapper import CustomStreamMap, PluginMapper
from singer_sdk.plugin_base import PluginBase, SingerCommand

import tap_rotor
from paged_rest.errors import Interrupted, UsageError
from paged_rest.singer import ListStream, ListTap, ReadsStream
from paged_rest.singer.sdk import (
    Command,
    LastWordStateWriter,
    PlainStream,
    SdkPlugin,
    SdkStream,
    SdkTap,
    StatelessStream,
)
from tap_nexus_erp.tap import TapNexusErp
from tap_rotor.tap import TapRotor
from tests.harness.run import restored

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(tap_rotor.__file__).parents[1]
PACKAGES = [ROOT / name for name in ("paged_rest", "tap_rotor", "tap_nexus_erp")]
Signature = tuple[str, ...]

# Parameters of what is overridden or called, a star for those by name only, a question mark for
# those with a default.
SIGNATURES: dict[tuple[type, str], Signature] = {
    (singer_sdk.Stream, "__init__"): ("self", "tap", "schema?", "name?"),
    (singer_sdk.Stream, "_generate_record_messages"): ("self", "record"),
    (singer_sdk.Stream, "_increment_stream_state"): ("self", "latest_record", "*context?"),
    (singer_sdk.Stream, "_log_metric"): ("self", "point"),
    (singer_sdk.Stream, "_write_activate_version_message"): ("self", "full_table_version"),
    (singer_sdk.Stream, "_write_state_message"): ("self",),
    (singer_sdk.Stream, "apply_catalog"): ("self", "catalog"),
    (singer_sdk.Stream, "compare_start_date"): ("self", "value", "start_date_value"),
    (singer_sdk.Stream, "generate_child_contexts"): ("self", "record", "context"),
    (singer_sdk.Stream, "get_record_counter"): ("self", "*endpoint?", "*log_interval?"),
    (singer_sdk.Stream, "get_records"): ("self", "context"),
    (singer_sdk.Stream, "get_replication_key_signpost"): ("self", "context?"),
    (singer_sdk.Stream, "log"): ("self", "message", "args", "*level?", "kwargs"),
    (singer_sdk.Stream, "_write_record_message"): ("self", "record"),
    (singer_sdk.Tap, "_handle_termination"): ("self", "signum", "frame"),
    (singer_sdk.Tap, "_setup_signal_handlers"): ("self",),
    (singer_sdk.Tap, "_validate_config"): ("self", "*raise_errors?"),
    (singer_sdk.Tap, "cb_config"): ("ctx", "param", "value"),
    (singer_sdk.Tap, "cb_test"): ("ctx", "param", "value"),
    (singer_sdk.Tap, "get_singer_command"): (),
    (singer_sdk.Tap, "invoke"): ("*about?", "*about_format?", "*config?", "*state?", "*catalog?"),
    (singer_sdk.Tap, "load_state"): ("self", "state"),
    (singer_sdk.Tap, "run_connection_test"): ("self",),
    (singer_sdk.Tap, "setup_mapper"): ("self",),
    (singer_sdk.Tap, "sync_all"): ("self",),
    (PluginBase, "setup_mapper"): ("self",),
    (StateWriter, "write_state"): ("self", "state"),
    (PluginBase, "append_builtin_config"): ("config_jsonschema",),
    (PluginBase, "print_about"): ("output_format?",),
    (PluginMapper, "register_raw_stream_schema"): (
        *("self", "stream_name", "schema", "key_properties"),
    ),
    # A map that fails is found by the names of its parameters.
    (CustomStreamMap, "_eval"): ("self", "expr", "expr_parsed", "record", "property_name"),
}
PROPERTIES = [
    (singer_sdk.Stream, "emit_activate_version_messages"),
    (singer_sdk.Stream, "mask"),
    (singer_sdk.Stream, "metadata"),
    (singer_sdk.Stream, "state_manager"),
    (singer_sdk.Stream, "stream_maps"),
    (singer_sdk.Stream, "stream_state"),
    (singer_sdk.Tap, "_env_var_config"),
    (singer_sdk.Tap, "state"),
    (singer_sdk.Tap, "state_writer"),
    (singer_sdk.Tap, "streams"),
]
# What the SDK asks every stream and tap to say.
DECLARED = {
    *("name", "schema", "primary_keys", "replication_key", "get_records"),
    *("package_name", "config_jsonschema", "discover_streams"),
}


def parameters(owner: type, name: str) -> Signature:
    def shown(parameter: inspect.Parameter) -> str:
        star = "*" if parameter.kind is parameter.KEYWORD_ONLY else ""
        default = "?" if parameter.default is not parameter.empty else ""
        return f"{star}{parameter.name}{default}"

    return tuple(map(shown, inspect.signature(getattr(owner, name)).parameters.values()))


@pytest.mark.parametrize(("owner", "name"), SIGNATURES)
def test_signatures(owner, name):
    assert parameters(owner, name) == SIGNATURES[owner, name]


@pytest.mark.parametrize(("owner", "name"), PROPERTIES)
def test_properties(owner, name):
    assert isinstance(inspect.getattr_static(owner, name), property)


def overridden(ours: type, theirs: type) -> set[str]:
    """Return what a class defines anew of a class of the SDK, but what it is asked to say."""
    there = {name for base in theirs.__mro__[:-1] for name in vars(base)}
    found = set(vars(ours)) & there - DECLARED
    return {name for name in found if not name.startswith("__") and name != "_abc_impl"}


def test_every_override_is_listed_above():
    pairs: list[tuple[type, type]] = [
        (PlainStream, singer_sdk.Stream),
        (SdkStream, singer_sdk.Stream),
        (StatelessStream, singer_sdk.Stream),
        (SdkPlugin, singer_sdk.Tap),
        (SdkTap, singer_sdk.Tap),
        (Command, SingerCommand),
        (LastWordStateWriter, StateWriter),
    ]
    found = {(theirs, name) for ours, theirs in pairs for name in overridden(ours, theirs)}
    # Values, and what is called in the words of click.
    values = {"capabilities", "message_writer_class", "main", "cli"}
    assert {pair for pair in found if pair[1] not in values} <= {*SIGNATURES, *PROPERTIES}
    assert len(found) > 20


@pytest.mark.parametrize("tap", [TapRotor, TapNexusErp])
def test_nothing_is_overridden_elsewhere(tap):
    for ours in (ListTap, tap):
        assert not overridden(ours, singer_sdk.Tap)
    for ours in {base for stream in tap.lists for base in stream.__mro__}:
        if issubclass(ours, ListStream):
            assert not overridden(ours, singer_sdk.Stream), ours
    assert not overridden(ReadsStream, singer_sdk.Stream)


def test_what_the_sdk_keeps_to_itself_is_used_nowhere_else():
    private = {
        name
        for owner in (singer_sdk.Stream, singer_sdk.Tap, SingerCommand)
        for name in dir(owner)
        if name.startswith("_") and not name.startswith("__")
    }
    private |= {"_stream_version", "_tap", "_config", "_initialized_at", "_counter"}
    assert {"_write_state_message", "_validate_config"} <= private
    for path in (path for package in PACKAGES for path in package.rglob("*.py")):
        if path.name == "sdk.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                assert node.attr not in private, path
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("singer_sdk"):
                assert "._" not in str(node.module), path


# The meaning


@pytest.fixture
def written(capsys) -> Callable[[], list[dict[str, t.Any]]]:
    """What returns the messages that were written since it was asked last."""
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def tap() -> Iterator[TapRotor]:
    with restored():
        yield TapRotor(config={"api_key": "k"})


@pytest.fixture
def leads(tap) -> SdkStream:
    stream: SdkStream = tap.streams["leads"]
    with stream.get_record_counter():
        return stream


def row(leads: SdkStream) -> dict[str, t.Any]:
    return dict.fromkeys(leads.schema["properties"]) | {"id": "1"}


def write(tap: TapRotor, leads: SdkStream, records: int = 1) -> None:
    """Write records as a list does whose records go out as they were read."""
    head, tail = leads.around_a_record()
    tap.run.writer.write_records(head, [row(leads)] * records, tail)
    leads.count_written(records)


def test_version(tap, leads, written):
    leads._write_record_message(row(leads))
    version = leads.begin_version(0)
    leads._write_record_message(row(leads))
    write(tap, leads)
    leads.activate_version()
    assert version == tap.initialized_at // 1000
    assert leads.begin_version(version + 5) == version + 6
    messages = written()
    assert [(message["type"], message.get("version")) for message in messages] == [
        ("RECORD", None),
        ("RECORD", version),
        ("RECORD", version),
        ("ACTIVATE_VERSION", version),
    ]
    _, ours_by_the_sdk, ours, _ = messages
    # A time of its own each, which the SDK writes in another form.
    for message in (ours_by_the_sdk, ours):
        assert message.pop("time_extracted").startswith("20")
    assert ours == ours_by_the_sdk


def test_no_version_no_activation(leads, written):
    leads.activate_version()
    assert written() == []


def test_flushed(tap, leads, written):
    leads._write_state_message()
    assert written() == []
    write(tap, leads)
    leads._write_state_message()
    leads._write_state_message()
    messages = written()
    assert [message["type"] for message in messages] == ["RECORD", "STATE"]
    assert messages[-1]["value"] == tap.state == {"bookmarks": {"leads": {}}}


def test_state_is_written_once_in_so_many_records(tap, leads, written):
    leads.STATE_MSG_FREQUENCY = 3
    for number in range(1, 6):
        leads.stream_state["seen"] = number
        write(tap, leads)
        leads.write_state()
    values = [message["value"] for message in written() if message["type"] == "STATE"]
    assert values == [{"bookmarks": {"leads": {"seen": 3}}}]


def test_an_empty_page_is_no_record(tap, leads, written):
    write(tap, leads, 0)
    leads._write_state_message()
    assert written() == []


def test_a_state_that_is_the_same_is_written_after_each_record_again(tap, leads, written):
    for _ in range(2):
        write(tap, leads)
        tap.state_writer.write_state(tap.state)
        tap.state_writer.write_state(tap.state)
    assert [message["type"] for message in written()] == ["RECORD", "STATE"] * 2


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.mark.parametrize("signum", SIGNALS)
def test_termination(tap, monkeypatch, signum):
    told: list[int] = []
    monkeypatch.setattr(tap.run, "interrupt", told.append)
    assert signal.getsignal(signum) == tap._handle_termination
    signal.raise_signal(signum)
    assert told == [signum]


@pytest.mark.parametrize("signum", SIGNALS)
def test_further_signals_are_ignored_for_good(tap, signum):
    """Python ends by one that comes in its own shutdown, unless it is ignored."""
    assert signal.getsignal(signum) == tap._handle_termination
    with pytest.raises(Interrupted):
        signal.raise_signal(signum)
    assert {signal.getsignal(number) for number in SIGNALS} == {signal.SIG_IGN}


def test_a_hangup_that_is_ignored_stays_ignored():
    with restored():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        TapRotor(config={"api_key": "k"})
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_a_test_run_ends_after_a_record(leads, tap, monkeypatch):
    assert not leads.is_test
    monkeypatch.setattr(singer_sdk.Stream, "sync", lambda _stream: None)
    tap.run_connection_test()
    assert leads.is_test
    assert leads.ABORT_AT_RECORD_COUNT == 1


def test_settings_are_checked_when_a_tap_is_made_and_warned_of_when_it_need_not_run(capsys):
    with restored():
        with pytest.raises(UsageError):
            TapRotor(config={"api_key": "k", "page_size": 0})
        TapRotor(config={"api_key": "k", "page_size": 0}, validate_config=False)
    assert "The setting page_size must be from 1 to 1,000, and is 0" in capsys.readouterr().err


def test_the_declared_settings_are_not_changed_by_asking_for_all():
    before = json.dumps(TapRotor.config_jsonschema)
    all_of_them = TapRotor._declared_settings()["properties"]
    assert {"stream_maps", "flattening_enabled", "api_key"} <= all_of_them.keys()
    assert "batch_config" not in all_of_them
    assert json.dumps(TapRotor.config_jsonschema) == before
