"""Draws from a seeded random state: choices, times, notes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, TypeVar

from tools.sandbox import vocabulary as words

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

YEARS = 3
DAY_MS = 86_400_000
# Central Time's working day in hours of UTC; few rows at night.
HOURS = (*range(24), *range(13, 23), *range(14, 23), *range(14, 22), *range(15, 21))
TIE_SHARE = 0.01


def timestamp(moment: datetime) -> str:
    """Write an aware time as the API does: `2026-02-03T10:11:12.345Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# Notes of none to five sentences, invented once; a third of them are none at all.
_TEXTS_RANDOM = Random("notes")
TEXTS: list[str | None] = [
    " ".join(_TEXTS_RANDOM.sample(words.NOTES, int(_TEXTS_RANDOM.random() ** 2 * 6))) or None
    for _ in range(1000)
]


class Draw:
    """A random state and what can be drawn from it."""

    def __init__(self, random: Random) -> None:
        """Draw everything from `random`."""
        self.random = random

    def pick(self, options: Sequence[T]) -> T:
        """Draw one of the options."""
        return options[int(self.random.random() * len(options))]

    def chance(self, share: float) -> bool:
        """Tell whether something happens that happens in `share` of all cases."""
        return self.random.random() < share

    def between(self, low: int, high: int) -> int:
        """Draw a whole number, both ends included."""
        return low + int(self.random.random() * (high - low + 1))

    def uuid(self) -> str:
        """Draw a UUID of version 4."""
        text = f"{self.random.getrandbits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"

    def moments(self, count: int, end: datetime) -> list[str]:
        """Draw times of the years before `end`, oldest first, a few of them equal.

        They are spread evenly over the days, with more in the working day.
        """
        draw = self.random.random
        day = end.replace(hour=0, minute=0, second=0, microsecond=0)
        days = YEARS * 365
        # Whole days before the day of `end`, so that none is later than `end`.
        drawn = sorted(
            int(draw() * days) * DAY_MS
            + HOURS[int(draw() * len(HOURS))] * 3_600_000
            + int(draw() * 3_600_000)
            for _ in range(count)
        )
        for index in range(1, count):
            if draw() < TIE_SHARE:
                drawn[index] = drawn[index - 1]
        first = day - timedelta(days=days)
        return [timestamp(first + timedelta(milliseconds=value)) for value in drawn]
