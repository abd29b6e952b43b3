"""Plays many histories and counts: odds per dimension, alone and mixed."""

from __future__ import annotations

import typing as t
from collections import Counter
from dataclasses import dataclass, field
from random import Random

from tests.adversary.bounds import AS_LARGE_AS_EVER, Bounds, Counts
from tests.adversary.dimensions import DIMENSIONS, MIXED, NONE, NOT_CHAINED
from tests.adversary.history import History

if t.TYPE_CHECKING:
    from tests.adversary.judge import Failure
    from tests.adversary.protocol import Reading


@dataclass
class Tally(Counts):
    """Sums over histories."""

    histories: int = 0
    excused: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    seeds: dict[str, int] = field(default_factory=dict)

    @property
    def broken(self) -> int:
        """How many histories broke a promise."""
        return self.failures.total()


def drawn(seed: int, group: str, kind: str) -> frozenset[str]:
    """Return the dimensions of a history in a group: one, none, or a mixture drawn by seed."""
    if group == NONE:
        return frozenset()
    if group == MIXED:
        rng = Random(f"mixture {seed}")
        odds = rng.choice([0.1, 0.2, 0.35])
        rare = {
            "total_off",
            "doubles",
            "has_more",
            "cache_with_age",
            "cache_with_date",
            "sizes",
            "totals_old",
            "totals_new",
        }
        names = {name for name in DIMENSIONS if rng.random() < (odds / 2 if name in rare else odds)}
        return frozenset(without_the_undetectable(names) if kind == "leads" else names)
    return frozenset(group.split("+"))


def without_the_undetectable(names: set[str]) -> set[str]:
    """Leave out combinations that no reading of a sorted list can detect.

    If a total is permanently off, it cannot reveal rows that an unstated page size or a group
    longer than a page hides. If both clocks are wrong, no date is known to be in the future. If
    the Date header is wrong, it cannot reveal a cache that states no age.
    """
    names = names - NOT_CHAINED
    if "dates" in names:
        names -= {"clock", "cache_with_date"}
    if "total_off" in names:
        names -= {"sizes", "ties_answer", "ties_cut"}
    return names


def play(
    reading: Reading,
    seed: int,
    kind: str,
    group: str,
    bounds: Bounds = AS_LARGE_AS_EVER,
    *,
    trace: list[str] | None = None,
) -> tuple[History, Failure | None]:
    """Play one history."""
    history = History(seed, kind, drawn(seed, group, kind), bounds, trace)
    history.play(reading)
    return history, history.outcome.failure


def measure(
    reading: Reading,
    seeds: t.Iterable[int],
    kind: str,
    group: str,
    bounds: Bounds = AS_LARGE_AS_EVER,
) -> Tally:
    """Play a history for each seed."""
    tally = Tally()
    for seed in seeds:
        history, failure = play(reading, seed, kind, group, bounds)
        outcome = history.outcome
        tally.histories += 1
        tally.add(outcome)
        tally.excused.update(outcome.excused)
        if failure:
            name = failure.what + (f" ({failure.why})" if failure.why else "")
            tally.failures[name] += 1
            tally.seeds.setdefault(name, seed)
    return tally


def smallest(reading: Reading, seed: int, kind: str, group: str, what: str) -> tuple[int, Bounds]:
    """Search for a small history that fails alike: the bounds grow until one is found."""
    page = History(seed, kind, drawn(seed, group, kind)).bounds.smallest_page
    for rows, runs, changes in ((6, 1, 1), (6, 2, 1), (12, 2, 2), (25, 3, 3), (60, 4, 6)):
        bounds = Bounds(rows, runs, changes, page)
        for other in range(seed, seed + 300):
            try_group = "+".join(sorted(drawn(seed, group, kind))) or NONE
            _, failure = play(reading, other, kind, try_group, bounds)
            if failure and failure.what == what:
                return other, bounds
    return seed, AS_LARGE_AS_EVER
