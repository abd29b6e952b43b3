"""The short form of `make simulate`: two days of runs, faults and kills, into PostgreSQL."""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import Random

import pytest

from tools.harness import plugins
from tools.harness.postgres import Postgres
from tools.simulation.days import START, Simulation
from tools.simulation.plan import runs
from tools.simulation.settings import TARGET

# With kills of the tap and of the target, faults that pass and that stay, changes during runs.
SEED = 90


@pytest.mark.long
def test_days() -> None:
    """Nothing is lost, whatever happens, and one full refresh makes all equal."""
    if not plugins.program(TARGET).exists():
        pytest.fail("Meltano's plugins are not installed: make plugins")
    # Not below pytest's own folder, see `open_folder` of the end-to-end tests.
    with tempfile.TemporaryDirectory(prefix="tap rotor ") as folder:
        path = Path(folder)
        with Postgres(path / "postgres", timezone="America/New_York") as postgres:
            simulation = Simulation(
                path, postgres, seed=SEED, days=2, hourly=1, leads=120, tell=print
            )
            simulation.play()
    assert simulation.tally.acts
    assert simulation.tally.endings["complete"] > 1
    assert simulation.tally.last["leads"] > 100


def test_seed() -> None:
    """A seed gives the same decisions again, and more days the same first ones."""

    def plan(seed: int, days: int) -> list[object]:
        return [*runs(Random(seed), START.date(), days, 4)]

    assert plan(1, 9) == plan(1, 30)[:45]
    assert plan(1, 9) != plan(2, 9)
    assert {run.kind for run in runs(Random(1), START.date(), 7, 4)} == {
        "hourly",
        "nightly",
        "full-refresh",
    }
