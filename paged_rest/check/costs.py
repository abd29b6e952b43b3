"""What runs will cost, in requests and minutes, and which schedule a day's quota allows."""

from __future__ import annotations

import math
import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta

from paged_rest.reading import page_over
from paged_rest.timestamps import before
from paged_rest.wording import counted

if t.TYPE_CHECKING:
    from collections.abc import Iterable

    from paged_rest.check.seen import Checkup, Look, Observed

# How far back an hourly run reads again, in days.
_HOURLY_LOOKBACK = 1
# In which hours runs start that read what is new, from every hour to a few times a day.
_RUNS_A_DAY = {"every hour from 4 to 23": 20, "every three hours": 7, "twice a day": 2}


@dataclass(frozen=True)
class Cost:
    """Requests that runs take.

    Attributes:
        whole: A run that reads the whole list, as a first load and a full refresh do.
        nightly: A run with the lookback of the settings.
        hourly: A run that reads what is new, or None where the list is always read whole.
    """

    whole: int
    nightly: int
    hourly: int | None


@dataclass(frozen=True)
class Costs:
    """What all lists cost together.

    Attributes:
        lists: The cost of each list by its name.
        seconds: How long one request takes.
        quota: Requests that a key has in a day, or None where the API does not say.
    """

    lists: dict[str, Cost]
    seconds: float
    quota: int | None

    @property
    def whole(self) -> int:
        """Requests of a run that reads all lists whole."""
        return sum(cost.whole for cost in self.lists.values())

    @property
    def nightly(self) -> int:
        """Requests of a run that reads all lists."""
        return sum(cost.nightly for cost in self.lists.values())

    @property
    def hourly(self) -> int:
        """Requests of a run that reads what is new, and no list that is always read whole."""
        return sum(cost.hourly or 0 for cost in self.lists.values())

    def minutes(self, requests: int) -> str:
        """Return how long requests take, in words."""
        minutes = math.ceil(requests * self.seconds / 60)
        if requests and minutes <= 1:
            return "under 1 min"
        return f"{minutes:,} min"

    def schedules(self) -> Iterable[str]:
        """Yield what the quota of a day allows, in sentences."""
        quota = self.quota
        if quota is None or not self.lists:
            return
        yield from self._too_long(quota)
        if self.whole > quota:
            days = -(-self.whole // quota)
            yield f"A first load takes {days} days, and so does a full refresh."
        often = [name for name, cost in self.lists.items() if cost.hourly is not None]
        for words, runs in _RUNS_A_DAY.items() if often else ():
            week, refresh = runs * self.hourly + self.nightly, runs * self.hourly + self.whole
            if week <= quota >= refresh:
                yield (
                    f"They allow {' and '.join(often)} {words}, all lists every night and a full "
                    f"refresh once a week: {counted(week, 'request')} a day, {refresh:,} with the "
                    "refresh."
                )
                return
        if self.nightly <= quota:
            yield f"They allow all lists once a night: {counted(self.nightly, 'request')}."
        else:
            yield "They do not allow all lists every night: deselect some, or take turns."

    def _too_long(self, quota: int) -> Iterable[str]:
        for name, cost in self.lists.items():
            if cost.hourly is None and cost.whole > quota:
                yield (
                    f"{name} takes {counted(cost.whole, 'request')} and is read in one run or "
                    "not: the quota is too small for it. Deselect it."
                )


def costs_of(checkup: Checkup, lookback_days: float) -> Costs:
    """Return what runs will cost, as far as can be told from a first page of each list."""
    lists = {}
    for one in checkup.readable:
        if one.first:
            lists[one.listed.name] = _cost(checkup, one, one.first, lookback_days)
    full = max(checkup.readable, key=_rows, default=None)
    seconds = full.first.seconds if full and full.first else 0.0
    return Costs(lists, seconds, checkup.api.requests_a_day)


def _rows(one: Observed) -> int:
    return len(one.first.ids) if one.first else 0


def is_chained(checkup: Checkup, one: Observed) -> bool:
    """Whether the reading of a list can be proven by pages that overlap."""
    return bool(one.listed.order) and _overlapping_pages(checkup, one) is not None


def _overlapping_pages(checkup: Checkup, one: Observed) -> int | None:
    if one.first is None or not one.is_newest_first or checkup.odd_sizes is False:
        return None
    return _overlapping(one.first.page.total, one.first.size)


def _cost(checkup: Checkup, one: Observed, first: Look, lookback_days: float) -> Cost:
    listed, size = one.listed, first.size
    if not listed.paged:
        return Cost(1, 1, None)
    overlapping = _overlapping_pages(checkup, one) if listed.created or listed.order else None
    whole = _counted(checkup, one, first) if overlapping is None else overlapping
    if not is_chained(checkup, one) or not listed.incremental:
        return Cost(whole, whole, None)

    def back(days: float) -> int:
        return min(whole, _overlapping(_younger(first, days), size) or whole)

    return Cost(whole, back(lookback_days), back(_HOURLY_LOOKBACK))


def _counted(checkup: Checkup, one: Observed, first: Look) -> int:
    """Return how many requests it takes to read a list by counting its rows."""
    pages = max(1, -(-first.page.total // first.size))
    if pages == 1:
        return 1
    if not one.listed.created and not one.listed.order:
        # Nothing tells that a row was there: a second reading, cut elsewhere, proves the first.
        return 2 * pages + 1
    # Pages that overlap are tried first, where the order is promised.
    return pages + 2 if one.listed.order and checkup.odd_sizes is False else pages


def _overlapping(rows: int, size: int) -> int | None:
    """Return how many pages that overlap show so many rows; None if they cannot overlap."""
    requests, end = 1, size
    while end <= rows:
        # From before the last row that was read: its own neighbours may bear the same date.
        page = page_over(end - 2, end, size)
        if page is None:
            return None
        requests, end = requests + 1, page.number * page.size
    return requests


def _younger(first: Look, days: float) -> int:
    """Return about how many rows are so young, beside the newest one."""
    dated = [date for date in first.dates if date]
    if not dated:
        return 0
    newest, oldest = max(dated), min(dated)
    edge = before(newest, days=days)
    if oldest < edge or first.shows_all:
        return sum(date >= edge for date in dated)
    span = datetime.fromisoformat(newest) - datetime.fromisoformat(oldest)
    if not span:
        return first.page.total
    # As many in each such span as in the one that the page shows.
    return min(first.page.total, math.ceil(len(dated) * timedelta(days=days) / span))
