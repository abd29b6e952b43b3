"""The tap's command line in this process: ten times as fast as a process of its own, as true."""

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
from datetime import UTC, datetime

from click.testing import CliRunner
from typing_extensions import override

from tap_rotor.tap import TapRotor
from tests.conftest import Message, Result

if t.TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping, Sequence
    from pathlib import Path

    from paged_rest.singer import ListTap
    from tools.sandbox import NexusSandbox, Sandbox

PATHS = {
    "leads": "/leads",
    "pins": "/pins",
    "pin_types": "/pin-types",
    "customers": "/customers",
    "service_plans": "/service-plans",
    "serviced_jobs": "/serviced-jobs",
}


@dataclass(frozen=True)
class Run(Result):
    """How a run in this process ended; `stderr` has a line `LEVEL message` for each log."""

    @functools.cached_property
    @override
    def messages(self) -> list[Message]:
        """All messages, in order, decoded once."""
        return super().messages

    @property
    def warnings(self) -> list[str]:
        """What was logged at WARNING or above, without the level."""
        pairs = (line.partition(" ") for line in self.stderr.splitlines())
        return [text for level, _, text in pairs if level in {"WARNING", "ERROR", "CRITICAL"}]

    @property
    def state(self) -> dict[str, t.Any]:
        """The last STATE."""
        return self.states[-1]

    def bookmark(self, stream: str) -> dict[str, t.Any]:
        """A stream's entry in the last STATE."""
        return self.state["bookmarks"][stream]

    def ids(self, stream: str) -> list[str]:
        """Ids of the records of a stream, in order."""
        return [record["id"] for record in self.records(stream)]


class Tap:
    """The tap against a sandbox."""

    tap: t.ClassVar[type[ListTap]] = TapRotor

    def __init__(self, sandbox: Sandbox | NexusSandbox, directory: Path, **config: t.Any) -> None:
        """Take settings for all runs."""
        self.sandbox = sandbox
        self.directory = directory
        self.config = {"api_url": sandbox.url, "api_key": sandbox.api_key, **config}

    def run(
        self,
        *streams: str,
        state: Mapping[str, t.Any] | None = None,
        catalog: Mapping[str, t.Any] | None = None,
        args: Sequence[str] = (),
        **config: t.Any,
    ) -> Run:
        """Run the tap over some streams, by default all; the request log begins anew."""
        options = list(args)
        files = {
            "config": {**self.config, **config},
            "state": state,
            "catalog": catalog or (selecting(*streams, tap=self.tap) if streams else None),
        }
        for name, value in files.items():
            if value is not None:
                file = self.directory / f"in-process-{name}.json"
                file.write_text(json.dumps(value), encoding="utf-8")
                options += [f"--{name}", str(file)]
        self.sandbox.reset_log()
        return invoke(options, self.tap)

    def asked(self, stream: str) -> list[int]:
        """Pages asked for in the last run."""
        return [
            int(request.query.get("page", 1))
            for request in self.sandbox.requests
            if request.path == PATHS[stream]
        ]


def invoke(options: Sequence[str], tap: type[ListTap] = TapRotor) -> Run:
    """Run the command line, and leave this process as it was."""
    handler = _Lines()
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        with _restored():
            outcome = CliRunner().invoke(tap.get_singer_command(), list(options))
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
    if outcome.exception is not None and not isinstance(outcome.exception, SystemExit):
        raise outcome.exception
    lines = [*outcome.stderr.splitlines(), *handler.lines]
    return Run(outcome.exit_code, outcome.stdout, "".join(f"{line}\n" for line in lines))


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith("tap-"):
            self.lines.append(f"{record.levelname} {record.getMessage()}")


@contextlib.contextmanager
def _restored() -> Generator[None]:
    """Undo what the SDK does to a process: signal handlers, warnings, the hook, settings."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    hook = sys.excepthook
    environment = {name: value for name, value in os.environ.items() if "TAP_" in name}
    for name in environment:
        del os.environ[name]
    try:
        with warnings.catch_warnings():
            yield
    finally:
        logging.captureWarnings(capture=False)
        os.environ.update(environment)
        sys.excepthook = hook
        for number, handler in handlers.items():
            signal.signal(number, handler)


@functools.cache
def _discovered(tap: type[ListTap]) -> str:
    return invoke(["--discover"], tap).stdout


def discovered(tap: type[ListTap] = TapRotor) -> dict[str, t.Any]:
    """The catalog that the tap prints."""
    return json.loads(_discovered(tap))


def selecting(*streams: str, tap: type[ListTap] = TapRotor) -> dict[str, t.Any]:
    """Return a catalog with just these streams selected."""
    catalog = discovered(tap)
    for entry in catalog["streams"]:
        for item in entry["metadata"]:
            if not item["breadcrumb"]:
                item["metadata"]["selected"] = entry["tap_stream_id"] in streams
    return catalog


def as_records(
    stream: str, rows: Iterable[Mapping[str, t.Any]], tap: type[ListTap] = TapRotor
) -> list[Message]:
    """Return the records that rows of the API must become, for rows that fit the schema."""
    (entry,) = [e for e in discovered(tap)["streams"] if e["tap_stream_id"] == stream]
    properties = entry["schema"]["properties"]
    blank = dict.fromkeys(properties)
    moments = [name for name, of in properties.items() if of.get("format") == "date-time"]
    records = []
    for row in rows:
        record: Message = {**blank, **row}
        for name in moments:
            if record[name] is not None:
                record[name] = fixed(record[name])
        records.append(record)
    return records


def fixed(moment: str | datetime) -> str:
    """Return a moment in the one form that the tap emits."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
