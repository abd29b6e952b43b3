"""The tap's command line in this process: as true as a process of its own, and quicker."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import typing as t
import warnings
from unittest import mock

import click
from click.testing import CliRunner
from typing_extensions import override

from tap_rotor.tap import TapRotor
from tests.conftest import KEY, Result, RunTap
from tools.harness.project import clean_environment

if t.TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

    import pytest

    from tools.sandbox import Sandbox


class Tap(RunTap):
    """`RunTap`, but within this process; an exception that leaves the command is raised."""

    @override
    def run(self, command: Sequence[str], env: Mapping[str, str] | None = None) -> Result:
        """Run the arguments of a command that `command()` made."""
        return run_here(command[3:], env)


def tap_for(sandbox: Sandbox, directory: Path, **settings: t.Any) -> Tap:
    """Return the tap's command line against a sandbox."""
    return Tap(directory, {"api_url": sandbox.url, "api_key": KEY, **settings})


class _Cli(click.Command):
    """Runs `TapRotor.cli`, which binds its logging to the stderr of the moment."""

    @override
    def main(self, args: Sequence[str] | None = None, **_: t.Any) -> t.Any:  # type: ignore[override]
        return TapRotor.cli(list(args or ()))


_CLI = _Cli("tap-rotor")
# The SDK would read a developer's own .env.
DOTENV = mock.Mock(return_value="")
_NO_DOTENV = mock.patch("singer_sdk.configuration._dict_config.find_dotenv", DOTENV)


def run_here(arguments: Sequence[str], env: Mapping[str, str] | None = None) -> Result:
    """Run the tap's command line in this process."""
    environment = {**clean_environment(), **(env or {})}
    with as_before(), mock.patch.dict(os.environ, environment, clear=True), _NO_DOTENV:
        done = CliRunner().invoke(_CLI, list(arguments))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Result(done.exit_code, done.stdout, done.stderr)


@contextlib.contextmanager
def as_before() -> Generator[None]:
    """Undo what a tap does to its process: signal handlers, logging, hooks."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    root = logging.getLogger()
    kept, level, hook = root.handlers[:], root.level, sys.excepthook
    root.handlers = []
    try:
        with warnings.catch_warnings():
            yield
    finally:
        logging.captureWarnings(capture=False)
        root.handlers, sys.excepthook = kept, hook
        root.setLevel(level)
        for number, handler in handlers.items():
            signal.signal(number, handler)


def said(result: Result, *levels: str) -> list[str]:
    """Return what was logged at some levels, by default at ERROR, without time and place."""
    wanted = levels or ("ERROR",)
    lines = [line.split(" | ", 3) for line in result.stderr.splitlines()]
    return [line[3] for line in lines if len(line) == 4 and line[1].strip() in wanted]


def assert_refused(result: Result, *sentences: str) -> None:
    """Assert status 1, nothing on stdout, and just these sentences last on stderr."""
    assert said(result) == list(sentences), result.stderr[-600:]
    assert result.last_line.endswith(f" | {sentences[-1]}")
    assert (result.status, result.stdout) == (1, "")
    assert "Traceback" not in result.stderr[-600:]
    assert KEY not in result.stderr[-600:]


def assert_failed(result: Result, sentence: str) -> None:
    """Assert status 1, and this sentence last on stderr, without key or traceback."""
    assert said(result) == [f"Failed. {sentence}"], result.stderr[-600:]
    assert result.last_line.endswith(f" | Failed. {sentence}")
    assert result.status == 1
    assert "Traceback" not in result.stderr
    assert KEY not in result.stderr


class Clock:
    """The time of the tap's retries: it passes only while they wait, and no chance is in it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Take the place of time and chance until `monkeypatch` is undone."""
        self.waits: list[float] = []
        self.chance = 1.0
        """Where between its bounds each wait lies."""
        monkeypatch.setattr("backoff._sync.time", self)
        monkeypatch.setattr("backoff._common.time", self)
        monkeypatch.setattr(
            "paged_rest.http.network.random.uniform",
            lambda low, high: low + self.chance * (high - low),
        )

    def monotonic(self) -> float:
        """Return the seconds that were waited."""
        return sum(self.waits)

    def sleep(self, seconds: float) -> None:
        """Wait, which takes no time."""
        self.waits.append(seconds)
