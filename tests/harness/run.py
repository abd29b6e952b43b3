"""One run of a tap's command line: how it is made in this process, and what came of it."""

from __future__ import annotations

import contextlib
import functools
import json
import logging
import os
import signal
import sys
import typing as t
import warnings
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import click
from click.testing import CliRunner
from typing_extensions import override

from tap_rotor.tap import TapRotor
from tools.harness.project import clean_environment

if t.TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from paged_rest.singer import ListTap
    from target_rotor.target import TargetRotor

Message = dict[str, t.Any]
READS = "reads"


@dataclass(frozen=True)
class Run:
    """How a run ended, and what it wrote."""

    status: int
    stdout: str
    stderr: str

    # What it wrote to stdout

    @functools.cached_property
    def messages(self) -> list[Message]:
        """All messages, in order; fails when a line of stdout is not one."""
        messages = [json.loads(line) for line in self.stdout.splitlines()]
        assert all(isinstance(message, dict) and "type" in message for message in messages)
        return messages

    def of_type(self, kind: str, stream: str | None = None) -> list[Message]:
        """Messages of one type, of one stream or of those of all lists."""
        found = [message for message in self.messages if message["type"] == kind]
        if stream is None:
            return [message for message in found if message.get("stream") != READS]
        return [message for message in found if message.get("stream") == stream]

    def records(self, stream: str) -> list[Message]:
        """Records of a stream, in order."""
        return [message["record"] for message in self.of_type("RECORD", stream)]

    def ids(self, stream: str) -> list[str]:
        """Ids of the records of a stream, in order."""
        return [record["id"] for record in self.records(stream)]

    @property
    def streams(self) -> list[str]:
        """Streams of lists in the order of their first SCHEMA."""
        return list(dict.fromkeys(message["stream"] for message in self.of_type("SCHEMA")))

    @property
    def reads(self) -> dict[str, Message]:
        """What the stream `reads` tells of each stream; once of each."""
        rows = self.records(READS)
        assert len({row["stream"] for row in rows}) == len(rows)
        assert len({row["run_id"] for row in rows}) <= 1
        return {row["stream"]: row for row in rows}

    @property
    def states(self) -> list[Message]:
        """Values of the STATE messages, in order."""
        return [message["value"] for message in self.of_type("STATE")]

    @property
    def state(self) -> Message:
        """The last STATE."""
        return self.states[-1]

    def bookmark(self, stream: str) -> Message:
        """A stream's entry in the last STATE."""
        return self.state["bookmarks"][stream]

    # What it logged to stderr

    def logged(self, *levels: str) -> list[str]:
        """What was logged at these levels, without time and place."""
        pairs = map(_logged, self.stderr.splitlines())
        return [text for level, text in pairs if level in levels]

    @property
    def errors(self) -> list[str]:
        """What was logged at ERROR."""
        return self.logged("ERROR")

    @property
    def warnings(self) -> list[str]:
        """What was logged at WARNING."""
        return self.logged("WARNING")

    @property
    def problems(self) -> list[str]:
        """What was logged at WARNING or above."""
        return self.logged("WARNING", "ERROR", "CRITICAL")

    @property
    def last_line(self) -> str:
        """Last line of stderr, which must say it all: of a log, `LEVEL message`."""
        level, text = _logged(self.stderr.rstrip("\n").rpartition("\n")[2])
        return f"{level} {text}" if level else text


def _logged(line: str) -> tuple[str, str]:
    """Return level and message of a line of the log; of any other line no level."""
    parts = line.split(" | ", 3)
    return (parts[1].strip(), parts[3]) if len(parts) == 4 else ("", line)


def invoke(
    arguments: Sequence[str],
    env: Mapping[str, str] | None = None,
    *,
    of: type[ListTap | TargetRotor] = TapRotor,
    dotenv: str = "",
) -> Run:
    """Run a tap's command line in this process; an exception that leaves it is raised.

    The environment has nothing of a developer's own settings, and `dotenv` is the only .env file.
    """
    found = mock.patch("paged_rest.settings.environment.DOTENV", Path(dotenv))
    environment = {**clean_environment(), **(env or {})}
    with restored(), found:
        os.environ.clear()
        os.environ.update(environment)
        done = CliRunner().invoke(_Command(of), list(arguments))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Run(done.exit_code, done.stdout, done.stderr)


class _Command(click.Command):
    """Calls `cli` as the script does: it binds its log to the stderr of the moment."""

    def __init__(self, tap: type[ListTap | TargetRotor]) -> None:
        super().__init__(tap.name)
        self._tap = tap

    @override
    def main(self, args: Sequence[str] | None = None, **_: t.Any) -> t.Any:  # type: ignore[override]
        return self._tap.cli(list(args or ()))


@contextlib.contextmanager
def restored() -> Generator[None]:
    """Undo what a tap does to its process: signals, log, warnings, hook, environment."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)
    handlers = {number: signal.getsignal(number) for number in numbers}
    root = logging.getLogger()
    kept, level, hook = root.handlers[:], root.level, sys.excepthook
    root.handlers = []
    try:
        with warnings.catch_warnings(), mock.patch.dict(os.environ):
            yield
    finally:
        signal.alarm(0)
        logging.captureWarnings(capture=False)
        root.handlers, sys.excepthook = kept, hook
        root.setLevel(level)
        for number, handler in handlers.items():
            signal.signal(number, handler)
