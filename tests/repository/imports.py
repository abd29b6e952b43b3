"""Who imports whom in this repository, read from the sources: every import counts, wherever it is.

An import for the type checker alone counts too. A module of `tests` is known by its path from the
root, as every other module.
"""

from __future__ import annotations

import ast
import subprocess
import typing as t

from tools.harness.project import ROOT

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Graph = dict[str, set[str]]


def modules() -> dict[str, str]:
    """Return the text of every module that git knows or may come to know, by its dotted name."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.py"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True)
    found = {}
    for path in filter(None, listed.stdout.split("\0")):
        file = ROOT / path
        if file.exists():
            name = path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
            found[name] = file.read_text(encoding="utf-8")
    return found


def graph(sources: Mapping[str, str]) -> Graph:
    """Return the modules of `sources` that each of them imports, by its name."""
    return {name: _imported(text, sources) - {name} for name, text in sources.items()}


def in_circles(imports: Graph) -> set[str]:
    """Return the modules that import themselves by way of others."""
    return {name for name in imports if name in _reached(imports, imports[name])}


def _imported(text: str, known: Iterable[str]) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative"
            package = node.module or ""
            within = {f"{package}.{alias.name}" for alias in node.names}
            found |= {name if name in known else package for name in within}
    return found.intersection(known)


def _reached(imports: Graph, start: Iterable[str]) -> set[str]:
    found: set[str] = set()
    new = set(start)
    while new:
        found |= new
        new = set().union(*(imports[name] for name in new)) - found
    return found
