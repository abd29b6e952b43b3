"""How the adversary's server answers: honestly of its rows, but for what it is told to do wrong."""

from __future__ import annotations

import math
import typing as t
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field, replace
from operator import attrgetter

from tests.adversary.moments import DAY, text
from tests.adversary.protocol import Answer

if t.TYPE_CHECKING:
    from random import Random

    from tests.adversary.protocol import Asked
    from tests.adversary.world import Item, World

# As far as two answers may be apart and still be taken for one time; a Date is cut to seconds.
_SECONDS_APART = 6
Habit = t.Literal["empty", "refused", "last", "last_unsaid"]


@dataclass
class Server:
    """What stands between the company's rows and a reading.

    Attributes:
        date_off: Seconds that the header Date is ahead, in this run.
        dated: Whether there is such a header, in this run.
        contradicted: Answers that were wrong on purpose.
        left: Changes that this run may still see.
    """

    world: World
    rng: Random
    date_off: float = 0.0
    dated: bool = True
    contradicted: int = 0
    left: int = 0
    often: float = 0.5
    _latest: float = 0.0
    _cache: dict[tuple[int, int], tuple[float, Answer]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Choose the habits that last."""
        rng, has = self.rng, self.world.dimensions
        sizes = "sizes" in has
        self._own_size = rng.randrange(1, 41) if sizes else 0
        # Where the size that is asked for is ignored, a sorted list is counted as others are.
        self._ignores = sizes and rng.random() < 0.3 and self.world.kind != "leads"
        self._states_size = not (sizes and rng.random() < 0.5)
        self._behind: Habit = "empty"
        if "refusals" in has:
            self._behind = rng.choice(["refused", "last", "last_unsaid"])
        self._more = rng.choice(["", "", "true", "false"]) if "has_more" in has else ""
        self._total_off = rng.choice([-3, -1, 1, 2]) if "total_off" in has else 0
        self._hides = "short_pages" in has and rng.random() < 0.6
        self._cached_often = rng.choice([0.1, 0.4])
        self._caches = bool(has & {"cache_with_age", "cache_with_date"})
        self._ages = "cache_with_age" in has
        if "cache_with_date" in has:
            self._ages = self._ages and rng.random() < 0.5

    def begin_run(self) -> None:
        """Choose what lasts for a run."""
        rng, has = self.rng, self.world.dimensions
        self.date_off, self.dated, self.contradicted = 0.0, True, 0
        if "dates" in has:
            off = rng.choice([0.0, 3.0, 90.0, 3600.0, 3 * DAY, 500 * DAY])
            self.date_off = off * rng.choice([-1, 1])
            self.dated = rng.random() < 0.75
        self.left = rng.choice([0, 1, 1, 2, 3, 6, 12])
        self.often = rng.choice([0.15, 0.4, 0.9])

    def happen(self) -> None:
        """Let time pass before an answer, and things happen meanwhile."""
        rng = self.rng
        self.world.now += rng.uniform(60, 280) if rng.random() < 0.05 else rng.uniform(0.2, 3)
        if self.left and rng.random() < self.often:
            self.left -= 1
            for _ in range(rng.choice([1, 1, 1, 2, 3])):
                self.world.change()

    def answer(self, asked: Asked) -> Answer | None:
        """Answer for a page; None where it is refused, or stated to be another."""
        rng, world = self.rng, self.world
        cached = self._cached(asked)
        if cached:
            return cached
        size = asked.size
        if self._own_size:
            if rng.random() < 0.01:
                self._own_size = rng.randrange(1, 41)
            size = self._own_size if self._ignores else min(size, self._own_size)
        start = (asked.number - 1) * size
        items = world.shown()
        if start and start >= len(items):
            match self._behind:
                case "refused" | "last":
                    self.contradicted += 1
                    return None
                case "last_unsaid":
                    self.contradicted += 1
                    start = max(0, len(items) - 1) // size * size
        page = self._cut(items, start, size)
        rows = tuple(item.listed for item in page if not item.hidden)
        total = max(0, self._total(len(items)) + self._total_off)
        more = start + size < total
        if self._hides:
            total -= sum(item.hidden for item in items)
        if "has_more" in world.dimensions:
            more = {"true": True, "false": False}.get(self._more, more != (rng.random() < 0.15))
        took = rng.uniform(0.05, 1.5)
        world.now += took
        date = None
        if self.dated:
            off = self.date_off
            if "dates" in world.dimensions and rng.random() < 0.05:
                off += rng.uniform(-300, 300)
            date = float(math.floor(world.now + off))
        answer = Answer(
            number=asked.number,
            rows=rows,
            total=total,
            limit=size if self._states_size else None,
            has_more=more,
            date=None if date is None else text(date),
            asked=None if date is None else text(round(date - took, 3)),
        )
        self._latest = world.now
        if self._caches:
            self._cache[asked.number, asked.size] = (world.now, answer)
        return answer

    def _cut(self, items: list[Item], start: int, size: int) -> list[Item]:
        """Return a page of the list, its ties in the order of this answer."""
        world, has = self.world, self.world.dimensions
        page = items[start : start + size]
        by_cut, by_answer = "ties_cut" in has, "ties_answer" in has
        if not page or not world.sorted_by_date or not (by_cut or by_answer):
            return page
        low = bisect_left(items, page[0].place, key=attrgetter("place"))
        high = bisect_right(items, page[-1].place, key=attrgetter("place"))
        near = items[low:high]
        if by_cut and not (by_answer and self.rng.random() < 0.5):
            near.sort(key=lambda item: (item.place, item.order_at(size, start)))
        else:
            draw = self.rng.random
            near.sort(key=lambda item: (item.place, draw()))
        return near[start - low : start - low + size]

    def _total(self, total: int) -> int:
        """Return the total, of another moment than the rows if it is to be."""
        rng, world = self.rng, self.world
        old, new = (name in world.dimensions for name in ("totals_old", "totals_new"))
        if old and not (new and rng.random() < 0.5):
            if rng.random() < 0.5:
                back = min(len(world.lengths), 1 + rng.choice([1, 1, 2, 3]))
                self.contradicted += world.lengths[-back] != total
                return world.lengths[-back]
        elif new and self.left and rng.random() < self.often:
            self.left -= 1
            world.change()
            self.contradicted += 1
            return world.length
        return total

    def _cached(self, asked: Asked) -> Answer | None:
        """Return an old answer, now and then, its Date as it was, if there is a cache."""
        made, answer = self._cache.get((asked.number, asked.size), (0.0, None))
        if answer is None or self.rng.random() > self._cached_often:
            return None
        if self._latest - made <= _SECONDS_APART and not self._ages:
            return None
        if asked.number == 1 and not self._ages:
            # Nothing tells a first page of a cache from that of a server with a slow clock.
            return None
        self.contradicted += 1
        aged = self._ages or answer.date is None
        return replace(answer, age=int(self.world.now - made) if aged else None)
