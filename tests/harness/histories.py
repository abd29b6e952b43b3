"""Histories of changing lists, drawn by hypothesis: what they are drawn from, how runs end.

A history is a string of bytes, each of them a choice: quick to draw, and easy to shrink.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

HISTORIES = st.binary(min_size=100, max_size=160)
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
FORM = "%Y-%m-%dT%H:%M:%S.%fZ"
FEWEST_DISTURBED = 1000


def moment(minutes: float) -> str:
    """Return a moment, by the clock of a history."""
    return (EPOCH + timedelta(minutes=minutes)).strftime(FORM)


class Tally:
    """Counts how many runs end complete: a reading that proved nothing would lose nothing."""

    def __init__(self) -> None:
        """Begin with none."""
        self._ended: Counter[bool] = Counter()

    def count(self, *, disturbed: bool, complete: bool) -> None:
        """Count a run to its end; of a list that does not change meanwhile, it must be complete."""
        assert complete or disturbed, "a list at rest was not read to its end"
        if disturbed:
            self._ended[complete] += 1

    def assert_share(self, least: float) -> None:
        """Assert that, of all runs over a list that changed meanwhile, so many were complete."""
        runs = self._ended.total()
        assert runs >= FEWEST_DISTURBED
        share = self._ended[True] / runs
        assert share >= least, f"only {share:.1%} of {runs:,} runs ended complete"
