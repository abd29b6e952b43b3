"""Dagster's UI over a made-up Rotor for each company and an embedded PostgreSQL."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import typing as t
from contextlib import ExitStack

from tools.harness import environments
from tools.harness.meltano import Meltano
from tools.harness.postgres import Postgres
from tools.harness.project import ROOT
from tools.sandbox import Company, Sandbox

if t.TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HERE = ROOT / "orchestrate"
DIRECTORY = ROOT / ".dagster"
TRIAL = DIRECTORY / "trial"
LEADS = 1000


def programs() -> Path:
    """Return the folder of Dagster's programs, installed if they are not yet."""
    return environments.ensure_environment(DIRECTORY / "environment", HERE / "requirements.txt")


def companies() -> list[str]:
    """Return the names of the companies."""
    return (HERE / "companies.txt").read_text(encoding="utf-8").split()


def instance(home: Path) -> dict[str, str]:
    """Make an instance of Dagster; return the environment variables that choose it."""
    home.mkdir(parents=True, exist_ok=True)
    shutil.copy(HERE / "dagster.yaml", home)
    return {"DAGSTER_HOME": str(home)}


def settings(sandboxes: Mapping[str, Sandbox]) -> dict[str, str]:
    """Return the address and the key of each company, as environment variables."""
    return {
        f"TAP_ROTOR_{setting}__{company.upper()}": value
        for company, sandbox in sandboxes.items()
        for setting, value in (("API_URL", sandbox.url), ("API_KEY", sandbox.api_key))
    }


def main() -> int:
    """Serve until Ctrl-C; return Dagster's exit status."""
    with ExitStack() as stack:
        dagster = programs() / "dagster"
        sandboxes = {
            company: stack.enter_context(Sandbox(Company(LEADS, seed)))
            for seed, company in enumerate(companies())
        }
        postgres = stack.enter_context(Postgres(TRIAL / "postgres"))
        given = {**settings(sandboxes), **postgres.target_settings()}
        # Ctrl-C reaches Dagster too, which ends its runs; then this ends.
        signal.signal(signal.SIGINT, lambda *_: None)
        return subprocess.run(  # noqa: S603 (our own words)
            [dagster, "dev", "--python-file", HERE / "definitions.py"],
            check=False,
            cwd=TRIAL,
            env={
                **Meltano(TRIAL / "meltano", given).environment(),
                **instance(TRIAL / "home"),
                "ROTOR_ENV_FILE": os.devnull,
            },
        ).returncode


if __name__ == "__main__":
    raise SystemExit(main())
