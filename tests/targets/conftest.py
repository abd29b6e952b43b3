"""The real pipeline, for every test here."""

from __future__ import annotations

from tests.harness.pipeline import (
    _untraced,
    database,
    meltano,
    nexus,
    nexus_settings,
    open_folder,
    organisation,
    pipeline,
    postgres,
    project,
)

__all__ = [
    "_untraced",
    "database",
    "meltano",
    "nexus",
    "nexus_settings",
    "open_folder",
    "organisation",
    "pipeline",
    "postgres",
    "project",
]
