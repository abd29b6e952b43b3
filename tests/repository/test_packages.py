"""The packages: who may import whom, that no import goes in a circle, and what a wheel holds."""

from __future__ import annotations

import tomllib

import pytest

from tests.repository.imports import graph, in_circles, modules
from tools.harness.project import ROOT

# Each package of the wheel, with those of this repository that it may import besides itself.
PACKAGES: dict[str, set[str]] = {
    "paged_rest": set(),
    "tap_nexus_erp": {"paged_rest"},
    "tap_rotor": {"paged_rest"},
    # One API, described once.
    "target_rotor": {"paged_rest", "tap_rotor"},
}
TAPS = {"tap_nexus_erp", "tap_rotor"}
# Each tool, with the other tools and the packages that it may import.
TOOLS: dict[str, set[str]] = {
    "tools": set(),
    "tools.benchmarks": {"tools.harness", "tools.sandbox"},
    "tools.demo": {"tools.harness", "tools.sandbox"},
    "tools.generate": {"tools.harness", "target_rotor", *TAPS},
    "tools.harness": set(),
    "tools.sandbox": set(),
    "tools.simulation": {"tools.harness", "tools.sandbox"},
}
# The first two run in environments of their own.
OTHERS: dict[str, set[str]] = {"load": set(), "orchestrate": set(), "tests": {*PACKAGES, *TOOLS}}
ALLOWED = {**PACKAGES, **TOOLS, **OTHERS}
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
IMPORTS = graph(modules())


def unit(module: str) -> str:
    """Return what a module belongs to: a tool, or else a folder at the root."""
    parts = module.split(".")
    return ".".join(parts[:2] if parts[0] == "tools" else parts[:1])


def test_every_module_belongs_to_something_that_has_rules():
    assert {unit(module) for module in IMPORTS} == set(ALLOWED)
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert folders <= {name.partition(".")[0] for name in ALLOWED}


@pytest.mark.parametrize("name", ALLOWED)
def test_nobody_imports_more_than_it_may(name):
    for module, imported in IMPORTS.items():
        if unit(module) == name:
            found = {unit(other) for other in imported}
            assert found - ALLOWED[name] - {name} == set(), module


def test_no_import_goes_in_a_circle():
    assert in_circles(IMPORTS) == set()


def test_imports_are_found_wherever_they_are():
    sources = {
        "a": "if t.TYPE_CHECKING:\n    def f():\n        from b.c import d\n        import e.f\n",
        "b": "import a",
        "b.c": "",
        "b.c.d": "from b import x, c\nimport unknown",
        "e.f": "",
        "unused": "from unknown import a",
    }
    assert graph(sources) == {
        "a": {"b.c.d", "e.f"},
        "b": {"a"},
        "b.c": set(),
        "b.c.d": {"b", "b.c"},
        "e.f": set(),
        "unused": set(),
    }
    assert in_circles(graph(sources)) == {"a", "b", "b.c.d"}
    with pytest.raises(AssertionError, match="relative"):
        graph({"a": "from . import b"})


def test_what_is_shared_names_no_api():
    for path in (ROOT / "paged_rest").rglob("*.py"):
        text = path.read_text(encoding="utf-8").lower()
        assert not {name for name in ("rotor", "nexus") if name in text}, path.name


def test_the_wheel_and_the_coverage_take_in_every_package():
    tools = PYPROJECT["tool"]
    assert set(tools["hatch"]["build"]["targets"]["wheel"]["packages"]) == set(PACKAGES)
    assert set(tools["coverage"]["run"]["source"]) == set(PACKAGES)


def test_no_test_imports_another():
    """What two of them need is in the harness, or in a module of their folder."""
    for module, imported in IMPORTS.items():
        names = {other.rpartition(".")[2] for other in imported if other.startswith("tests.")}
        assert not {n for n in names if n.startswith("test_") or n == "conftest"}, module
