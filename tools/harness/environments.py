"""An environment of its own, with exactly the versions of a requirements file, for each peer."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from tools.harness.meltano import ROOT, clean_environment

REQUIREMENTS = Path(__file__).parents[1] / "benchmarks" / "requirements"
DIRECTORY = ROOT / ".bench"
OWN = Path(sys.executable).parent
LONGEST_REASON = 300


class NotInstalled(Exception):
    """A peer's environment cannot be made; the message is what the installer says."""


def programs(name: str | None) -> Path:
    """Return the folder of an environment's programs, made if it is not there yet.

    None is the environment that this runs in: tap-rotor's.

    Raises:
        NotInstalled: The package index does not give what is asked for.
    """
    return made(DIRECTORY / name, REQUIREMENTS / f"{name}.txt") if name else OWN


def made(environment: Path, wanted: Path) -> Path:
    """Return the folder of an environment's programs, made unless it is as `wanted` already.

    Raises:
        NotInstalled: The package index does not give what is asked for.
    """
    installed = environment / "installed"
    digest = hashlib.sha256(wanted.read_bytes() + sys.version.encode()).hexdigest()
    if not installed.exists() or installed.read_text() != digest:
        _uv("venv", "--allow-existing", f"--python={sys.executable}", environment)
        # All start from byte code, whatever PYTHONDONTWRITEBYTECODE says.
        _uv("pip", "sync", "--compile-bytecode", f"--python={environment}", wanted)
        installed.write_text(digest)
    return environment / "bin"


def variables(**more: str) -> dict[str, str]:
    """Return the environment variables that peers run with: nothing that slows one of them down."""
    kept = {name: value for name, value in clean_environment().items() if name[:6] != "PYTHON"}
    return {**kept, **more}


def _uv(*arguments: str | Path) -> None:
    done = subprocess.run(  # noqa: S603 (our own words)
        [OWN / "uv", "--quiet", *arguments],
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        raise NotInstalled(" ".join(done.stderr.split())[:LONGEST_REASON])
