"""`tap | target > state`, with somebody in the pipe who counts the lines."""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import struct
import subprocess
import termios
import threading
import time
import typing as t
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tools.simulation.plan import Act, End

CHUNK = 1 << 16
LONGEST_RUN = 300
LOOK_AGAIN = 0.01
LONGEST_DRAIN = 60


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended.

    Attributes:
        tap: The tap's exit status, below 0 for a signal.
        target: The target's, or None where there was no row to start it for.
        state: The last STATE that is safe to go on from, or None.
        lines: Lines that the tap wrote.
        records: RECORDs among those that went on to the target.
        acted: Whether the run was ended before its time.
        half_line: Whether the tap ended in the middle of a line.
        ids: The ids of those RECORDs, by stream.
    """

    tap: int
    target: int | None
    state: dict[str, t.Any] | None
    lines: int
    records: int
    acted: bool
    half_line: bool
    ids: Mapping[str, set[str]]


class Pipe:
    """A run of the tap into the target.

    The target starts with the first RECORD: where there is none it has nothing to do but to
    print the last STATE, and that is done here.
    """

    def __init__(
        self,
        tap: Sequence[str],
        target: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        end: End | None,
    ) -> None:
        """Take the commands; `log` is a folder for what they print."""
        self._target_command = target
        self._environment = environment
        self._log = log
        self._end = end
        self._lock = threading.RLock()
        self._held: list[bytes] = []
        self._rest = b""
        self._last_state: dict[str, t.Any] | None = None
        self._target: subprocess.Popen[bytes] | None = None
        self._closed = threading.Event()
        self._due: Act | None = None
        self._cut_off: list[bytes] = []
        self.lines = self.records = 0
        self.ids: defaultdict[str, set[str]] = defaultdict(set)
        self.acted = False
        log.mkdir(parents=True, exist_ok=True)
        self._output, output = os.pipe()
        with (log / "tap.err").open("wb") as errors:
            self._tap = subprocess.Popen(  # noqa: S603 (our own words)
                tap, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, env=environment
            )
        os.close(output)

    def run(self) -> Outcome:
        """Pass on lines until the tap has ended, and wait for the target."""
        deadline = time.monotonic() + LONGEST_RUN
        try:
            while not self._closed.is_set() and time.monotonic() < deadline:
                if select.select([self._output], [], [], 1)[0]:
                    self._pass_on()
            tap = self._tap.wait(max(1, deadline - time.monotonic()))
            target, state = None, self._last_state
            if self._target:
                self._close_target()
                target = self._target.wait(LONGEST_RUN)
                state = _last_line(self._log / "target.out")
        finally:
            self._reap()
        half_line = bool(self._rest) and not self.acted
        return Outcome(
            tap, target, state, self.lines, self.records, self.acted, half_line, self.ids
        )

    def catch_up(self) -> None:
        """Return when everything is passed on that the tap has written: between two requests."""
        with self._lock:
            while not self._closed.is_set() and _waiting(self._output):
                self._pass_on()
            if self._due:
                self.act(self._due)

    def act(self, act: Act) -> None:
        """End the tap, the target or both, before their time."""
        with self._lock:
            self.acted, self._due = True, None
            if act == "terminate tap":
                self._tap.send_signal(signal.SIGTERM)
                return
            if act in {"kill tap", "kill both"}:
                self._tap.kill()
            if act in {"kill target", "kill both"}:
                self._last_state = None
                self._kill_target()
            self._close()

    def _pass_on(self) -> None:
        with self._lock:
            if self._closed.is_set() or not _waiting(self._output, end=True):
                return
            chunk = os.read(self._output, CHUNK)
            if not chunk:
                self._last_chance()
                self._close()
                return
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            for line in lines:
                if self._due not in {None, "terminate tap"}:
                    self._cut_off.append(line + b"\n")
                    continue
                self._take(line + b"\n")
                end = self._end
                if end and end.unit == "lines" and end.after == self.lines and not self.acted:
                    # At the next request: only there is it certain how far the tap has come.
                    self._due = end.act
                if self._closed.is_set():
                    return

    def _last_chance(self) -> None:
        """Do what was due before a request that never came, as the tap had made its last one."""
        if self._due in {"kill target", "kill both"}:
            self.act("kill target")
            return
        for line in self._cut_off:
            self._take(line)

    def _take(self, line: bytes) -> None:
        """Pass on one line, or hold it back while there is no row."""
        self.lines += 1
        message = json.loads(line)
        if message["type"] == "STATE":
            self._last_state = message["value"]
        if message["type"] == "RECORD":
            self.records += 1
            self.ids[message["stream"]].add(message["record"]["id"])
            if not self._target:
                self._start_target()
        if self._target:
            self._write(line)
        else:
            self._held.append(line)

    def _start_target(self) -> None:
        output, errors = self._log / "target.out", self._log / "target.err"
        with output.open("wb") as out, errors.open("wb") as err:
            self._target = subprocess.Popen(  # noqa: S603 (our own words)
                self._target_command,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=err,
                env=self._environment,
            )
        for line in self._held:
            self._write(line)

    def _write(self, data: bytes) -> None:
        assert self._target  # noqa: S101 (for the type checker)
        assert self._target.stdin  # noqa: S101
        try:
            self._target.stdin.write(data)
            self._target.stdin.flush()
        except BrokenPipeError:
            self._close()

    def _kill_target(self) -> None:
        """Kill the target once it has taken all that it was given, perhaps in a transaction."""
        if not self._target:
            return
        assert self._target.stdin  # noqa: S101
        deadline = time.monotonic() + LONGEST_DRAIN
        while self._target.poll() is None and time.monotonic() < deadline:
            if not _waiting(self._target.stdin.fileno()):
                break
            time.sleep(LOOK_AGAIN)
        self._target.kill()
        self._target.wait()

    def _close(self) -> None:
        """Take no more of the tap: it has ended, or finds that nobody reads."""
        if not self._closed.is_set():
            self._closed.set()
            # Not `os.close`: the other thread may be waiting on the number.
            with open(os.devnull, "rb") as nothing:  # noqa: PTH123
                os.dup2(nothing.fileno(), self._output)

    def _close_target(self) -> None:
        assert self._target  # noqa: S101
        assert self._target.stdin  # noqa: S101
        with suppress(BrokenPipeError):
            self._target.stdin.close()

    def _reap(self) -> None:
        with self._lock:
            self._close()
        os.close(self._output)
        for process in (self._tap, self._target):
            if process and process.poll() is None:
                process.kill()
                process.wait()


def _waiting(descriptor: int, *, end: bool = False) -> bool:
    """Return whether a pipe holds bytes, or with `end` whether a read would not block."""
    if end:
        return bool(select.select([descriptor], [], [], 0)[0])
    buffer = fcntl.ioctl(descriptor, termios.FIONREAD, b"\0" * 4)
    return bool(struct.unpack("i", buffer)[0])


def _last_line(file: Path) -> dict[str, t.Any] | None:
    lines = file.read_text(encoding="utf-8").splitlines()
    state: dict[str, t.Any] | None = json.loads(lines[-1]) if lines else None
    return state
