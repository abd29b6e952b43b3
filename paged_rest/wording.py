"""Words and names as they stand in a sentence."""

from __future__ import annotations


def counted(number: int, what: str) -> str:
    """Return a count in words, as in `1 row` or `2,500 rows`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def printable(name: str) -> str:
    """Return a name of the API's as it can stand in a line of a log."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in name)
