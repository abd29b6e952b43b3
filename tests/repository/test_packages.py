"""The packages: who may import whom, and what a wheel holds."""

from __future__ import annotations

import ast
import tomllib
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Each with those of this repository that it may import besides itself.
PACKAGES: dict[str, set[str]] = {
    "paged_rest": set(),
    "tap_nexus_erp": {"paged_rest"},
    "tap_rotor": {"paged_rest"},
}
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
OURS = {path.parent.name for path in ROOT.glob("*/__init__.py")} | {"tests"}


def imported(text: str) -> set[str]:
    """Return the packages that a module imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative"
            names.add(node.module or "")
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_import_just_what_they_may(package):
    for path in (ROOT / package).rglob("*.py"):
        found = imported(path.read_text(encoding="utf-8")) & OURS
        assert found <= PACKAGES[package] | {package}, path.name


def test_an_import_anywhere_is_found():
    text = "import a.b\nif x:\n    def f():\n        from c.d import e\n"
    assert imported(text) == {"a", "c"}
    assert {*PACKAGES, "tools", "tests"} <= OURS


def test_what_is_shared_names_no_api():
    for path in (ROOT / "paged_rest").rglob("*.py"):
        text = path.read_text(encoding="utf-8").lower()
        assert not {name for name in ("rotor", "nexus") if name in text}, path.name


def test_the_wheel_and_the_coverage_take_in_every_package():
    tools = PYPROJECT["tool"]
    assert set(tools["hatch"]["build"]["targets"]["wheel"]["packages"]) == set(PACKAGES)
    assert set(tools["coverage"]["run"]["source"]) == set(PACKAGES)


def modules_of_the_tests() -> dict[str, set[str]]:
    """Return each module of the tests, and which of them it imports, for whatever purpose."""
    paths = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path
        for path in (ROOT / "tests").rglob("*.py")
    }
    found = {}
    for name, path in paths.items():
        words = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                words |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                words |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        found[name] = words & paths.keys()
    return found


def test_no_test_imports_another():
    """What two of them need is in the harness, or in a module of their room."""
    for name, imports in modules_of_the_tests().items():
        words = {word.rpartition(".")[2] for word in imports}
        assert not [w for w in words if w.startswith("test_") or w == "conftest"], name


def test_the_tests_import_each_other_in_no_circle():
    with pytest.raises(CycleError):
        TopologicalSorter({"a": {"b"}, "b": {"a"}}).prepare()
    TopologicalSorter(modules_of_the_tests()).prepare()
