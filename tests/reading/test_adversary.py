"""The reading, judged from outside: what the target's table holds after any history."""

from __future__ import annotations

import os
from random import SystemRandom

import pytest

from tests.adversary.dimensions import GROUPS, MIXED, NONE
from tests.adversary.history import KINDS
from tests.adversary.list_read import list_reading
from tests.adversary.measure import measure
from tests.adversary.plain import PlainReading

pytestmark = pytest.mark.usefixtures("untraced")

# A number, or "random" to draw one: it is printed.
SEED = "ADVERSARY_SEED"
FEW, MANY = 500, 20_000


def first_seed() -> int:
    """Return the seed to begin with, 1 unless the environment asks for another."""
    wanted = os.environ.get(SEED, "1")
    return SystemRandom().randrange(10**9) if wanted == "random" else int(wanted)


def assert_unbroken(histories: int, kind: str) -> None:
    """Play half of them alone, dimension by dimension, the others mixed."""
    reading, seed = list_reading(), first_seed()
    if reading is None:
        pytest.skip("tests/adversary/list_read.py has no reading yet")
    print(f"{SEED}={seed}")  # noqa: T201
    each = histories // 2 // len(GROUPS)
    for group in GROUPS:
        count = histories // 2 if group == MIXED else each
        tally = measure(reading, range(seed, seed + count), kind, group)
        assert not tally.failures, (
            f"python -m tests.adversary --kind {kind} --dimension {group} --trace --seed one of "
            f"{tally.seeds}: {tally.failures}"
        )


@pytest.mark.slow
def test_no_run_of_status_0_breaks_a_promise():
    assert_unbroken(FEW, "leads")


@pytest.mark.long
def test_no_run_of_status_0_breaks_a_promise_in_many_histories():
    assert_unbroken(MANY, "leads")


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_plain_paging_breaks_promises_in_the_same_histories(kind):
    """So the judge can tell."""
    tally = measure(PlainReading(), range(1, 101), kind, NONE)
    assert tally.broken > 10
