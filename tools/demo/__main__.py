"""A made-up company and its two systems, the real pipeline, and what landed; again: the changes."""

from __future__ import annotations

import argparse
import signal
import sys
import time
import typing as t
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from tools.demo import report
from tools.demo.answers import answers, leads_by_common_stage
from tools.demo.page import page, show
from tools.demo.warehouse import difference, leads_by_stage, snapshot
from tools.harness.meltano import NEXUS_STATE_ID, Meltano, MeltanoError
from tools.harness.postgres import Postgres, PostgresError
from tools.harness.project import ROOT
from tools.harness.warehouse import NEXUS_SCHEMA, SCHEMA
from tools.sandbox import Company, NexusSandbox, Organisation, Sandbox
from tools.sandbox.changes import change as change_company
from tools.sandbox.nexus.changes import change as change_organisation
from tools.sandbox.server import Server

if t.TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from types import FrameType

    from tools.demo.warehouse import Difference
    from tools.sandbox.store import Summary

LEADS = 5000
NEXUS_LEADS = 1500
SEED = 2026
TARGET = "target-postgres"
PIPELINE = ["tap-rotor", TARGET, "tap-nexus-erp", TARGET, "dbt-postgres:build"]

Serving = t.TypeVar("Serving", bound=Server)


def main() -> int:
    """Run the demo once and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.demo", description=__doc__)
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
    report.title(LEADS, NEXUS_LEADS, runs.done)
    with ExitStack() as stack:
        with step("sandbox, a stand-in for the Rotor API") as told:
            company = Company(leads=LEADS, seed=SEED)
            people = company.rows("leads")
            changes = [change_company(company) for _ in range(runs.done)][-1:]
            rotor = stack.enter_context(serve(partial(Sandbox, company), directory / "port"))
            told(rotor.url)
        with step("the same for Nexus ERP, a third of its leads in both") as told:
            organisation = Organisation(NEXUS_LEADS, SEED, people=people)
            changes += [change_organisation(organisation) for _ in range(runs.done)][-1:]
            make = partial(NexusSandbox, organisation)
            nexus = stack.enter_context(serve(make, directory / "nexus_port"))
            told(nexus.url)
        with step("PostgreSQL, embedded") as told:
            postgres = stack.enter_context(Postgres(directory / "postgres"))
            connection = stack.enter_context(postgres.connect())
            told(f"127.0.0.1:{postgres.port}")
        meltano = Meltano(
            directory / "meltano",
            {
                "TAP_ROTOR_API_URL": rotor.url,
                "TAP_ROTOR_API_KEY": rotor.api_key,
                "TAP_NEXUS_ERP_API_URL": nexus.url,
                "TAP_NEXUS_ERP_API_KEY": nexus.api_key,
                **postgres.target_settings(),
                "DBT_TARGET_PATH": str(directory / "dbt"),
                "DBT_LOG_PATH": str(directory / "dbt"),
                # The made-up company's clock is not ours.
                "ROTOR_AS_OF": f"{company.now:%Y-%m-%d %H:%M:%S}",
            },
            report.progress,
        )
        before = [snapshot(connection, schema) for schema in (SCHEMA, NEXUS_SCHEMA)]
        if changes:
            report.changes("Rotor", changes[0])
            report.changes("Nexus ERP", changes[1])
        command = ["run", *(["--full-refresh"] if full_refresh else []), *PIPELINE]
        with step(" ".join(["meltano", *command])):
            meltano.run(*command, log=directory / "meltano.log")
        runs.add()

        in_rotor = difference(before[0], snapshot(connection, SCHEMA))
        in_nexus = difference(before[1], snapshot(connection, NEXUS_SCHEMA))
        report.tables("Rotor", in_rotor, rotor.requests)
        report.quota(rotor.requests)
        report.tables("Nexus ERP", in_nexus, nexus.requests)
        report.stages(leads_by_stage(connection))
        report.common_stages(leads_by_common_stage(connection))
        found = answers(connection)
        report.pipeline(found.pipeline)
        report.bookmarks(meltano.state(), meltano.state(NEXUS_STATE_ID))
        if changes and not full_refresh:
            report.waiting(
                overlooked(in_rotor, changes[0], "leads", "pins"),
                overlooked(in_nexus, changes[1], "leads"),
            )
        file = directory / "page.html"
        file.write_text(page(found, company.now), encoding="utf-8")
        report.page(file)
    show(file)
    report.end(time.monotonic() - began, again=not runs.was_done)


def serve(make: t.Callable[..., Serving], port_file: Path) -> Serving:
    """Return a server on the port of the last run: at another address the tap reads all anew."""
    port = int(port_file.read_text()) if port_file.exists() else 0
    try:
        server = make(port=port)
    except OSError:
        server = make()
    port_file.write_text(f"{server.port}\n")
    return server


def overlooked(found: Mapping[str, Difference], changes: Summary, *names: str) -> int:
    """Return how many rows of these lists have changed or gone unseen by this run."""
    unseen = 0
    for name in names:
        kinds = changes[name]
        unseen += len({row for ids in kinds.values() for row in ids} - {*kinds["inserted"]})
        unseen -= found[name].changed + found[name].removed
    return unseen


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
