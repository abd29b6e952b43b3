"""target-rotor, run in this process or in one of its own, against a sandbox."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
import typing as t
from dataclasses import dataclass

from target_rotor.target import TargetRotor
from tests.harness.run import Run, invoke
from tests.harness.tap import Running
from tools.harness.project import clean_environment

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from tools.sandbox import Sandbox

Row = dict[str, t.Any]
SCHEMA = {"type": "object", "properties": {"id": {"type": ["string", "null"]}}}


def schema(stream: str = "leads") -> Row:
    """Return the SCHEMA of a stream; what its rows hold is not said."""
    return {"type": "SCHEMA", "stream": stream, "schema": SCHEMA, "key_properties": []}


def record(stream: str = "leads", **fields: t.Any) -> Row:
    """Return a RECORD."""
    return {"type": "RECORD", "stream": stream, "record": fields}


def state(value: t.Any) -> Row:
    """Return a STATE."""
    return {"type": "STATE", "value": {"bookmark": value}}


@dataclass(frozen=True)
class Written:
    """How a run of the target ended."""

    run: Run
    file: Path

    @property
    def status(self) -> int:
        """Its exit status."""
        return self.run.status

    @property
    def states(self) -> list[t.Any]:
        """The states that it passed on."""
        return [json.loads(line)["bookmark"] for line in self.run.stdout.splitlines()]

    @property
    def lines(self) -> list[str]:
        """What it logged itself, without what the SDK says."""
        said = self.run.logged("INFO", "WARNING", "ERROR")
        return [line for line in said if not line.startswith(("Reader ", "METRIC", "Skipping "))]

    @property
    def last_line(self) -> str:
        """The last line of its log."""
        return self.run.last_line

    @functools.cached_property
    def receipts(self) -> list[Row]:
        """The receipts in the file, each as its last message has it."""
        return receipts(self.file)


def receipts(file: Path) -> list[Row]:
    """Return the receipts in a file, each as its last message has it."""
    if not file.exists():
        return []
    messages = [json.loads(line) for line in file.read_text().splitlines()]
    assert messages[0]["type"] == "SCHEMA"
    rows = [message["record"] for message in messages if message["type"] == "RECORD"]
    return [*{row["receipt_id"]: row for row in rows}.values()]


class Target:
    """The target and the settings of all its runs, which really send."""

    def __init__(self, directory: Path, sandbox: Sandbox, **settings: t.Any) -> None:
        self.directory = directory
        self.sandbox = sandbox
        self.file = directory / "receipts.jsonl"
        self.settings = {
            "api_url": sandbox.url,
            "api_key": sandbox.api_key,
            "dry_run": False,
            "receipts_path": str(self.file),
            "retry_minutes": 0,
            **settings,
        }

    def run(
        self, *messages: Row, env: Mapping[str, str] | None = None, **settings: t.Any
    ) -> Written:
        """Write messages back; a SCHEMA is put in front of the first record of each stream."""
        self.sandbox.reset_log()
        file = self.directory / "input.jsonl"
        file.write_text(lines(messages), encoding="utf-8")
        arguments = ["--config", self._config(settings), "--input", str(file)]
        return Written(invoke(arguments, env, of=TargetRotor), self.file)

    def write(self, *rows: Row, stream: str = "leads", **settings: t.Any) -> Written:
        """Write rows of one stream back, and a state behind them."""
        return self.run(*(record(stream, **row) for row in rows), state("end"), **settings)

    def start(
        self,
        *messages: Row,
        more: bool = False,
        env: Mapping[str, str] | None = None,
        **settings: t.Any,
    ) -> Running:
        """Start the target as a process that reads messages, and perhaps waits for more."""
        self.sandbox.reset_log()
        process = subprocess.Popen(
            [sys.executable, "-m", "target_rotor", "--config", self._config(settings)],
            cwd=self.directory,
            env={**clean_environment(), **(env or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdin
        process.stdin.write(lines(messages).encode())
        if more:
            process.stdin.flush()
        else:
            process.stdin.close()
            process.stdin = None
        return Running(process)

    def _config(self, settings: Mapping[str, t.Any]) -> str:
        file = self.directory / "target.json"
        chosen = {**self.settings, **settings}
        found = {name: value for name, value in chosen.items() if value is not None}
        file.write_text(json.dumps(found), encoding="utf-8")
        return str(file)


def lines(messages: Iterable[Row]) -> str:
    """Return messages as lines."""
    told: set[str] = set()
    found = []
    for message in messages:
        stream = message.get("stream", "")
        if message["type"] == "RECORD" and stream not in told:
            found.append(schema(stream))
        told.add(stream)
        found.append(message)
    return "".join(json.dumps(message) + "\n" for message in found)
