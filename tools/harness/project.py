"""This repository, and an environment without what its user has set for real runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The programs of the environment that this runs in.
PROGRAMS = Path(sys.executable).parent
# Above all a real warehouse must not reach a test or a tool.
FOREIGN = (
    *("TAP_ROTOR", "TAP_NEXUS_ERP", "TARGET_", "MELTANO_", "SINGER_SDK_", "PG", "LOGLEVEL"),
    *("DBT_", "ROTOR_", "NEXUS_ERP_"),
)


def clean_environment() -> dict[str, str]:
    """Return this process's environment without the settings of any tap, target or Meltano."""
    return {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
