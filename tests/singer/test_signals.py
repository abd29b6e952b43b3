"""Signals, kill -9, a target that is gone: whole lines, a true last STATE, a sentence."""

from __future__ import annotations

import json
import signal
import threading
import typing as t
from contextlib import ExitStack
from pathlib import Path

import pytest

from paged_rest.singer.sdk import SECONDS_TO_END
from tests.harness.catalog import fixed
from tests.harness.companies import HOUR, hourly, only
from tests.harness.promise import NO_BOOKMARK
from tests.harness.tap import Running, Tap, full, until
from tools.sandbox import Company, Sandbox

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.harness.run import Run


pytestmark = pytest.mark.slow
STATUS = {signal.SIGTERM: 143, signal.SIGINT: 130, signal.SIGHUP: 129}
# A run that waits for what it waits for takes far longer.
SOON = 20.0
NOT_DRAINING = 30.0

# Neither depends on the other.
either_signal = pytest.mark.parametrize(
    ("number", "unbuffered"),
    [(signal.SIGTERM, ""), (signal.SIGINT, "1")],
    ids=["SIGTERM-buffered", "SIGINT-unbuffered"],
)
buffering = pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])


@pytest.fixture
def company() -> Company:
    company = hourly(leads=60)
    company.advance(HOUR)
    return company


@pytest.fixture
def tap(sandbox: Sandbox, tmp_path: Path) -> Tap:
    return Tap(tmp_path, sandbox, page_size=10)


@pytest.fixture
def start(tap: Tap) -> Iterator[Callable[[str], Running]]:
    with ExitStack() as stack:
        yield lambda unbuffered: stack.enter_context(start_leads(tap, unbuffered))


def start_leads(tap: Tap, unbuffered: str, **options: t.Any) -> Running:
    return tap.start("leads", env={"PYTHONUNBUFFERED": unbuffered}, **options)


def check_end(result: Run, number: signal.Signals, rows: list[dict[str, t.Any]]) -> None:
    """Check status, lines and that the last STATE speaks of no row that was not written."""
    assert result.status == STATUS[number]
    assert "Traceback" not in result.stderr
    assert f"Stopped by {number.name}" in result.last_line
    assert result.stdout.endswith("\n")
    assert result.messages[-1]["type"] == "STATE"
    bookmark = result.states[-1]["bookmarks"].get("leads", {})
    assert bookmark.get("replication_key_value") in NO_BOOKMARK
    written = len(result.records("leads"))
    resume = bookmark.get("resume_point")
    assert [record["id"] for record in result.records("leads")] == [
        row["id"] for row in rows[:written]
    ]
    if resume:
        assert resume[0] == fixed(rows[0]["created_at"])
        assert resume[1] >= fixed(rows[written - 1]["created_at"])


@either_signal
def test_while_reading(start, sandbox, company, number, unbuffered):
    started: list[Running] = []
    sent = threading.Event()

    def send() -> None:
        started[0].send(number)
        sent.set()

    sandbox.before("/leads", None, send, nth=4)
    # An answer that drips on: the signal comes before its end.
    sandbox.rule("delay", "/leads", seconds=0.3)
    sandbox.rule("drip", "/leads", nth=4, rate=500)
    started.append(start(unbuffered))
    result = started[0].result()
    assert started[0].took < SOON
    assert sent.is_set()
    check_end(result, number, company.rows("leads"))
    # The page in front of it is being written meanwhile, or has been.
    written = len(result.records("leads"))
    assert written in {16, 21}
    rows = result.states[-1]["bookmarks"]["leads"]["resume_point"][3]
    assert rows in {16: {9, 15}, 21: {15, 20}}[written]


@either_signal
def test_while_waiting_for_a_retry(start, sandbox, company, number, unbuffered):
    sandbox.rule("status", "/leads", nth=3, status=429, retry_after=100, times=None)
    started = start(unbuffered)
    for line in started.stderr:
        if b"trying again in" in line:
            break
    started.send(number)
    result = started.result()
    assert started.took < SOON
    check_end(result, number, company.rows("leads"))
    assert len(result.records("leads")) == 16


@either_signal
def test_while_the_answer_hangs(start, sandbox, company, number, unbuffered):
    sandbox.rule("hang", "/leads", nth=3)
    started = start(unbuffered)
    until(lambda: len(sandbox.requests) == 3)
    started.send(number)
    result = started.result()
    assert started.took < SOON
    check_end(result, number, company.rows("leads"))
    # The page in front of it is being written meanwhile, or has been.
    assert len(result.records("leads")) in {10, 16}


def test_a_terminal_that_is_closed(start, sandbox, company):
    sandbox.rule("hang", "/leads", nth=3)
    started = start("")
    until(lambda: len(sandbox.requests) == 3)
    started.send(signal.SIGHUP)
    check_end(started.result(), signal.SIGHUP, company.rows("leads"))


@pytest.fixture(scope="module")
def large() -> Iterator[Sandbox]:
    with Sandbox(only(leads=2000)) as sandbox:
        yield sandbox


@pytest.fixture
def large_tap(large: Sandbox, tmp_path: Path) -> Tap:
    return Tap(tmp_path, large, page_size=1000)


@either_signal
def test_while_blocked_on_a_full_pipe_that_is_read_then(large, large_tap, number, unbuffered):
    with start_leads(large_tap, unbuffered) as started:
        until(lambda: full(started.stdout))
        started.send(number)
        result = started.result()
        assert started.took < SOON
        check_end(result, number, large.company.rows("leads"))


IMPATIENT = (
    "from paged_rest.singer import sdk; sdk.SECONDS_TO_END = 2\n"
    "from tap_rotor.tap import TapRotor; TapRotor.cli()"
)


@either_signal
def test_while_blocked_on_a_full_pipe_that_nobody_reads(large_tap, number, unbuffered):
    assert SECONDS_TO_END < NOT_DRAINING
    with start_leads(large_tap, unbuffered, code=IMPATIENT) as started:
        until(lambda: full(started.stdout))
        started.send(number)
        assert started.process.wait(NOT_DRAINING) == STATUS[number]
        stderr = started.stderr.read()
        assert b"Traceback" not in stderr
        assert stderr.endswith(b"The target takes nothing more; ended without a last STATE\n")


@buffering
def test_a_target_that_dies(large_tap, unbuffered):
    with start_leads(large_tap, unbuffered) as started:
        assert started.stdout.readline().startswith(b'{"type":"STATE"')
        started.stdout.close()
        stderr = started.stderr.read().decode()
        started.stderr.close()
        assert started.process.wait(60) == 1
    assert "Traceback" not in stderr
    assert stderr.rstrip().endswith(
        "Standard output takes no more (Broken pipe): has the target ended?"
    )


@buffering
def test_a_full_disk(tap, unbuffered):
    with (
        Path("/dev/full").open("wb") as full,
        start_leads(tap, unbuffered, stdout=full) as started,
    ):
        result = started.result()
    assert result.status == 1
    assert "Traceback" not in result.stderr
    assert result.stderr.rstrip().endswith(
        "Standard output takes no more (No space left on device): has the target ended?"
    )


@pytest.mark.parametrize("args", [[], ["--discover"]])
def test_a_standard_output_that_is_closed(tap, sandbox, args):
    code = (
        "import os, sys; os.close(1)\n"
        "os.execv(sys.executable, [sys.executable, '-m', 'tap_rotor', *sys.argv[1:]])"
    )
    with start_leads(tap, "", code=code, args=args) as started:
        result = started.result()
    assert (result.status, sandbox.requests) == (1, [])
    assert "Traceback" not in result.stderr
    assert result.last_line == "ERROR Standard output is closed: send it to a target or a file"


def test_after_a_signal_the_next_run_goes_on(tap, sandbox, company):
    sandbox.rule("hang", "/leads", nth=5)
    with start_leads(tap, "", lookback_days=0) as started:
        until(lambda: len(sandbox.requests) == 5)
        started.send(signal.SIGTERM)
        first = started.result()
    sandbox.release()
    run = tap.run("leads", state=first.states[-1], lookback_days=0)
    assert run.status == 0
    # The fifth is asked for while the fourth is written, perhaps just then when the signal comes.
    rest = [(24, 32), (30, 40), (36, 45), (40, 50), (48, 56), (54, 63)]
    assert tap.asked("leads") in ([(0, 10), *rest], [(0, 10), (18, 27), *rest])
    ids = {record["id"] for record in [*first.records("leads"), *run.records("leads")]}
    assert ids == {row["id"] for row in company.rows("leads")}


def test_after_a_kill_the_next_run_goes_on_from_the_last_state(tmp_path):
    company = only(leads=15_000)
    with Sandbox(company) as sandbox:
        sandbox.rule("hang", "/leads", nth=14)
        tap = Tap(tmp_path, sandbox)
        started = tap.start("leads", page_size=1000)
        lines: list[bytes] = []
        done = threading.Event()

        def drain() -> None:
            lines.extend(started.stdout)
            done.set()

        reader = threading.Thread(target=drain)
        reader.start()
        until(lambda: len(sandbox.requests) == 14)
        started.process.kill()
        reader.join()
        started.process.communicate()
        assert started.process.returncode == -signal.SIGKILL
        messages = [json.loads(line) for line in lines if line.endswith(b"\n")]
        states = [message["value"] for message in messages if message["type"] == "STATE"]
        # What a target has taken when it is told a STATE.
        last = max(n for n, message in enumerate(messages) if message["type"] == "STATE")
        taken = {m["record"]["id"] for m in messages[:last] if m["type"] == "RECORD"}
        assert len(taken) >= 9000
        sandbox.release()
        run = tap.run("leads", state=states[-1], lookback_days=0)
        assert run.status == 0
        assert taken | set(run.ids("leads")) == {row["id"] for row in company.rows("leads")}
        rows = states[-1]["bookmarks"]["leads"]["resume_point"][3]
        assert rows > len(taken) - 1010
        assert len(tap.asked("leads")) <= 15 - rows // 1000 + 1
