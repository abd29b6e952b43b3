"""A clone of this repository with all that would be committed now, and scripts that run in it."""

from __future__ import annotations

import shutil
import subprocess
import typing as t

from tests.harness.run import Run
from tools.harness.project import ROOT, clean_environment

if t.TYPE_CHECKING:
    from pathlib import Path

AUTHOR = "-c user.name=tests -c user.email=tests@example.com -c commit.gpgsign=false"


def clone(folder: Path) -> Path:
    """Make a repository of one commit in `folder`, and return it."""
    listed = sh("git ls-files -z --cached --others --exclude-standard", ROOT).stdout
    for name in listed.rstrip("\0").split("\0"):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    sh(f"git init --quiet && git add --all && git {AUTHOR} commit --quiet -m all", folder)
    return folder


def sh(script: str, folder: Path, **environment: str) -> Run:
    """Run a script of the shell.

    Raises:
        AssertionError: It did not end with status 0.
    """
    done = subprocess.run(
        ["/bin/sh", "-e", "-c", script],
        cwd=folder,
        env={**clean_environment(), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return Run(done.returncode, done.stdout, done.stderr)
