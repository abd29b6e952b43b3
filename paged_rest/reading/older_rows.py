"""How many rows of a list are older than several moments: what tells that old rows entered it.

An incremental run reads down to a moment. Rows that entered behind it since the last run, as
imports with old dates do, show as more older rows than were counted. The numbers come from
reading; what a response states only tells when to look.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from paged_rest.reading.chain import not_older
from paged_rest.timestamps import before

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from paged_rest.reading.chain import Chain
    from paged_rest.reading.page import Page

# A row may become visible some time after the moment that it states as its creation.
LATE_MINUTES = 5
_HOUR = 60
# One hour, then four times as long each: the last is more than seven years.
_AGES_IN_MINUTES = (LATE_MINUTES, *(_HOUR * 4**power for power in range(9)))


@dataclass(frozen=True, slots=True)
class OlderRows:
    """How many rows were older than several moments when a list was read.

    Attributes:
        counts: For moments, newest first, how many rows of the list were older.
        gone: How many of these have left the list since, as the last run saw it; less than 0 if
            the list states more rows than it has.
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    gone: int = 0

    def thinned(self, newest: str, days: float) -> OlderRows:
        """Keep a moment or two of each age, and that of the lookback."""
        kept: dict[str, int] = {}
        edges = ages(newest, days)
        bands: set[int] = set()
        for moment in sorted(self.counts, reverse=True):
            band = sum(edge > moment for edge in edges)
            if band not in bands or moment in edges:
                bands.add(band)
                kept[moment] = self.counts[moment]
        return OlderRows(kept, self.gone)


@dataclass(frozen=True, slots=True)
class Bookmark:
    """What a complete read leaves for the next run.

    Attributes:
        value: The newest replication key read, never later than the start of the run.
        older: How many rows were older than several moments.
    """

    value: str
    older: OlderRows = field(default_factory=OlderRows)


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """What an interrupted read leaves: all rows between two keys have been read.

    Attributes:
        newest: The newer key, never later than the start of its run.
        oldest: The older key; all rows that are strictly newer have been read.
        stop_at: The key that the read was to go down to, or "" for the end of the list.
        rows: How many rows had been read that are strictly newer than `oldest`.
        newer: For moments in between, how many of them are not older.
    """

    newest: str
    oldest: str
    stop_at: str
    rows: int
    newer: Mapping[str, int] = field(default_factory=dict)


def ages(newest: str, days: float) -> list[str]:
    """Return the moments to count at: some ages, and the lookback in days."""
    return [
        *(before(newest, minutes=age) for age in _AGES_IN_MINUTES),
        before(newest, days=days),
    ]


@dataclass(slots=True)
class Depth:
    """Counts rows on the way down a list.

    Attributes:
        moments: Where to count, newest first, as far as they are not passed.
        rows: How many rows were read that are strictly newer than the oldest key, none twice.
        newer: For each moment passed, how many rows were read that are not older.
        places: For each moment passed, at which position of the list the older rows begin.
        stated: For each moment passed, how many rows are older, by the total of that page.
    """

    moments: list[str] = field(default_factory=list)
    rows: int = 0
    newer: dict[str, int] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    stated: dict[str, int] = field(default_factory=dict)

    def add(self, moments: Iterable[str]) -> None:
        """Count at these moments, too."""
        self.moments = sorted({*self.moments, *moments}, reverse=True)

    def take(self, page: Page, chain: Chain) -> None:
        """Count the rows of a page that has joined what was read."""
        while self.moments and (chain.ended or self.moments[0] > chain.oldest):
            moment = self.moments.pop(0)
            self.newer[moment] = self.rows + not_older(chain.complete, moment)
            self.places[moment] = page.start + not_older(chain.keys, moment)
            self.stated[moment] = page.total - self.places[moment]
        self.rows += len(chain.complete)

    def end(self) -> None:
        """Rely on what was read, as that is the whole list."""
        self.stated = {moment: self.rows - newer for moment, newer in self.newer.items()}

    def skip(self, moment: str, point: ResumePoint) -> None:
        """Take over what an earlier run counted from a moment down to where it came."""
        difference = self.newer[moment] - point.newer[moment]
        while self.moments and self.moments[0] > point.oldest:
            passed = self.moments.pop(0)
            if passed in point.newer:
                self.newer[passed] = point.newer[passed] + difference
        self.rows = point.rows + difference

    def back_to(self, moment: str) -> None:
        """Forget what was counted behind a moment."""
        self.add(passed for passed in self.newer if passed < moment)
        self.rows = self.newer[moment]
        self.newer = {m: n for m, n in self.newer.items() if m >= moment}

    def older(self, counts: Mapping[str, int], *, ended: bool) -> dict[str, int]:
        """Return how many rows of the list are older than each moment passed.

        Args:
            counts: What is known from an earlier run, of moments that were passed, too.
            ended: Whether all rows were read.
        """
        base = self.rows
        if not ended:
            if not counts.keys() & self.newer.keys():
                counts = self.stated
            deepest = min(counts.keys() & self.newer.keys(), default=None)
            if deepest is None:
                return {}
            base = counts[deepest] + self.newer[deepest]
        return {moment: base - newer for moment, newer in self.newer.items()}


def older_on(page: Page, keys: list[str], moment: str) -> int:
    """Return how many rows of the list are older than a moment, by what a page states."""
    return page.total - page.start - not_older(keys, moment)
