"""The rooms of the engine: who may import whom, and through which door."""

from __future__ import annotations

import ast
import sys
import typing as t
from pathlib import Path

import pytest

import tap_rotor

NAME = "paged_rest"
ENGINE = Path(tap_rotor.__file__).parents[1] / NAME
# Each with those that it may import; a file of its own counts as a room.
ROOMS: dict[str, set[str]] = {
    "errors": set(),
    "timestamps": set(),
    "startup": set(),
    "reading": {"timestamps"},
    "records": {"timestamps"},
    "http": {"errors", "timestamps", "reading", "records"},
    "settings": {"errors", "timestamps", "http"},
    "singer": {"errors", "timestamps", "reading", "records", "http", "settings"},
}


def imported(path: Path) -> t.Iterator[str]:
    """Yield the modules that a file imports, wherever in it, as dotted names."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            # `from paged_rest import errors` names a module, and not what is in one.
            yield from (f"{module}.{a.name}" for a in node.names) if module == NAME else [module]


def files(room: str) -> list[Path]:
    folder = ENGINE / room
    return sorted(folder.glob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


def test_every_room_is_listed():
    found = {path.stem for path in ENGINE.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert found - {"__init__", "__pycache__"} == ROOMS.keys()


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_it_may_and_by_the_door(room):
    for path in files(room):
        for module in imported(path):
            package, _, inside = module.partition(".")
            if package != NAME:
                continue
            other, _, behind = inside.partition(".")
            assert other == room or other in ROOMS[room], path
            assert other == room or not behind, f"{path} goes past the door of {other}"


@pytest.mark.parametrize("package", ["tap_rotor", "tap_nexus_erp", "tools", "orchestrate"])
def test_others_come_in_by_the_door(package):
    for path in (ENGINE.parent / package).rglob("*.py"):
        for module in imported(path):
            if module.startswith(f"{NAME}."):
                assert module.count(".") == 1, f"{path} goes past the door: {module}"


def test_errors_need_nothing_but_the_standard_library():
    (path,) = files("errors")
    assert {module.partition(".")[0] for module in imported(path)} <= sys.stdlib_module_names


def test_reading_does_no_io():
    for path in files("reading"):
        outside = {module.partition(".")[0] for module in imported(path)} - {NAME}
        assert outside <= {"__future__", "collections", "dataclasses", "itertools", "re", "typing"}
