"""The real pipeline for the tests: Meltano and its plugins, and an embedded PostgreSQL.

Each test has a Meltano directory and a database of its own, so that they may run side by side.
"""

from __future__ import annotations

import itertools
import tempfile
import typing as t
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.harness.project import Project
from tools.harness.meltano import Meltano, MeltanoError
from tools.harness.postgres import Postgres
from tools.harness.project import ROOT
from tools.sandbox import NexusSandbox, Organisation

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.sandbox import Company, Sandbox

# The fixtures, which tests/e2e and tests/targets take over as they are.
__all__ = [
    "_untraced",
    "database",
    "meltano",
    "nexus",
    "nexus_settings",
    "open_folder",
    "organisation",
    "pipeline",
    "postgres",
    "project",
]

_names = (f"test_{number}" for number in itertools.count(1))


@dataclass(frozen=True)
class Pipeline:
    """tap-rotor, run by Meltano against a sandbox."""

    meltano: Meltano
    sandbox: Sandbox
    log: Path

    def run(self, *arguments: str, **settings: str) -> Counter[str]:
        """Run `meltano run <arguments>`; return the requests that it cost, by path."""
        self.sandbox.reset_log()
        try:
            self.meltano.run("run", *arguments, log=self.log, **settings)
        except MeltanoError as error:
            error.add_note(error.log.read_text(errors="replace")[-5000:])
            raise
        return Counter(request.path for request in self.sandbox.requests)


@pytest.fixture(autouse=True)
def _untraced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep coverage out of Meltano, which takes twice its time with it."""
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A folder with a space in its name, for all that PostgreSQL reads.

    Not below pytest's own: each session of pytest closes that to other users again, and for root
    PostgreSQL runs as another.
    """
    with tempfile.TemporaryDirectory(prefix="tap rotor ") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def postgres(open_folder: Path) -> Iterator[Postgres]:
    """A server whose sessions are not in UTC unless they ask to be."""
    with Postgres(open_folder / "postgres", timezone="America/New_York") as server:
        yield server


@pytest.fixture
def database(postgres: Postgres) -> Iterator[psycopg.Connection]:
    """A connection to an empty database."""
    name = next(_names)
    with postgres.connect() as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    with postgres.connect(name) as connection:
        yield connection


@pytest.fixture
def meltano(sandbox: Sandbox, tmp_path: Path) -> Meltano:
    """Meltano with nothing in its state, in a folder with a space in its name."""
    if not (ROOT / ".meltano" / ".installed").exists():
        pytest.fail("Meltano's plugins are not installed: make plugins")
    settings = {"TAP_ROTOR_API_URL": sandbox.url, "TAP_ROTOR_API_KEY": sandbox.api_key}
    return Meltano(tmp_path / "a folder", settings)


@pytest.fixture
def pipeline(
    meltano: Meltano, sandbox: Sandbox, postgres: Postgres, database: psycopg.Connection
) -> Pipeline:
    """The pipeline into `database`."""
    target = postgres.target_settings(database.info.dbname)
    loading = Meltano(meltano.directory, {**meltano.settings, **target})
    return Pipeline(loading, sandbox, meltano.directory / "meltano.log")


@pytest.fixture
def project(
    sandbox: Sandbox, postgres: Postgres, database: psycopg.Connection, tmp_path: Path
) -> Project:
    """A project of its own, for what the documentation says to run, that loads into `database`."""
    return Project(
        tmp_path / "a project",
        TAP_ROTOR_API_URL=sandbox.url,
        TAP_ROTOR_API_KEY=sandbox.api_key,
        **postgres.target_settings(database.info.dbname),
    )


@pytest.fixture
def organisation(company: Company) -> Organisation:
    """An organisation of 120 leads, about a third of them known to `company` too."""
    return Organisation(leads=120, people=company.rows("leads"))


@pytest.fixture
def nexus(organisation: Organisation) -> Iterator[NexusSandbox]:
    """The stand-in for Nexus ERP's API over `organisation`."""
    with NexusSandbox(organisation) as server:
        yield server


@pytest.fixture
def nexus_settings(nexus: NexusSandbox) -> dict[str, str]:
    """What tap-nexus-erp is told of it."""
    return {"TAP_NEXUS_ERP_API_URL": nexus.url, "TAP_NEXUS_ERP_API_KEY": nexus.api_key}
