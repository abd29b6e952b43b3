"""Load one company by Meltano and report how that ended: what `definitions.py` runs by Pipes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import typing as t
from pathlib import Path

from dagster_pipes import open_dagster_pipes

ROOT = Path(__file__).resolve().parents[1]
# One JSON object a line, whatever `logging.yaml` says.
MELTANO = (str(ROOT / ".venv" / "bin" / "meltano"), "--log-config=none", "--log-format=json")
TAP = "tap-rotor"
PIPELINE = ("run", TAP, "target-postgres")


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
    """Run Meltano to its end.

    Returns:
        Its status, the tap's codes by stream and of the `run`, its rows by stream and its
        `requests`, and what was said of errors.
    """
    codes: dict[str, str] = {}
    counts: dict[str, int] = {}
    errors: list[str] = []
    # Made-up companies must not be loaded into the warehouse of a developer's .env.
    dotenv = ["--env-file", env["ROTOR_ENV_FILE"]] if "ROTOR_ENV_FILE" in env else []
    with subprocess.Popen(  # noqa: S603 (our own words)
        [*MELTANO, *dotenv, *PIPELINE],
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as meltano:
        # Dagster ends a run so; passed on, the tap writes a last STATE.
        signal.signal(signal.SIGINT, lambda *_: meltano.terminate())
        for text in meltano.stdout or ():
            line = parse(text)
            said = f"{line.get('name', 'meltano')}: {line['event']}"
            print(line.get("level", ""), said, flush=True)
            if line.get("level") == "error":
                errors.append(said)
            if line.get("name") == TAP:
                count(line, codes, counts)
    return {
        "status": meltano.returncode,
        "codes": codes,
        "counts": counts,
        "said": "\n".join(errors),
    }


def count(line: t.Mapping[str, t.Any], codes: dict[str, str], counts: dict[str, int]) -> None:
    """Take what a line of the tap's says of a stream or of the run: see docs/ends.md."""
    stream = line.get("stream")
    if "code" in line:
        codes[stream or "run"] = line["code"]
    if "rows" in line:
        counts[stream or "requests"] = line["rows" if stream else "requests"]


def parse(text: str) -> dict[str, t.Any]:
    """Return a line of Meltano's log; one that is none, as of a crash, as if it were."""
    try:
        line = json.loads(text)
    except ValueError:
        line = None
    return line if isinstance(line, dict) and "event" in line else {"event": text.rstrip()}


if __name__ == "__main__":
    with open_dagster_pipes() as pipes:
        env = {**environment(pipes.partition_key, os.environ), **pipes.extras["env"]}
        pipes.report_custom_message(load(env))
