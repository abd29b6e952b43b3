"""A tap, run in this process or in one of its own, against a sandbox or anything else."""

from __future__ import annotations

import array
import fcntl
import json
import subprocess
import sys
import termios
import time
import typing as t

from tap_rotor.tap import TapRotor
from tests.harness.catalog import selecting
from tests.harness.run import Run, invoke
from tests.harness.streams import BY_TAP
from tools.harness.project import clean_environment

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from paged_rest.singer import ListTap
    from tools.sandbox import NexusSandbox, Sandbox

KEY = "rotor_demo_key"
TIMEOUT_SECONDS = 120


class Tap:
    """A tap and the settings of all its runs; with a sandbox, they point at it.

    Attributes:
        directory: Where the files of a run are written; a process of its own runs there.
        sandbox: The API, if it is one that keeps a log of its requests.
        of: The class of the tap.
        settings: The settings of all runs; a value None leaves a setting out.
    """

    def __init__(
        self,
        directory: Path,
        sandbox: Sandbox | NexusSandbox | None = None,
        *,
        of: type[ListTap] = TapRotor,
        **settings: t.Any,
    ) -> None:
        self.directory = directory
        self.sandbox = sandbox
        self.of = of
        api = {"api_url": sandbox.url, "api_key": sandbox.api_key} if sandbox else {}
        self.settings: dict[str, t.Any] = {**api, **settings}

    def arguments(
        self,
        *streams: str,
        catalog: Mapping[str, t.Any] | None = None,
        state: Mapping[str, t.Any] | None = None,
        args: Sequence[str] = (),
        **settings: t.Any,
    ) -> list[str]:
        """Write the files of a run over some streams, by default all; return its arguments."""
        chosen = {**self.settings, **settings}
        if streams:
            assert catalog is None
            catalog = selecting(*streams, of=self.of)
        files = {
            "config": {name: value for name, value in chosen.items() if value is not None},
            "state": state,
            "catalog": catalog,
        }
        options = []
        for name, value in files.items():
            if value is not None:
                file = self.directory / f"{name}.json"
                file.write_text(json.dumps(value), encoding="utf-8")
                options += [f"--{name}", str(file)]
        return [*options, *args]

    def run(
        self,
        *streams: str,
        env: Mapping[str, str] | None = None,
        process: bool = False,
        **options: t.Any,
    ) -> Run:
        """Run the tap to its end; the sandbox's log begins anew.

        `options` are those of `arguments()`, and settings of this run.
        """
        if process:
            with self.start(*streams, env=env, **options) as running:
                return running.result()
        self._forget_requests()
        return invoke(self.arguments(*streams, **options), env, of=self.of)

    def succeed(self, *streams: str, **options: t.Any) -> Run:
        """Run the tap, which must end with status 0."""
        run = self.run(*streams, **options)
        assert run.status == 0, run.stderr[-600:]
        return run

    def start(
        self,
        *streams: str,
        env: Mapping[str, str] | None = None,
        code: str | None = None,
        stdout: t.IO[bytes] | int = subprocess.PIPE,
        **options: t.Any,
    ) -> Running:
        """Start the tap as a process, or code in its place; the sandbox's log begins anew."""
        self._forget_requests()
        package, *_ = self.of.__module__.split(".")
        program = ["-c", code] if code else ["-m", package]
        command = [sys.executable, *program, *self.arguments(*streams, **options)]
        return Running(
            subprocess.Popen(
                command,
                cwd=self.directory,
                env={**clean_environment(), **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=subprocess.PIPE,
            )
        )

    def asked(self, stream: str) -> list[tuple[int, int | None]]:
        """Return which places of a stream's list were asked for in the last run.

        Each request is the first place, from 0, and the first one beyond: page 2 of 8 rows is
        (8, 16). A request for the list without pages is (0, None).
        """
        assert self.sandbox
        path, api = BY_TAP[self.of.name][stream].path, self.of.api
        ranges: list[tuple[int, int | None]] = []
        for request in self.sandbox.requests:
            if request.path != path:
                continue
            if api.page_size in request.query:
                size = int(request.query[api.page_size])
                end = int(request.query[api.page]) * size
                ranges.append((end - size, end))
            else:
                ranges.append((0, None))
        return ranges

    def _forget_requests(self) -> None:
        if self.sandbox:
            self.sandbox.reset_log()


class Running:
    """A tap that runs as a process of its own; killed at the end of the block if it still runs."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self._sent_at = 0.0

    @property
    def stdout(self) -> t.IO[bytes]:
        assert self.process.stdout
        return self.process.stdout

    @property
    def stderr(self) -> t.IO[bytes]:
        assert self.process.stderr
        return self.process.stderr

    def __enter__(self) -> t.Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def send(self, number: int) -> None:
        """Send a signal."""
        self._sent_at = time.monotonic()
        self.process.send_signal(number)

    @property
    def took(self) -> float:
        """Seconds since the signal."""
        return time.monotonic() - self._sent_at

    def result(self, seconds: float = TIMEOUT_SECONDS) -> Run:
        """Wait for its end; return all that was not read of it yet."""
        stdout, stderr = self.process.communicate(timeout=seconds)
        return Run(self.process.returncode, (stdout or b"").decode(), stderr.decode())


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for what is certain to come; fail if it does not."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def full(pipe: t.IO[bytes]) -> bool:
    """Whether no more comes into a pipe: it is never filled to the last byte."""

    def waiting() -> int:
        count = array.array("i", [0])
        fcntl.ioctl(pipe, termios.FIONREAD, count)
        return count[0]

    before = waiting()
    time.sleep(0.2)
    return (1 << 15) < before == waiting()
