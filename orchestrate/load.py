"""Load one company by Meltano and report how that ended: what `definitions.py` runs by Pipes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import typing as t
from pathlib import Path

from dagster_pipes import open_dagster_pipes

ROOT = Path(__file__).resolve().parents[1]
MELTANO = str(ROOT / ".venv" / "bin" / "meltano")
PIPELINE = ("run", "tap-rotor", "target-postgres")
# Meltano's lines: when, how grave, who says it, what.
LINE = re.compile(r"\S+ \[(\w+) *\] (\S+) +(.*)")
# The tap's last lines: "leads: 1,200 rows in 2 requests, ..." and "9 requests in all; ...".
ROWS = re.compile(r"(\w+): ([\d,]+) rows? in ")
REQUESTS = re.compile(r"([\d,]+) requests? in all")


def system_directory(company: str, shared: Path) -> Path:
    """Return a company's own place for what Meltano keeps, with the plugins of all.

    In a shared one, runs at the same time would overwrite each other's files: the catalog and the
    state that the tap is given have the same names in every run.
    """
    own = shared / "companies" / company
    own.mkdir(parents=True, exist_ok=True)
    for kind in ("extractors", "loaders"):
        if not (own / kind).is_symlink():
            (own / kind).symlink_to(shared / kind, target_is_directory=True)
    return own


def environment(company: str, given: t.Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a company's run: its own directory, schema, state ID and key.

    Every variable whose name ends in the company's is its own: TAP_ROTOR_API_KEY__ACME becomes
    TAP_ROTOR_API_KEY for acme.
    """
    shared = Path(given.get("MELTANO_SYS_DIR_ROOT", ROOT / ".meltano"))
    ending = f"__{company.upper()}"
    own = {
        name.removesuffix(ending): value for name, value in given.items() if name.endswith(ending)
    }
    return {
        **given,
        "MELTANO_SYS_DIR_ROOT": str(system_directory(company, shared)),
        "MELTANO_RUN_STATE_ID_SUFFIX": company,
        "TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA": f"tap_rotor_{company}",
        # Never another company's, where its own is missing.
        "TAP_ROTOR_API_KEY": "",
        **own,
    }


def load(env: t.Mapping[str, str]) -> dict[str, t.Any]:
    """Run Meltano to its end; return its status, the tap's counts and what was said of errors."""
    counts: dict[str, int] = {}
    errors: list[str] = []
    # Made-up companies must not be loaded into the warehouse of a developer's .env.
    dotenv = ["--env-file", env["ROTOR_ENV_FILE"]] if "ROTOR_ENV_FILE" in env else []
    with subprocess.Popen(  # noqa: S603 (our own words)
        [MELTANO, "--log-format=uncolored", *dotenv, *PIPELINE],
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as meltano:
        # Dagster ends a run so; passed on, the tap writes a last STATE.
        signal.signal(signal.SIGINT, lambda *_: meltano.terminate())
        for line in meltano.stdout or ():
            print(line, end="", flush=True)
            level, name, said = found.groups() if (found := LINE.match(line)) else ("", "", "")
            if level == "error":
                errors.append(f"{name}: {said}")
            if name == "tap-rotor":
                if rows := ROWS.match(said):
                    counts[rows[1]] = number(rows[2])
                if requests := REQUESTS.match(said):
                    counts["requests"] = number(requests[1])
    return {"status": meltano.returncode, "counts": counts, "said": "\n".join(errors)}


def number(text: str) -> int:
    """Return a number that is written as in 1,200."""
    return int(text.replace(",", ""))


if __name__ == "__main__":
    with open_dagster_pipes() as pipes:
        env = {**environment(pipes.partition_key, os.environ), **pipes.extras["env"]}
        pipes.report_custom_message(load(env))
