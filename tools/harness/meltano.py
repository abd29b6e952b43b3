"""Meltano on this repository's meltano.yml, apart from whatever its user does with it."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import typing as t
from contextlib import closing, suppress
from dataclasses import dataclass, field

from tools.harness import plugins
from tools.harness.project import PROGRAMS, ROOT, clean_environment

if t.TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STATE_ID = "dev:tap-rotor-to-target-postgres"
NEXUS_STATE_ID = "dev:tap-nexus-erp-to-target-postgres"
PATIENCE_SECONDS = 15


class MeltanoError(Exception):
    """A run ended with another status than 0."""

    def __init__(self, status: int, log: Path) -> None:
        """Take the exit status, and the file with all that was printed."""
        super().__init__(f"Meltano ended with status {status}; its log is {log}")
        self.status = status
        self.log = log


@dataclass(frozen=True)
class Meltano:
    """A Meltano whose state, catalogs and logs lie below `directory`, and which reads no .env file.

    The plugins are those that `make plugins` installed for the repository.
    """

    directory: Path
    settings: t.Mapping[str, str] = field(repr=False)
    told: Callable[[str], object] = str
    """Is called with each line that a run prints."""

    def run(self, *arguments: str, log: Path, **settings: str) -> None:
        """Run `meltano <arguments>` to its end, all that it prints going into `log`.

        Raises:
            MeltanoError: It did not end with status 0.
        """
        environment = self.environment()
        log.parent.mkdir(parents=True, exist_ok=True)
        with (
            log.open("wb") as output,
            subprocess.Popen(  # noqa: S603 (our own words)
                [sys.executable, PROGRAMS / "meltano", "--env-file", os.devnull, *arguments],
                cwd=ROOT,
                env={**environment, **settings},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            ) as process,
        ):
            try:
                for line in process.stdout or ():
                    output.write(line)
                    output.flush()
                    self.told(line.decode(errors="replace"))
                status = process.wait()
            except BaseException:
                _end(process)
                raise
        if status:
            raise MeltanoError(status, log)

    def state(self, state_id: str = STATE_ID) -> dict[str, t.Any]:
        """Return the bookmarks by stream, from Meltano's database: Meltano itself takes seconds."""
        database = self.directory / "meltano.db"
        if not database.exists():
            return {}
        with closing(sqlite3.connect(database)) as connection:
            query = "select completed_state, partial_state from state where state_id = ?"
            row = connection.execute(query, [state_id]).fetchone()
        bookmarks: dict[str, t.Any] = {}
        # A full refresh is in the second, until Meltano merges it into the first.
        for payload in row or ():
            bookmarks |= json.loads(payload or "{}").get("singer_state", {}).get("bookmarks", {})
        return bookmarks

    def environment(self) -> dict[str, str]:
        """Return the environment that Meltano runs with, its plugins being where it looks.

        Raises:
            plugins.Stale: They are not what is here.
        """
        plugins.refuse_stale()
        self._share_plugins()
        return {
            **clean_environment(),
            "MELTANO_SYS_DIR_ROOT": str(self.directory),
            "MELTANO_AUTO_INSTALL": "false",
            # Not `logging.yaml`: the log of a tool or a test has everything.
            "MELTANO_CLI_LOG_CONFIG": "none",
            "MELTANO_CLI_LOG_FORMAT": "uncolored",
            "NO_COLOR": "1",
            **self.settings,
        }

    def _share_plugins(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        for kind in ("extractors", "loaders", "utilities"):
            link = self.directory / kind
            if not link.is_symlink():
                link.symlink_to(plugins.FOLDER / kind, target_is_directory=True)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a run before its time: Meltano, the tap and the target, which are one session."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE_SECONDS)
