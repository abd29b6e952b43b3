"""How the parameters of any list are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tools.sandbox.rows import Level, Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tools.sandbox.answers import Problem
    from tools.sandbox.switches import Common

Test = Callable[[Record], bool]
"""Whether a row passes a filter."""


@dataclass(frozen=True)
class Query:
    """What a request asks of a list. `values` holds the filters, read, by name."""

    page: int
    limit: int
    level: Level
    values: tuple[tuple[str, Any], ...]


def text(value: str, _: Common) -> str:
    """Take a parameter as it is."""
    return value


def number(value: str, _: Common) -> int:
    """Read a whole number of at least 1."""
    # Not int(): it takes "+1", " 1" and "1_0" too.
    if not (value.isascii() and value.isdigit() and int(value) > 0):
        raise ValueError(value)
    return int(value)


def one_of(*options: str) -> Callable[[str, Common], str]:
    """Return the reader of an enum."""

    def read(value: str, _: Common) -> str:
        if value not in options:
            raise ValueError(value)
        return value

    return read


MESSAGES: dict[Callable[[str, Any], Any], str] = {number: "Expected a whole number of at least 1"}


def read_all(
    given: Mapping[str, str],
    readers: Mapping[str, Callable[[str, Any], Any]],
    switches: Common,
    messages: Mapping[Callable[[str, Any], Any], str] = MESSAGES,
) -> tuple[dict[str, Any], list[Problem]]:
    """Read parameters; return the values by name, and what is to be refused.

    A reader raises `ValueError` or `KeyError` for what it cannot read.
    """
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value in given.items():
        reader = readers.get(name)
        if reader is None:
            if switches.unknown_params == "400":
                problems.append({"field": name, "message": "Unknown parameter"})
            continue
        try:
            values[name] = reader(value, switches)
        except (ValueError, KeyError):
            if switches.bad_values == "400":
                message = messages.get(reader, "Invalid value")
                problems.append({"field": name, "message": message})
    return values, problems
