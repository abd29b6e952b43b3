"""Python environments of their own, each with exactly the versions of a requirements file."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import typing as t

from tools.harness.project import PROGRAMS

if t.TYPE_CHECKING:
    from pathlib import Path

LONGEST_REASON = 300


class NotInstalled(Exception):
    """An environment cannot be made; the message is what the installer says."""


def ensure_environment(environment: Path, wanted: Path) -> Path:
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


def _uv(*arguments: str | Path) -> None:
    done = subprocess.run(  # noqa: S603 (our own words)
        [PROGRAMS / "uv", "--quiet", *arguments],
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        raise NotInstalled(" ".join(done.stderr.split())[:LONGEST_REASON])
