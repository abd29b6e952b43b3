"""STATE ends every stream and every run: some targets forget the state at each RECORD."""

from __future__ import annotations

import signal
import typing as t

import pytest

from tests.harness.companies import HOUR, hourly
from tests.harness.streams import INCREMENTAL, NAMES
from tests.harness.tap import Tap

if t.TYPE_CHECKING:
    from pathlib import Path

    from tests.harness.run import Message, Run
    from tools.sandbox import Company, Sandbox


@pytest.fixture
def company() -> Company:
    return hourly(leads=25, pins=25)


@pytest.fixture
def tap(sandbox: Sandbox, tmp_path: Path) -> Tap:
    return Tap(tmp_path, sandbox, page_size=10, lookback_days=0, retry_minutes=0)


def kept(run: Run) -> Message | None:
    """Return the state that a target of the Singer template prints at its end, if any."""
    state = None
    for message in run.messages:
        if message["type"] == "RECORD":
            state = None
        elif message["type"] == "STATE":
            state = message["value"]
    return state


def test_a_bookmark_moves_on_through_a_target_that_forgets_the_state(tap, company):
    """As through target-jsonl, from day to day."""
    state: Message | None = None
    read = []
    for _ in range(3):
        run = tap.succeed(state=state)
        read.append(len(run.records("leads")))
        state = kept(run) or state
        company.advance(HOUR)
        company.insert("leads", 2)
    # The bookmark's own row comes again each time.
    assert read == [25, 3, 3]
    assert state is not None
    assert state == run.state


def assert_a_state_follows_each_stream(run: Run) -> None:
    """Assert that a STATE stands between the RECORDs of two streams, and at the end."""
    assert run.messages[-1]["type"] == "STATE"
    for before, after in zip(run.messages, run.messages[1:], strict=False):
        if before["type"] == "RECORD":
            assert after["type"] == "STATE" or after["stream"] == before["stream"]


@pytest.mark.parametrize(
    "settings",
    [{}, {"stream_maps": {"leads": {"id": "id", "__else__": "__NULL__"}}}],
    ids=["as they are", "mapped"],
)
def test_with_nothing_new(tap, settings):
    first = tap.succeed(**settings)
    run = tap.succeed(state=first.state, **settings)
    assert run.streams == [*NAMES]
    assert [run.bookmark(name) for name in INCREMENTAL] == [
        first.bookmark(name) for name in INCREMENTAL
    ]
    for result in (first, run):
        assert_a_state_follows_each_stream(result)


def test_in_a_run_that_fails(tap):
    first = tap.succeed()
    for path in ("/leads", "/serviced-jobs"):
        tap.sandbox.rule("status", path, status=400, times=None)
    run = tap.run(state=first.state)
    assert (run.status, run.bookmark("leads")) == (1, first.bookmark("leads"))
    assert_a_state_follows_each_stream(run)


def test_in_a_run_that_a_record_ends(tap):
    """A stream map that fails on the last row."""
    first = tap.succeed("leads")
    maps = {"leads": {"length": f"1 / (name != {tap.sandbox.company.rows('leads')[-1]['name']!r})"}}
    run = tap.run("leads", stream_maps=maps)
    assert (run.status, len(run.records("leads"))) == (1, 24)
    assert_a_state_follows_each_stream(run)
    assert run.bookmark("leads")["resume_point"] != []
    assert first.bookmark("leads")["resume_point"] == []


def test_in_a_run_that_is_interrupted(tap, sandbox):
    first = tap.succeed("leads")
    sandbox.before("/pins", None, lambda: signal.raise_signal(signal.SIGTERM), nth=1)
    run = tap.run("leads", "pins", state=first.state)
    assert run.status == 143
    assert_a_state_follows_each_stream(run)


def test_of_a_connection_test(tap):
    assert_a_state_follows_each_stream(tap.succeed(args=["--test"]))
