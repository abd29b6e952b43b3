"""The tap as a process that a test talks to while it runs."""

from __future__ import annotations

import array
import fcntl
import subprocess
import termios
import time
import typing as t

from tests.conftest import KEY, Result, RunTap
from tests.harness.in_process import selecting
from tools.harness.project import clean_environment

if t.TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Started:
    """The tap as a process of its own; killed at the end of the test if it still runs."""

    def __init__(
        self,
        directory: Path,
        api_url: str,
        unbuffered: str,
        code: str | None = None,
        **config: t.Any,
    ) -> None:
        settings = {"api_url": api_url, "api_key": KEY, "page_size": 10, **config}
        command = RunTap(directory, settings).command(catalog=selecting("leads"))
        if code:
            python, *_module, options = command[0], command[1:3], command[3:]
            command = [python, "-c", code, *options]
        self.process = subprocess.Popen(
            command,
            cwd=directory,
            env={**clean_environment(), "PYTHONUNBUFFERED": unbuffered},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.sent_at = 0.0

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
        self.sent_at = time.monotonic()
        self.process.send_signal(number)

    def result(self) -> Result:
        """Read what it wrote to its end."""
        stdout, stderr = self.process.communicate(timeout=60)
        return Result(self.process.returncode, stdout.decode(), stderr.decode())

    @property
    def took(self) -> float:
        return time.monotonic() - self.sent_at


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
