"""The command `tap-rotor`, also as `python -m tap_rotor`."""

from __future__ import annotations

import sys
from types import ModuleType

from typing_extensions import override

# The SDK imports these at once, though only its targets (joblib) and BATCH files (upath, and
# fsspec with it) use them: a third of the time that the tap takes to start.
UNUSED = ("joblib", "upath")


class _StandIn(ModuleType):
    """A module whose names can be imported, but not used."""

    @override
    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {"__init__": _refuse})


def _refuse(*_: object, **__: object) -> None:
    message = f"tap-rotor does not use {', '.join(UNUSED)}"
    raise NotImplementedError(message)


def main() -> None:
    """Run the command line."""
    for name in UNUSED:
        sys.modules.setdefault(name, _StandIn(name))

    from tap_rotor.tap import TapRotor  # noqa: PLC0415 (now that nothing unused is imported)

    TapRotor.cli()


if __name__ == "__main__":
    main()
