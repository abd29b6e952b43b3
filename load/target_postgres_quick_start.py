"""The loader's command: it starts without what only an SSH tunnel needs."""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any

# A batch is freed as it is written, without the collector, which would look at it again and again.
OBJECTS_OF_ROWS = 50_000


class Late(ModuleType):
    """A module that is loaded when the first of its names is used."""

    def __getattr__(self, name: str) -> Any:
        """Load it, but not for what Python itself asks of every module."""
        if name.startswith("__") or not (self.__spec__ and self.__spec__.loader):
            raise AttributeError(name)
        self.__class__ = ModuleType  # type: ignore[assignment]
        self.__spec__.loader.exec_module(self)
        return getattr(self, name)


def load_late(name: str) -> None:
    """Have a module loaded when it is used."""
    spec = find_spec(name)
    if spec and name not in sys.modules:
        sys.modules[name] = module_from_spec(spec)
        sys.modules[name].__class__ = Late


def main() -> None:
    """Run the target's own command line."""
    # In another zone, moments that go by COPY and those that go by INSERT would differ.
    os.environ["PGTZ"] = "UTC"
    gc.disable()
    load_late("paramiko")
    target = import_module("target_postgres_exact_copy")
    gc.freeze()
    gc.set_threshold(OBJECTS_OF_ROWS)
    gc.enable()
    target.ExactTarget.cli()
