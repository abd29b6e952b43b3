"""Meltano's plugins: what meltano.yml says of them, and where `make plugins` has installed them."""

from __future__ import annotations

import typing as t
from functools import cache

import yaml

from tools.harness.project import ROOT

if t.TYPE_CHECKING:
    from pathlib import Path

FOLDER = ROOT / ".meltano"


def settings(plugin: str) -> dict[str, t.Any]:
    """Return a plugin's settings that are the same for everybody, by name; groups are left out."""
    _, found = _definition(plugin)
    values = {
        setting["name"]: setting["value"]
        for setting in found["settings"]
        if "value" in setting
        and not str(setting["value"]).startswith("$")
        and "." not in setting["name"]
    }
    return {**values, **found.get("config", {})}


def variables(plugin: str) -> dict[str, str]:
    """Return the environment variables that a plugin is run with."""
    _, found = _definition(plugin)
    return dict(found.get("env", {}))


def program(plugin: str, name: str | None = None) -> Path:
    """Return a program in the environment of a plugin: by default the one that Meltano runs."""
    kind, found = _definition(plugin)
    return FOLDER / kind / plugin / "venv" / "bin" / (name or found["executable"])


@cache
def _definition(plugin: str) -> tuple[str, dict[str, t.Any]]:
    """Return the kind of a plugin, which is also the folder of its kind, and its definition."""
    project = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    return next(
        (kind, found)
        for kind, plugins in project["plugins"].items()
        for found in plugins
        if found["name"] == plugin
    )
