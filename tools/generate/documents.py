"""The generated documents, by their path in the repository."""

from __future__ import annotations

import typing as t
from functools import partial

from tools.generate import (
    dbt_sources,
    env_example,
    meltano_project,
    plugin_definition,
    sample_config,
    settings_table,
)
from tools.generate.declarations import NEXUS_ERP, ROTOR, TAPS, TARGET
from tools.harness.project import ROOT

if t.TYPE_CHECKING:
    from collections.abc import Callable

# Each is made of its current text: some are generated only between two marks.
DOCUMENTS: dict[str, Callable[[str], str]] = {
    "meltano.yml": meltano_project.render,
    "meltano-plugin.yml": lambda _: plugin_definition.render(render("meltano.yml"), ROTOR.name),
    "meltano-plugin-target.yml": (
        lambda _: plugin_definition.render(render("meltano.yml"), TARGET.name)
    ),
    ".env.example": env_example.render,
    "sample_config.json": lambda _: sample_config.render(ROTOR),
    "catalog.json": lambda _: ROTOR.catalog,
    "README.md": partial(settings_table.render, ROTOR),
    "tap_nexus_erp/README.md": partial(settings_table.render, NEXUS_ERP),
    "docs/write-back.md": partial(settings_table.render, TARGET),
    **{dbt_sources.path(tap): partial(dbt_sources.render, tap) for tap in TAPS},
}


def current(name: str) -> str:
    """Return the text of a document as it is; empty if there is none yet."""
    file = ROOT / name
    return file.read_text(encoding="utf-8") if file.exists() else ""


def render(name: str) -> str:
    """Return the text of a document as it must be."""
    return DOCUMENTS[name](current(name))
