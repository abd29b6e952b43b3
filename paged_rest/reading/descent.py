"""How far down a sorted list a run has to read, and what it may jump over.

A run reads down to a moment behind the bookmark, and further if old rows entered behind it since
the last run. It jumps over what an interrupted run has read.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from paged_rest.reading.chain import newer as rows_newer
from paged_rest.reading.older_rows import (
    LATE_MINUTES,
    Bookmark,
    Depth,
    OlderRows,
    ResumePoint,
    ages,
    older_on,
)
from paged_rest.timestamps import before

if t.TYPE_CHECKING:
    from paged_rest.reading.chain import Chain
    from paged_rest.reading.page import Page

_MICROSECOND = 1e-6


def reread_from(value: str, days: float) -> str:
    """Return the key down to which rows are read again, seen from a key and for a lookback."""
    return min(before(value, days=days), before(value, minutes=LATE_MINUTES))


@dataclass(slots=True)
class Descent:
    """The way down of one run.

    Attributes:
        stop_at: The oldest key that is wanted, or None.
        full_since: What that falls to where rows entered behind the bookmark, or None.
        lookback_days: How far behind the bookmark rows are read again.
        previous: What the last complete read left.
        resume: What an interrupted read left since then.
        jumped: Whether rows that an earlier run read were jumped over.
        entered_behind: How many rows entered behind the bookmark since the last run.
    """

    stop_at: str | None
    full_since: str | None
    lookback_days: float
    previous: Bookmark | None
    resume: ResumePoint | None
    jumped: bool = False
    entered_behind: int = 0
    _newest: str = ""
    _depth: Depth = field(default_factory=Depth)
    _counts: dict[str, int] = field(default_factory=dict)
    _from: str = ""
    _landing: int = 0
    _alarm: str = ""
    _compared: str = ""
    _expected: int = 0
    _counted: int = 0
    _base: str | None = None

    def __post_init__(self) -> None:
        """Count at the moments at which earlier runs counted, too."""
        self._counts = dict(self.previous.older.counts) if self.previous else {}
        self._depth.add([*self._counts, *(self.resume.newer if self.resume else ())])

    def feed(self, page: Page, chain: Chain, newest: str) -> bool:
        """Take a page that has joined what was read; the chain may be sent elsewhere.

        Args:
            page: The page.
            chain: The chain that has taken it.
            newest: The newest key read, never later than the start of the run, or "".

        Returns:
            Whether the run may stop here.
        """
        depth = self._depth
        if newest and not self._newest:
            self._newest = max(newest, self.previous.value if self.previous else "")
            depth.add(ages(self._newest, self.lookback_days))
        depth.take(page, chain)
        if self._landing and self.resume and chain.oldest < self.resume.oldest:
            # Rows left what was jumped over since it was read.
            place = page.start + rows_newer(chain.keys, self.resume.oldest)
            depth.rows -= max(0, self._landing - place)
            self._landing = 0
        if chain.ended and not self.jumped:
            depth.end()
        if self._alarm and not self.entered_behind:
            entered = older_on(page, chain.keys, self._alarm) - self._expected
            if entered <= 0:
                # The total said so once only: it was of another moment than the rows.
                return True
            self.entered_behind = entered
            self._go_deeper()
        elif self.resume and not self.jumped and self._jump(self.resume, page, chain, depth):
            return False
        while chain.ended or (self.stop_at and chain.oldest < self.stop_at):
            if not self._alarm:
                return not self._raise_alarm(chain, depth)
            if self._is_explained(depth):
                return True
            self._go_deeper()
        return False

    def resume_point(self, chain: Chain, newest: str) -> ResumePoint | None:
        """Return what to remember if the read is interrupted now."""
        depth, resume = self._depth, self.resume
        # The way to where the run before came was not finished: that is worth more.
        behind = resume and not self.jumped and chain.oldest > resume.oldest
        if behind or not newest or not chain.is_at_a_date:
            return resume
        return ResumePoint(newest, chain.oldest, self.stop_at or "", depth.rows, {**depth.newer})

    def older(self, chain: Chain, newest: str) -> OlderRows:
        """Return how many rows are older than several moments, after a read that is proven."""
        depth = self._depth
        counts = depth.older(self._counts, ended=chain.ended)
        gone = chain.missing
        if self._compared and (self.jumped or not chain.ended):
            # Each page of the run gives a lower bound; the highest counts.
            passed = [moment for moment in depth.stated if moment >= self._compared]
            known = self.previous.older.gone if self.previous else 0
            gone = max(min(0, known), *(counts[m] - depth.stated[m] for m in passed))
        deeper = {m: n for m, n in self._counts.items() if m not in depth.newer}
        older = OlderRows(counts | ({} if chain.ended else deeper), gone)
        return older.thinned(newest, self.lookback_days)

    def _jump(self, point: ResumePoint, page: Page, chain: Chain, depth: Depth) -> bool:
        """Jump over what was read, once what is to be read again in front of it has been."""
        edge = reread_from(point.newest, self.lookback_days)
        moments = [m for m in point.newer if chain.oldest < m <= edge and m in depth.newer]
        if not moments or chain.ended:
            return False
        moment = max(moments)
        position = depth.places[moment] + point.rows - point.newer[moment]
        if position <= page.end:
            return False
        depth.skip(moment, point)
        chain.go_to(point.oldest, position)
        self._from, self._landing, self.jumped = moment, position, True
        return True

    def _raise_alarm(self, chain: Chain, depth: Depth) -> bool:
        """Go back to a moment if more rows are older than it than were counted."""
        gone = self.previous.older.gone if self.previous else 0
        stop = self.stop_at or ""
        known = {m: n for m, n in self._counts.items() if m in depth.newer and m >= stop}
        if self.jumped:
            self._alarm = self._from
            known = depth.older(known, ended=chain.ended and not known)
            self._counts |= known
        elif stop:
            self._alarm = min(known, default="")
        if self._alarm not in known:
            self._alarm = ""
            return False
        self._compared = self._alarm
        self._base, self._counted = self._alarm, known[self._alarm]
        self._expected = self._counted - gone
        if depth.stated[self._alarm] <= self._expected:
            return False
        # Every row that is not older than the moment has been read.
        chain.go_to(before(self._alarm, seconds=_MICROSECOND), depth.places[self._alarm])
        depth.back_to(self._alarm)
        return True

    def _go_deeper(self) -> None:
        """Read on down to the next moment at which rows were counted."""
        self._base = max((m for m in self._counts if m < (self._base or "")), default=None)
        self.stop_at = max(self._base or "", self.full_since or "") or None

    def _is_explained(self, depth: Depth) -> bool:
        """Whether the rows that entered have been found, or there is nowhere left to look."""
        if self._base is None or self._base not in depth.newer:
            return True
        older = self._counts[self._base]
        found = older + depth.newer[self._base] - depth.newer[self._alarm]
        # Others may have entered since: then more rows are older here, too.
        return found >= self._counted + self.entered_behind and depth.stated[self._base] <= older
