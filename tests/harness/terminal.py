"""A terminal of 24 rows: what a person still sees of a command when it has ended."""

from __future__ import annotations

import fcntl
import os
import re
import struct
import subprocess
import termios
import typing as t
from dataclasses import dataclass

if t.TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ROWS, COLUMNS = 24, 80
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
CHUNK = 1 << 16


@dataclass(frozen=True)
class Screen:
    """What a command printed, and its exit status."""

    status: int
    printed: str

    @property
    def rows(self) -> list[str]:
        """The rows that are left on the screen, above the one of the prompt."""
        lines = COLOURS.sub("", self.printed).expandtabs().splitlines()
        rows = [
            line[start : start + COLUMNS]
            for line in lines
            for start in range(0, max(1, len(line)), COLUMNS)
        ]
        return rows[-(ROWS - 1) :]

    def shows(self, sentence: str) -> bool:
        """Whether a sentence is on it, perhaps over several rows."""
        return sentence in "".join(self.rows)


def run(command: list[str], folder: Path, environment: Mapping[str, str]) -> Screen:
    """Run a command on a terminal, to its end."""
    terminal, end = os.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**environment, "TERM": "xterm-256color"},
        stdin=end,
        stdout=end,
        stderr=end,
        start_new_session=True,
    )
    os.close(end)
    printed = b""
    while chunk := _read(terminal):
        printed += chunk
    os.close(terminal)
    return Screen(process.wait(), printed.decode())


def _read(terminal: int) -> bytes:
    """Return what comes next; nothing once the other end is closed, which Linux calls an error."""
    try:
        return os.read(terminal, CHUNK)
    except OSError:
        return b""
