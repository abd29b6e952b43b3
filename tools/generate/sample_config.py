"""sample_config.json: what a tap requires, and every default."""

from __future__ import annotations

import json
import typing as t

if t.TYPE_CHECKING:
    from tools.generate.declarations import Declared

# Shaped like a real key, so that the tap takes it.
EXAMPLES = {"api_key": "rotor_keyid_keysecret"}


def render(declared: Declared) -> str:
    """Return the settings of a tap as JSON."""
    config = {
        name: EXAMPLES[name] if name in declared.required else setting["default"]
        for name, setting in declared.own_settings.items()
        if name in declared.required or "default" in setting
    }
    return json.dumps(config, indent=2) + "\n"
