"""A quick start: what a tap does not use is not loaded. Called before the SDK is imported."""

from __future__ import annotations

import gc
import sys
import typing as t
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import ModuleType

from typing_extensions import override

if t.TYPE_CHECKING:
    from collections.abc import Generator
    from importlib.abc import Loader

# These load all that taps, targets and mappers may want, of which a tap here wants a half.
PACKAGES = ("singer_sdk", "singer_sdk.streams")
# Objects that are made, and not freed again, until the collector looks for cycles among them. A
# page of 1,000 rows is a few thousand, which it would look at several times.
_OBJECTS_OF_PAGES = 20_000


class _LatePackage(ModuleType):
    """A package whose `__init__.py` runs when a name is asked for that is none of its modules'."""

    @override
    def __getattr__(self, name: str) -> t.Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if find_spec(f"{self.__name__}.{name}"):
            return import_module(f"{self.__name__}.{name}")
        self.__class__ = ModuleType  # type: ignore[assignment]  # ty: ignore[invalid-assignment]
        t.cast("Loader", self.__loader__).exec_module(self)
        return getattr(self, name)


class _LateModule(ModuleType):
    """A module of which each name is a function: it loads the module and calls what that has."""

    @override
    def __getattr__(self, name: str) -> t.Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def called(*args: t.Any, **named: t.Any) -> t.Any:
            if sys.modules[self.__name__] is self:
                del sys.modules[self.__name__]
            return getattr(import_module(self.__name__), name)(*args, **named)

        return called


@contextmanager
def quick_start() -> Generator[None]:
    """Import meanwhile, and once only, what the program consists of."""
    gc.disable()
    for name in PACKAGES:
        spec = find_spec(name)
        if spec and name not in sys.modules:
            package = module_from_spec(spec)
            package.__class__ = _LatePackage
            sys.modules[name] = package
    # BATCH files alone need it.
    sys.modules.setdefault("upath", _LateModule("upath"))
    yield
    gc.freeze()
    gc.set_threshold(_OBJECTS_OF_PAGES)
    gc.enable()
