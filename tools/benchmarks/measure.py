"""What a command costs: time, processor and memory of it and of every process that it starts."""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
import typing as t
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PEAK = re.compile(rb"VmHWM:\s+(\d+) kB")
LOOK_AGAIN = 0.02


class Failed(Exception):
    """A command ended with another status than 0."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What it took.

    Attributes:
        wall: Seconds from its start to its end.
        cpu: Seconds of processor time, user and system.
        peak: Megabytes that its largest process held at most.
    """

    wall: float
    cpu: float
    peak: float


def run(
    commands: Sequence[Sequence[str | Path]],
    environment: Mapping[str, str],
    directory: Path,
    output: Path,
) -> Cost:
    """Run commands piped into each other, in `directory`; what the last one prints is `output`.

    Raises:
        Failed: One of them did not end with status 0.
    """
    started: list[subprocess.Popen[bytes]] = []
    began = time.monotonic()
    with output.open("wb") as last:
        for number, command in enumerate(commands):
            log = directory / f"{number}.log"
            with log.open("wb") as errors:
                process = subprocess.Popen(  # noqa: S603 (our own words)
                    command,
                    cwd=directory,
                    env=environment,
                    stdin=started[-1].stdout if started else subprocess.DEVNULL,
                    stdout=last if number == len(commands) - 1 else subprocess.PIPE,
                    stderr=errors,
                )
            if started and (pipe := started[-1].stdout):
                pipe.close()
            started.append(process)
    with _Peak([process.pid for process in started]) as peak:
        cpu = sum(_wait(process) for process in started)
        wall = time.monotonic() - began
    for number, process in enumerate(started):
        if process.returncode:
            lines = (directory / f"{number}.log").read_text(errors="replace").splitlines()
            message = f"{Path(commands[number][0]).name} ended with status {process.returncode}"
            raise Failed(": ".join([message, *lines[-1:]]))
    return Cost(wall, cpu, peak.kilobytes / 1024)


def _wait(process: subprocess.Popen[bytes]) -> float:
    """Wait for a process; return the processor time of it and of all that it waited for."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime


class _Peak:
    """Watches processes and their children in a thread.

    Not `ru_maxrss`: that of a child begins with the size of the process that started it.
    """

    def __init__(self, pids: list[int]) -> None:
        self.kilobytes = 0
        self._pids = pids
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> t.Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(LOOK_AGAIN):
            for pid in self._pids:
                for process in _family(Path(f"/proc/{pid}")):
                    with suppress(OSError):
                        if found := PEAK.search((process / "status").read_bytes()):
                            self.kilobytes = max(self.kilobytes, int(found[1]))


def _family(process: Path) -> Iterator[Path]:
    yield process
    with suppress(OSError):
        for task in (process / "task").iterdir():
            for child in (task / "children").read_text().split():
                yield from _family(Path(f"/proc/{child}"))
