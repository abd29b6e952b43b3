"""The reading, judged from outside: what the target's table holds after any history."""

from __future__ import annotations

import os
from random import SystemRandom

import pytest

from tests.adversary.bounds import Bounds
from tests.adversary.dimensions import GROUPS, MIXED, NONE, NOT_CHAINED
from tests.adversary.history import KINDS
from tests.adversary.judge import least_surplus
from tests.adversary.list_read import list_reading
from tests.adversary.measure import measure, play
from tests.adversary.plain import PlainReading
from tests.adversary.world import Change

pytestmark = pytest.mark.usefixtures("untraced")

# A number, or "random" to draw one: it is printed.
SEED = "ADVERSARY_SEED"
FEW, MANY = 500, 20_000
# Where pages are smaller, the chain has no page for some places, and the list is counted.
CHAINED = Bounds(smallest_page=20)
# Entries behind the bookmark are found by totals: where those are wrong, they are not.
BEHIND = {"missed (behind)", "missed (behind, resumed)"}


def first_seed() -> int:
    """Return the seed to begin with, 1 unless the environment asks for another."""
    wanted = os.environ.get(SEED, "1")
    seed = SystemRandom().randrange(10**9) if wanted == "random" else int(wanted)
    print(f"{SEED}={seed}")  # noqa: T201
    return seed


def assert_nothing_broken(histories: int) -> None:
    """Play half of the histories dimension by dimension, the others mixed."""
    reading, seed = list_reading(), first_seed()
    broken = []
    for group in sorted({*GROUPS} - NOT_CHAINED):
        count = histories // 2 if group == MIXED else max(1, histories // 2 // len(GROUPS))
        tally = measure(reading, range(seed, seed + count), "leads", group, CHAINED)
        broken += [
            f"{what}: python -m tests.adversary --kind leads --smallest-page "
            f"{CHAINED.smallest_page} --dimension {group} --seed {first} --trace"
            for what, first in tally.seeds.items()
            if not (group == MIXED and what in BEHIND)
        ]
    assert not broken, "\n".join(broken)


@pytest.mark.slow
def test_no_run_of_status_0_breaks_a_promise():
    assert_nothing_broken(FEW)


@pytest.mark.long
def test_no_run_of_status_0_breaks_a_promise_in_many_histories():
    assert_nothing_broken(MANY)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_plain_paging_breaks_promises_in_the_same_histories(kind):
    """So the judge can tell."""
    tally = measure(PlainReading(), range(1, 101), kind, NONE)
    assert tally.broken > 10


def test_a_history_is_drawn_from_its_seed():
    told: list[list[str]] = [[], []]
    for trace in told:
        play(PlainReading(), 7, "leads", MIXED, trace=trace)
    assert told[0] == told[1]
    assert len(told[0]) > 3


@pytest.mark.parametrize(
    ("signs", "least"),
    [
        ([(1, 5.0)], 1),
        ([(1, 5.0), (-1, 9.0)], 0),
        ([(1, 5.0), (1, 7.0), (-1, 9.0)], 1),
        ([(1, 5.0), (1, 7.0), (-1, 2.0)], 0),
        ([(1, 5.0), (1, 5.0), (-1, 5.0)], 1),
        ([(1, 5.0), (-1, 7.0), (1, 7.0)], 1),
        ([(1, 5.0), (-1, 2.0), (-1, 9.0)], -1),
    ],
)
def test_entries_are_balanced_by_as_many_leaves_about_them(signs, least):
    """Only then does no count of rows, down to whatever age, show them."""
    changes = [Change(sign, (0.0, place), "") for sign, place in signs]
    assert least_surplus(changes, (0.0, 5.0)) == least
