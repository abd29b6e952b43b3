"""`python -m tools.simulation --days 30 --seed 1`."""

from __future__ import annotations

import argparse
import secrets
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tools.harness.postgres import Postgres
from tools.simulation.checks import Wrong
from tools.simulation.days import Simulation
from tools.simulation.tally import last_lines

HOURLY = 2


def main() -> int:
    """Simulate, report, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.simulation", description=__doc__)
    parser.add_argument("--days", type=int, default=30, help="how many days")
    parser.add_argument("--seed", type=int, help="what all decisions come from (default: any)")
    parser.add_argument("--hourly", type=int, default=HOURLY, help="hourly runs made a day")
    arguments = parser.parse_args()
    seed = secrets.randbelow(1_000_000) if arguments.seed is None else arguments.seed
    command = f"python -m tools.simulation --days {arguments.days} --hourly {arguments.hourly} "
    command += f"--seed {seed}"
    print(command, flush=True)

    # Not in the checkout: as root PostgreSQL runs as another user, who may not read there.
    folder = Path(tempfile.mkdtemp(prefix="tap rotor "))
    began = time.monotonic()
    with Postgres(folder / "postgres", timezone="America/New_York") as postgres:
        simulation = Simulation(
            folder,
            postgres,
            seed=seed,
            days=arguments.days,
            hourly=arguments.hourly,
            tell=lambda line: print(line, flush=True),
        )
        failure = None
        try:
            simulation.play()
        except Wrong as wrong:
            failure = wrong
    print(simulation.tally.report(arguments.days, seed, time.monotonic() - began))
    if failure:
        print(last_lines(simulation.log))
        print(f"FAILED: {failure}\nAgain: {command}\nAll of it is in {folder}")
        return 1
    shutil.rmtree(folder)
    print("Nothing was lost; the warehouse equals the API.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
