"""The commands of the tap and of the target, and the files that they read."""

from __future__ import annotations

import json
import sys
import typing as t

from tools.harness import log, plugins
from tools.harness.project import ROOT, clean_environment
from tools.harness.warehouse import SCHEMA

if t.TYPE_CHECKING:
    from pathlib import Path

    from tools.harness.postgres import Postgres
    from tools.sandbox import Sandbox
    from tools.simulation.plan import Run

PAGE_SIZE = 20
# Long enough for a target that starts slowly and takes nothing meanwhile: a request that is made
# again for that would be one that a replay does not have.
REQUEST_TIMEOUT = 60
# Where an answer hangs.
SHORT_TIMEOUT = 5
RETRY_MINUTES = 1
TAP = "tap-rotor"
TARGET = "target-postgres"


class Commands:
    """Writes the files of each run into `folder` and returns the commands that read them."""

    def __init__(self, folder: Path, sandbox: Sandbox, postgres: Postgres) -> None:
        """Read from `sandbox`, load into `postgres`."""
        self.folder = folder
        self._sandbox = sandbox
        self._postgres = postgres
        self._catalog = json.loads((ROOT / "catalog.json").read_text(encoding="utf-8"))

    def tap(self, run: Run, state: dict[str, t.Any] | None) -> list[str]:
        """Return the tap's command."""
        config: dict[str, t.Any] = {
            **plugins.settings(TAP),
            "api_key": self._sandbox.api_key,
            "api_url": self._sandbox.url,
            "page_size": PAGE_SIZE,
            "lookback_days": run.lookback_days,
            "request_timeout": SHORT_TIMEOUT if run.hangs else REQUEST_TIMEOUT,
            # What stays wrong need not be tried for long.
            "retry_minutes": 0 if run.lasting else RETRY_MINUTES,
        }
        if run.budget:
            config["request_budget"] = run.budget
        files = {"config": config, "catalog": self._selected(run.streams)}
        if state is not None:
            files["state"] = state
        options = [part for name in files for part in (f"--{name}", self._write(name, files[name]))]
        return [sys.executable, "-m", "tap_rotor", *options]

    def target(self, run: Run) -> list[str]:
        """Return the target's command."""
        config = {
            **plugins.settings(TARGET),
            **self._postgres.credentials(),
            "default_target_schema": SCHEMA,
        }
        if run.batch_rows:
            config["batch_size_rows"] = run.batch_rows
        return [str(plugins.program(TARGET)), "--config", self._write("target", config)]

    def environment(self) -> dict[str, str]:
        """Return the environment of both: the target's as in meltano.yml, and byte code kept.

        Both log in JSON, as they do under Meltano.
        """
        environment = clean_environment()
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        return {
            **environment,
            **plugins.variables(TARGET),
            **log.structured(self.folder),
            "PYTHONPYCACHEPREFIX": str(self.folder / "bytecode"),
            "PYTHONPATH": str(ROOT),
        }

    def _selected(self, streams: tuple[str, ...]) -> dict[str, t.Any]:
        catalog: dict[str, t.Any] = json.loads(json.dumps(self._catalog))
        for entry in catalog["streams"]:
            for item in entry["metadata"]:
                if not item["breadcrumb"]:
                    item["metadata"]["selected"] = entry["tap_stream_id"] in streams
        return catalog

    def _write(self, name: str, value: dict[str, t.Any]) -> str:
        file = self.folder / f"{name}.json"
        file.write_text(json.dumps(value), encoding="utf-8")
        return str(file)
