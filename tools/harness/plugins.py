"""Meltano's plugins: what meltano.yml says of them, and where `make plugins` has installed them."""

from __future__ import annotations

import filecmp
import itertools
import typing as t
from functools import cache

import yaml

from tools.harness.project import ROOT

if t.TYPE_CHECKING:
    from pathlib import Path

FOLDER = ROOT / ".meltano"
# Of the project itself: copies of what is beside meltano.yml.
COPIED = {
    "extractors/tap-rotor": ("paged_rest", "tap_rotor"),
    "loaders/target-rotor": ("paged_rest", "tap_rotor", "target_rotor"),
    "extractors/tap-nexus-erp": ("paged_rest", "tap_nexus_erp"),
}


class Stale(Exception):
    """What is installed as a plugin is not what is here."""


@cache
def refuse_stale(folder: Path = FOLDER) -> None:
    """Compare what is installed of the taps and the target with their source.

    Raises:
        Stale: They differ.
    """
    for plugin, packages in COPIED.items():
        places = (folder / plugin / "venv/lib").glob("*/site-packages")
        for package, place in itertools.product(packages, places):
            source = ROOT / package
            files = (file for file in source.rglob("*.*") if file.suffix in {".py", ".json"})
            names = [str(file.relative_to(source)) for file in files]
            _, differ, lost = filecmp.cmpfiles(source, place / package, names, shallow=False)
            if changed := [*differ, *lost]:
                name = plugin.partition("/")[2]
                message = f"{name} has another {package}/{changed[0]}: run `make plugins`"
                raise Stale(message)


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
