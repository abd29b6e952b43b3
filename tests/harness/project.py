"""A Meltano project of its own: this repository's meltano.yml, and what a recipe adds to it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import typing as t

import yaml

from tools.harness.project import ROOT, clean_environment

if t.TYPE_CHECKING:
    from pathlib import Path

ENVIRONMENT = {
    "MELTANO_AUTO_INSTALL": "false",
    "MELTANO_CLI_LOG_FORMAT": "uncolored",
    "NO_COLOR": "1",
}


class Project:
    """A folder in which commands run as in a checkout after `make plugins`."""

    def __init__(self, directory: Path, **settings: str) -> None:
        """Put `settings` into `.env`; link all that is installed."""
        self.directory = directory
        (directory / ".meltano").mkdir(parents=True)
        for name in (".venv", ".meltano/extractors", ".meltano/loaders", ".meltano/utilities"):
            (directory / name).symlink_to(sys.prefix if name == ".venv" else ROOT / name)
        shutil.copytree(ROOT / "transform", directory / "transform", ignore=_made)
        for file in ("meltano.yml", "logging.yaml"):
            shutil.copy(ROOT / file, directory)
        self.set(**settings)

    def set(self, **settings: str) -> None:
        """Add settings to `.env`."""
        with (self.directory / ".env").open("a", encoding="utf-8") as file:
            file.writelines(f"{name}='{value}'\n" for name, value in settings.items())

    def add(self, snippet: str) -> None:
        """Add a snippet to `meltano.yml`."""
        file = self.directory / "meltano.yml"
        merged = merge(yaml.safe_load(file.read_text()), yaml.safe_load(snippet))
        file.write_text(yaml.safe_dump(merged, sort_keys=False), encoding="utf-8")

    def run(self, script: str, *, status: int = 0, **environment: str) -> str:
        """Run a script of the shell; return all that it printed.

        Raises:
            AssertionError: It did not end with that status.
        """
        done = subprocess.run(
            ["/bin/sh", "-e", "-c", script],
            cwd=self.directory,
            env={**clean_environment(), **ENVIRONMENT, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stdout[-5000:]
        return done.stdout


def merge(old: t.Any, new: t.Any) -> t.Any:
    """Return what a reader makes of both: what has the same name is one thing."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{key: merge(old.get(key), value) for key, value in new.items()}}
    if isinstance(old, list) and isinstance(new, list):
        found = {_name(item): item for item in old}
        return list({**found, **{_name(i): merge(found.get(_name(i)), i) for i in new}}.values())
    return new


def _name(item: t.Any) -> t.Any:
    return item["name"] if isinstance(item, dict) else item


def _made(_folder: str, names: list[str]) -> set[str]:
    return {"target", "logs", ".user.yml"}.intersection(names)
