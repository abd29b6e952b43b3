"""How the parameters of any list are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tools.sandbox.rows import Level, Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tools.sandbox.answers import Problem

Test = Callable[[Record], bool]
"""Whether a row passes a filter."""
Reader = Callable[[str], Any]
"""Reads a parameter, or raises `ValueError` with the message of the answer."""


@dataclass(frozen=True)
class Query:
    """What a request asks of a list."""

    page: int
    limit: int
    level: Level
    filters: tuple[Test, ...] = ()

    def passes(self, record: Record) -> bool:
        """Tell whether a row passes all filters."""
        return all(test(record) for test in self.filters)


def number(value: str) -> int:
    """Read a whole number of at least 1."""
    # Not int(): it takes "+1", " 1" and "1_0" too.
    if not (value.isascii() and value.isdigit() and int(value) > 0):
        message = "Expected a whole number of at least 1"
        raise ValueError(message)
    return int(value)


def read_all(
    given: Mapping[str, str], readers: Mapping[str, Reader]
) -> tuple[dict[str, Any], list[Problem]]:
    """Read parameters; return the values by name, and the problems with the others.

    A parameter without a reader is ignored.
    """
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value in given.items():
        if name not in readers:
            continue
        try:
            values[name] = readers[name](value)
        except ValueError as problem:
            problems.append({"field": name, "message": str(problem)})
    return values, problems
