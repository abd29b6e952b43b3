"""The settings of meltano.yml: what a user's pipeline runs with."""

from __future__ import annotations

import typing as t

import yaml

from tools.harness.meltano import ROOT


def settings(plugin: str) -> dict[str, t.Any]:
    """Return a plugin's settings that are the same for everybody, by name; groups are left out."""
    found = _definition(plugin)
    values = {
        setting["name"]: setting["value"]
        for setting in found["settings"]
        if "value" in setting
        and not str(setting["value"]).startswith("$")
        and "." not in setting["name"]
    }
    return {**values, **found.get("config", {})}


def executable(plugin: str) -> str:
    """Return the command of a plugin."""
    return str(_definition(plugin)["executable"])


def variables(plugin: str) -> dict[str, str]:
    """Return the environment variables that a plugin is run with."""
    return dict(_definition(plugin).get("env", {}))


def _definition(plugin: str) -> dict[str, t.Any]:
    project = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    plugins = [found for kind in project["plugins"].values() for found in kind]
    return next(found for found in plugins if found["name"] == plugin)
