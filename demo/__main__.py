"""A made-up company, the real pipeline, and what landed; run it again for the changes."""

from __future__ import annotations

import argparse
import signal
import sys
import time
import typing as t
from contextlib import ExitStack, contextmanager
from pathlib import Path

from demo import report
from demo.answers import answers
from demo.meltano import ROOT, Meltano, MeltanoError
from demo.page import page, show
from demo.postgres import Postgres, PostgresError
from demo.warehouse import difference, leads_by_stage, snapshot
from sandbox import Company, Sandbox

if t.TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from types import FrameType

    from demo.warehouse import Difference
    from sandbox.store import Summary

LEADS = 5000
SEED = 2026
PIPELINE = ["tap-rotor", "target-postgres", "dbt-postgres:build"]


def main() -> int:
    """Run the demo once and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument(
        "--directory",
        type=Path,
        default=ROOT / ".demo",
        help="where all lies that the demo makes",
    )
    parser.add_argument(
        "--full-refresh", action="store_true", help="read everything again, as once a week"
    )
    arguments = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        run(arguments.directory.absolute(), full_refresh=arguments.full_refresh)
    except MeltanoError as error:
        report.failed_run(error)
        return 1
    except PostgresError as error:
        report.failure(error)
        return 1
    return 0


def run(directory: Path, *, full_refresh: bool) -> None:
    """Load the company as it is by now, and tell what that changed in the warehouse."""
    began = time.monotonic()
    directory.mkdir(parents=True, exist_ok=True)
    runs = Runs(directory / "runs")
    report.title(LEADS, runs.done)
    with ExitStack() as stack:
        with step("sandbox, a stand-in for the Rotor API") as told:
            company = Company(leads=LEADS, seed=SEED)
            changes = None
            for _ in range(runs.done):
                changes = company.change()
            sandbox = stack.enter_context(serve(company, directory / "port"))
            told(sandbox.url)
        with step("PostgreSQL, embedded") as told:
            postgres = stack.enter_context(Postgres(directory / "postgres"))
            connection = stack.enter_context(postgres.connect())
            told(f"127.0.0.1:{postgres.port}")
        meltano = Meltano(
            directory / "meltano",
            {
                "TAP_ROTOR_API_URL": sandbox.url,
                "TAP_ROTOR_API_KEY": sandbox.api_key,
                **postgres.target_settings(),
                "DBT_TARGET_PATH": str(directory / "dbt"),
                "DBT_LOG_PATH": str(directory / "dbt"),
                # The made-up company's clock is not ours.
                "ROTOR_AS_OF": f"{company.now:%Y-%m-%d %H:%M:%S}",
            },
        )
        before = snapshot(connection)
        if changes:
            report.changes(changes)
        command = ["run", *(["--full-refresh"] if full_refresh else []), *PIPELINE]
        with step(" ".join(["meltano", *command])):
            meltano.run(*command, log=directory / "meltano.log")
        runs.add()

        differences = difference(before, snapshot(connection))
        report.tables(differences, sandbox.requests)
        report.stages(leads_by_stage(connection))
        found = answers(connection)
        report.pipeline(found.pipeline)
        report.bookmarks(meltano.state())
        if changes and not full_refresh:
            report.waiting(overlooked(differences, changes))
        file = directory / "page.html"
        file.write_text(page(found, company.now), encoding="utf-8")
        report.page(file)
    show(file)
    report.end(time.monotonic() - began, again=not runs.was_done)


def serve(company: Company, port_file: Path) -> Sandbox:
    """Return a server on the port of the last run: at another address the tap reads all anew."""
    port = int(port_file.read_text()) if port_file.exists() else 0
    try:
        sandbox = Sandbox(company, port=port)
    except OSError:
        sandbox = Sandbox(company)
    port_file.write_text(f"{sandbox.port}\n")
    return sandbox


def overlooked(found: Mapping[str, Difference], changes: Summary) -> int:
    """Return how many changes of leads and pins this run did not see, as the rows are too old."""
    made = sum(
        len(ids)
        for name in ("leads", "pins")
        for kind, ids in changes[name].items()
        if kind != "inserted"
    )
    return made - sum(found[name].changed + found[name].removed for name in ("leads", "pins"))


class Runs:
    """How many runs have succeeded; as many rounds of changes has the company seen."""

    def __init__(self, file: Path) -> None:
        """Read the number from a file, which `add` writes."""
        self._file = file
        self.done = int(file.read_text()) if file.exists() else 0
        self.was_done = self.done

    def add(self) -> None:
        """Count one more."""
        self.done += 1
        self._file.write_text(f"{self.done}\n")


@contextmanager
def step(name: str) -> Generator[t.Callable[[str], None]]:
    """Print a step's name at once, then how long it took and what is to be told of it."""
    news: list[str] = []
    began = time.monotonic()
    report.begin(name)
    yield news.append
    report.done(time.monotonic() - began, *news)


def _stop(number: int, _frame: FrameType | None) -> None:
    """Leave through every context manager, so that nothing keeps running; once."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    print(file=sys.stderr)
    print("Stopping.", file=sys.stderr)
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
