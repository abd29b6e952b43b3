"""Where the peers' programs are, and the environment variables that they run with."""

from __future__ import annotations

import typing as t
from pathlib import Path

from tools.harness.environments import ensure_environment
from tools.harness.project import PROGRAMS, ROOT, clean_environment

if t.TYPE_CHECKING:
    from collections.abc import Mapping

REQUIREMENTS = Path(__file__).with_name("requirements")
DIRECTORY = ROOT / ".bench"


def programs(name: str | None) -> Path:
    """Return the folder of an environment's programs, made if it is not there yet.

    None is the environment that this runs in: tap-rotor's.

    Raises:
        NotInstalled: The package index does not give what is asked for.
    """
    return ensure_environment(DIRECTORY / name, REQUIREMENTS / f"{name}.txt") if name else PROGRAMS


def variables(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment variables of a peer: none that slows one of them down."""
    kept = {name: value for name, value in clean_environment().items() if name[:6] != "PYTHON"}
    return {**kept, **(more or {})}
