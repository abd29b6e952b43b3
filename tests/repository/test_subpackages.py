"""The subpackages of paged_rest: who may import whom, and only through an `__init__.py`."""

from __future__ import annotations

import ast
import sys

import pytest

from tests.repository.imports import graph, modules

NAME = "paged_rest"
# Each with those that it may import; a module at the top counts as one.
SUBPACKAGES: dict[str, set[str]] = {
    "errors": set(),
    "timestamps": set(),
    "startup": set(),
    "wording": set(),
    "reading": {"timestamps"},
    "records": {"timestamps"},
    "http": {"errors", "timestamps", "reading", "records"},
    "settings": {"errors", "timestamps", "http"},
    "check": {"errors", "timestamps", "wording", "reading", "records", "http"},
    "singer": {
        *("errors", "timestamps", "wording", "reading", "records", "http", "settings", "check"),
    },
}
# The tests of a subpackage may import the modules inside it.
FREE = (NAME, "tests")
SOURCES = modules()
IMPORTS = graph(SOURCES)


def subpackage(module: str) -> str:
    """Return which of them a module of paged_rest belongs to."""
    return module.split(".")[1]


def third_party(name: str) -> set[str]:
    """Return the packages that a subpackage imports from elsewhere."""
    found = set()
    for module, text in SOURCES.items():
        if module.split(".")[:2] == [NAME, name]:
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Import):
                    found |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom):
                    found.add((node.module or "").partition(".")[0])
    return found - {NAME}


def test_every_subpackage_is_listed():
    found = {subpackage(module) for module in IMPORTS if module.startswith(f"{NAME}.")}
    assert found == SUBPACKAGES.keys()


@pytest.mark.parametrize("name", SUBPACKAGES)
def test_a_subpackage_imports_only_what_it_may_and_through_init(name):
    for module, imported in IMPORTS.items():
        if module.split(".")[:2] != [NAME, name]:
            continue
        for other in imported:
            assert subpackage(other) == name or subpackage(other) in SUBPACKAGES[name], module
            own = subpackage(other) == name
            assert own or other.count(".") == 1, f"{module} imports {other} past its __init__.py"


def test_others_import_through_init():
    for module, imported in IMPORTS.items():
        if not module.startswith(FREE):
            found = {other for other in imported if other.startswith(f"{NAME}.")}
            assert {other for other in found if other.count(".") > 1} == set(), module


def test_errors_need_nothing_but_the_standard_library():
    assert third_party("errors") <= sys.stdlib_module_names


def test_reading_does_no_io():
    harmless = {
        *("__future__", "array", "bisect", "collections", "dataclasses", "hashlib"),
        *("itertools", "math", "operator", "re", "struct", "typing"),
    }
    assert third_party("reading") <= harmless
