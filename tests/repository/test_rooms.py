"""The rooms of the engine: who may import whom, and through which door."""

from __future__ import annotations

import ast
import sys

import pytest

from tests.repository.imports import graph, modules

NAME = "paged_rest"
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
# A room's own tests may look behind its door.
INSIDERS = ("paged_rest", "tests")
SOURCES = modules()
IMPORTS = graph(SOURCES)


def room(module: str) -> str:
    """Return the room of a module of the engine."""
    return module.split(".")[1]


def outside(room: str) -> set[str]:
    """Return the packages that a room imports from elsewhere."""
    found = set()
    for name, text in SOURCES.items():
        if name.split(".")[:2] == [NAME, room]:
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Import):
                    found |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom):
                    found.add((node.module or "").partition(".")[0])
    return found - {NAME}


def test_every_room_is_listed():
    found = {room(module) for module in IMPORTS if module.startswith(f"{NAME}.")}
    assert found == ROOMS.keys()


@pytest.mark.parametrize("name", ROOMS)
def test_a_room_imports_only_what_it_may_and_by_the_door(name):
    for module, imported in IMPORTS.items():
        if module.split(".")[:2] != [NAME, name]:
            continue
        for other in imported:
            assert room(other) == name or room(other) in ROOMS[name], module
            inside = room(other) == name or other.count(".") == 1
            assert inside, f"{module} goes past the door of {room(other)}: {other}"


def test_others_come_in_by_the_door():
    for module, imported in IMPORTS.items():
        if not module.startswith(INSIDERS):
            found = {other for other in imported if other.startswith(f"{NAME}.")}
            assert {other for other in found if other.count(".") > 1} == set(), module


def test_errors_need_nothing_but_the_standard_library():
    assert outside("errors") <= sys.stdlib_module_names


def test_reading_does_no_io():
    harmless = {"__future__", "collections", "dataclasses", "itertools", "re", "typing"}
    assert outside("reading") <= harmless
