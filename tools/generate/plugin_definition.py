"""What `meltano add --from-ref` takes for another project, made of this one's meltano.yml.

python -m tools.generate.plugin_definition meltano-plugin.yml
"""

from __future__ import annotations

import sys
import typing as t
from pathlib import Path

import yaml

PROJECT = Path(__file__).parents[2] / "meltano.yml"
HEAD = "# For `meltano add --from-ref`: made by tools/generate/plugin_definition.py.\n"
# Where a clone lies in another project: Meltano makes the folder extract/ for such.
PIP_URL = "-e ./extract/tap-rotor"


def definition() -> str:
    """Return the definition of the tap as YAML; what is configured is for each project to say."""
    project = yaml.safe_load(PROJECT.read_text(encoding="utf-8"))
    (found,) = (p for p in project["plugins"]["extractors"] if p["name"] == "tap-rotor")
    plugin: dict[str, t.Any] = {**found, "pip_url": PIP_URL}
    del plugin["config"]
    return HEAD + yaml.safe_dump(plugin, sort_keys=False, width=1000)


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        Path(argument).write_text(definition(), encoding="utf-8")
