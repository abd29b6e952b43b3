"""Keep the SDK from importing what no tap here uses; to be called before it is imported."""

from __future__ import annotations

import sys
from types import ModuleType

from typing_extensions import override

# The SDK imports these at once, though only its targets (joblib), BATCH files (upath, and fsspec
# with it) and REST streams (jsonpath_ng) use them: a third of the time that a tap takes to start.
UNUSED = ("joblib", "jsonpath_ng", "jsonpath_ng.ext", "upath")


class _StandIn(ModuleType):
    """A module whose names can be imported, but not used."""

    @override
    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {"__init__": _refuse})


def _refuse(*_: object, **__: object) -> None:
    message = f"this tap does not use {', '.join(UNUSED)}"
    raise NotImplementedError(message)


def leave_out_unused() -> None:
    """Put a stand-in in the place of each unused module."""
    for name in UNUSED:
        sys.modules.setdefault(name, _StandIn(name))
