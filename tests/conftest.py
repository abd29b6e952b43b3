"""Fixtures for all tests: a small company, the API in front of it, the tap's command line."""

from __future__ import annotations

import json
import subprocess
import sys
import typing as t
from dataclasses import dataclass

import pytest

from tools.harness.project import clean_environment
from tools.sandbox import Company, Sandbox

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

KEY = "rotor_demo_key"
TIMEOUT_SECONDS = 120

Message = dict[str, t.Any]


@dataclass(frozen=True)
class Result:
    """How a run of the tap ended, and what it wrote."""

    status: int
    stdout: str
    stderr: str

    @property
    def messages(self) -> list[Message]:
        """All messages, in order; fails when a line of stdout is not one."""
        messages = [json.loads(line) for line in self.stdout.splitlines()]
        assert all(isinstance(message, dict) and "type" in message for message in messages)
        return messages

    def of_type(self, kind: str, stream: str | None = None) -> list[Message]:
        """Messages of one type, of one stream or of all."""
        return [
            message
            for message in self.messages
            if message["type"] == kind and stream in (None, message.get("stream"))
        ]

    def records(self, stream: str) -> list[Message]:
        """Records of a stream, in order."""
        return [message["record"] for message in self.of_type("RECORD", stream)]

    @property
    def states(self) -> list[Message]:
        """Values of the STATE messages, in order."""
        return [message["value"] for message in self.of_type("STATE")]

    @property
    def streams(self) -> list[str]:
        """Streams in the order of their first SCHEMA."""
        return list(dict.fromkeys(message["stream"] for message in self.of_type("SCHEMA")))

    @property
    def last_line(self) -> str:
        """Last line of stderr: the one that must say it all."""
        return self.stderr.rstrip("\n").rpartition("\n")[2]


class RunTap:
    """The tap's command line, as a process of its own; its settings point at the sandbox."""

    def __init__(self, directory: Path, config: Mapping[str, t.Any]) -> None:
        """Write the files of each run into `directory`."""
        self.directory = directory
        self.config = dict(config)

    def command(
        self,
        config: Mapping[str, t.Any] | None = None,
        state: Mapping[str, t.Any] | None = None,
        catalog: Mapping[str, t.Any] | None = None,
        args: Sequence[str] = (),
    ) -> list[str]:
        """Return the command; a value None in `config` leaves that setting out."""
        settings = {**self.config, **(config or {})}
        settings = {name: value for name, value in settings.items() if value is not None}
        files = {"config": settings, "state": state, "catalog": catalog}
        options = []
        for name, value in files.items():
            if value is not None:
                file = self.directory / f"{name}.json"
                file.write_text(json.dumps(value), encoding="utf-8")
                options += [f"--{name}", str(file)]
        return [sys.executable, "-m", "tap_rotor", *options, *args]

    def __call__(
        self,
        config: Mapping[str, t.Any] | None = None,
        state: Mapping[str, t.Any] | None = None,
        catalog: Mapping[str, t.Any] | None = None,
        args: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
    ) -> Result:
        """Run the tap to its end."""
        return self.run(self.command(config, state, catalog, args), env)

    def run(self, command: Sequence[str], env: Mapping[str, str] | None = None) -> Result:
        """Run any command as the tap is run: with nothing of a developer's own settings."""
        done = subprocess.run(
            command,
            capture_output=True,
            check=False,
            cwd=self.directory,
            encoding="utf-8",
            env={**clean_environment(), **(env or {})},
            stdin=subprocess.DEVNULL,
            timeout=TIMEOUT_SECONDS,
        )
        return Result(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def company() -> Company:
    """A company of 120 leads and, in proportion, all else."""
    return Company(leads=120, seed=1)


@pytest.fixture
def sandbox(company: Company) -> Iterator[Sandbox]:
    """The stand-in API over `company`."""
    with Sandbox(company) as server:
        yield server


@pytest.fixture
def run_tap(sandbox: Sandbox, tmp_path: Path) -> RunTap:
    """The tap's command line against `sandbox`."""
    return RunTap(tmp_path, {"api_url": sandbox.url, "api_key": KEY})


@pytest.fixture(scope="module")
def untraced() -> Iterator[None]:
    """Leave a module out of coverage, which takes two thirds of the time of a long loop."""
    tracer = sys.gettrace()
    sys.settrace(None)
    yield
    sys.settrace(tracer)
