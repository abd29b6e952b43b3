"""Three companies at once, by a real Dagster: its daemon, its queue, a run for each partition."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import typing as t
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import requests

from tests.harness.documents import blocks
from tests.harness.tap import until
from tools.demo import dagster as example
from tools.harness.meltano import STATE_ID, Meltano
from tools.harness.project import ROOT
from tools.harness.warehouse import assert_equal
from tools.sandbox import Company, Sandbox
from tools.sandbox.create import LISTS

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from tools.harness.postgres import Postgres

README = "orchestrate/README.md"
SHELL = "import subprocess, sys; subprocess.run(sys.argv[1], shell=True, check=True)"
INSIDE = Path(__file__).parents[1] / "harness" / "inside_dagster.py"
DEFINITIONS = "orchestrate/definitions.py"
COMPANIES = ["acme", "birch", "cedar"]
PATIENCE_SECONDS = 300
# Without Dagster's own processes around it.
ALONE = """
import json, os, sys
sys.path.insert(0, "orchestrate")
import load
print(json.dumps(load.load(load.environment("acme", os.environ))))
"""
# One environment is installed, and one real Dagster fills the machine.
pytestmark = [pytest.mark.long, pytest.mark.xdist_group("dagster")]


@pytest.fixture(scope="module")
def programs() -> Path:
    return example.programs()


@dataclass
class Dagster:
    """A copy of the example with a Meltano project around it, and Dagster's programs on it."""

    programs: Path
    project: Path
    environment: dict[str, str]

    def start(
        self, program: str, *arguments: str, output: t.IO[str] | None = None
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.programs / program, *arguments],
            cwd=self.project,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=output or subprocess.PIPE,
            stderr=output,
            text=True,
        )

    def ask(self, *arguments: str, given: object = None) -> t.Any:
        """Return what a program inside Dagster's environment answers."""
        process = self.start("python", str(INSIDE), *arguments)
        stdout, _ = process.communicate(json.dumps(given), timeout=PATIENCE_SECONDS)
        assert process.returncode == 0
        return json.loads(stdout)

    def launch(self, *companies: str, **env: str) -> None:
        """Queue a run for each company, all at once."""
        config = json.dumps({"ops": {"rotor": {"config": {"env": env}}}})
        started = [
            self.start(
                "dagster", "job", "launch", "--python-file", DEFINITIONS, "--job", "load",
                "--config-json", config, "--tags", json.dumps({"dagster/partition": company}),
            )
            for company in companies
        ]  # fmt: skip
        for process in started:
            process.communicate(timeout=PATIENCE_SECONDS)
            assert process.returncode == 0


@pytest.fixture
def dagster(programs: Path, tmp_path: Path) -> Dagster:
    """The example as it is, but that it waits a second before a retry instead of minutes."""
    project = tmp_path / "a folder"
    shutil.copytree(ROOT / "orchestrate", project / "orchestrate")
    for file in ("meltano.yml", "logging.yaml"):
        shutil.copy(ROOT / file, project)
    (project / ".venv").symlink_to(sys.prefix, target_is_directory=True)
    definitions = project / DEFINITIONS
    patient = definitions.read_text(encoding="utf-8")
    assert "RETRY_SECONDS = 600\n" in patient
    definitions.write_text(patient.replace("RETRY_SECONDS = 600\n", "RETRY_SECONDS = 1\n"))
    environment = {
        **Meltano(project / ".meltano", {}).environment(),
        **example.instance(tmp_path / "home"),
    }
    return Dagster(programs, project, environment)


@pytest.fixture
def companies() -> Iterator[dict[str, Sandbox]]:
    """Three companies with other rows each, their lists of other lengths."""
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(Sandbox(Company(leads, seed), key=f"key_of_{name}"))
            for name, leads, seed in zip(COMPANIES, (120, 90, 60), (1, 2, 3), strict=True)
        }


def test_three_companies(
    dagster: Dagster,
    companies: dict[str, Sandbox],
    postgres: Postgres,
    database: psycopg.Connection,
) -> None:
    dagster.environment |= example.settings(companies)
    dagster.environment |= postgres.target_settings(database.info.dbname)
    dagster.environment |= {"TAP_ROTOR_PAGE_SIZE": "50", "TAP_ROTOR_RETRY_MINUTES": "0"}
    # Makes the instance: processes that start at once would do so all at once, and fail.
    assert dagster.ask("runs", "0") == []
    log = dagster.project / "daemon.log"
    with (
        log.open("w") as output,
        dagster.start(
            *("dagster-daemon", "run", "--python-file", DEFINITIONS), output=output
        ) as daemon,
    ):
        try:
            first_load(dagster, companies, database)
            later(dagster, companies, database)
        except BaseException as error:
            error.add_note(log.read_text(errors="replace")[-5000:])
            raise
        finally:
            daemon.terminate()


def first_load(
    dagster: Dagster, companies: dict[str, Sandbox], database: psycopg.Connection
) -> None:
    """All three are loaded at the same time, each into its schema, under its state ID."""
    # None gets its first lead before all have asked for theirs.
    together = threading.Barrier(len(companies), timeout=PATIENCE_SECONDS)
    for sandbox in companies.values():
        sandbox.before("/leads", 1, together.wait)
    dagster.launch(*companies)
    for run in dagster.ask("runs", "3"):
        sandbox = companies[run["company"]]
        rows = {name: len(sandbox.company.rows(name)) for name in LISTS}
        assert (run["status"], run["retries"]) == ("SUCCESS", 0)
        assert run["counts"] == [{**rows, "requests": sandbox.count()}]
    assert_loaded(companies, database, *LISTS)
    for name, sandbox in companies.items():
        assert bookmark(dagster, name) == newest(sandbox.company)


def later(dagster: Dagster, companies: dict[str, Sandbox], database: psycopg.Connection) -> None:
    """What changed is loaded; what may pass is retried, and a wrong key is not."""
    cedar = companies["cedar"]
    before = {"cedar": [*cedar.company.rows("leads")]}
    for sandbox in companies.values():
        # Further apart than the five minutes that a row may come late.
        sandbox.company.step = timedelta(minutes=6)
        sandbox.company.insert("leads", 2)
        sandbox.reset_log()
    companies["birch"].rule("status", "/leads", status=503)
    del cedar.keys[cedar.api_key]
    settings = {"TAP_ROTOR_LOOKBACK_DAYS": "0", "TAP_ROTOR__SELECT": '["leads.*"]'}
    dagster.launch("acme", *companies, **settings)

    ended: dict[str, list[dict[str, t.Any]]] = {name: [] for name in companies}
    for run in dagster.ask("runs", "7")[3:]:
        ended[run["company"]].append(run)
    # Twice the same company: one after the other.
    one, two = sorted(ended["acme"], key=lambda run: run["began"])
    assert one["ended"] <= two["began"]
    # The bookmark's own row comes again: another row of its very moment may have come late.
    assert [run["counts"] for run in (one, two)] == [
        [{"leads": 3, "requests": 1}],
        [{"leads": 1, "requests": 1}],
    ]
    assert companies["acme"].count() == 2

    (run,) = ended["birch"]
    assert (run["status"], run["retries"]) == ("SUCCESS", 1)
    assert companies["birch"].count() == 2

    (run,) = ended["cedar"]
    assert (run["status"], run["retries"]) == ("FAILURE", 0)
    (said,) = run["said"]
    assert (
        "tap-rotor: Failed. leads: Rotor does not accept the API key (status 401). "
        "Check the setting api_key; a key is made in Rotor under Settings, Integrations."
    ) in said.splitlines()
    assert cedar.api_key not in json.dumps(run)
    assert cedar.count() == 1

    assert_loaded({name: companies[name] for name in ("acme", "birch")}, database, "leads")
    assert_equal(database, "leads", before["cedar"], "tap_rotor_cedar")


def assert_loaded(companies: dict[str, Sandbox], database: psycopg.Connection, *lists: str) -> None:
    for name, sandbox in companies.items():
        for table in lists:
            assert_equal(database, table, sandbox.company.rows(table), f"tap_rotor_{name}")


def bookmark(dagster: Dagster, company: str) -> str:
    directory = dagster.project / ".meltano" / "companies" / company
    state = Meltano(directory, {}).state(f"{STATE_ID}:{company}")
    found: str = state["leads"]["replication_key_value"]
    return found


def newest(company: Company) -> str:
    moment = datetime.fromisoformat(company.rows("leads")[0]["created_at"])
    return f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}"


def test_terminated(
    dagster: Dagster,
    companies: dict[str, Sandbox],
    postgres: Postgres,
    database: psycopg.Connection,
) -> None:
    """What Dagster sends to end a run ends all of it in order; the next run loads all."""
    acme = companies["acme"]
    acme.rule("hang", "/leads", page=2)
    dagster.environment |= example.settings(companies)
    dagster.environment |= postgres.target_settings(database.info.dbname)
    dagster.environment |= {"TAP_ROTOR_PAGE_SIZE": "50"}
    with dagster.start("python", "-c", ALONE) as process:
        until(lambda: acme.count("/leads") == 2)
        process.send_signal(signal.SIGINT)
        stdout, _ = process.communicate(timeout=PATIENCE_SECONDS)
    outcome = json.loads(stdout.splitlines()[-1])
    assert outcome["status"] != 0
    assert outcome["codes"]["run"] == "interrupted"
    assert "Stopped by SIGTERM; the last STATE is written" in outcome["said"]

    with dagster.start("python", "-c", ALONE) as process:
        process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0
    assert_loaded({"acme": acme}, database, *LISTS)
    _, listing = blocks(README, "With your companies")
    with dagster.start("python", "-c", SHELL, listing.text) as process:
        stdout, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert f"{STATE_ID}:acme" in stdout


def test_the_commands_of_the_readme(dagster: Dagster, tmp_path: Path) -> None:
    """Dagster starts as described, on another port than its usual one."""
    (trial,) = blocks(README, "Many companies, by Dagster")
    assert [line.split("#")[0].split()[1:] for line in trial.commands] == [
        ["dagster"],
        ["test-long"],
    ]
    start, _ = blocks(README, "With your companies")
    *prepare, serve = start.commands
    del dagster.environment["DAGSTER_HOME"]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = tmp_path / "dagster.log"
    script = "\n".join([*prepare, f"{serve} --port {port}"])
    with log.open("w") as output:
        process = subprocess.Popen(
            ["/bin/sh", "-e", "-c", script],
            cwd=dagster.project,
            env=dagster.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        until(lambda: answers(port) or process.poll() is not None, PATIENCE_SECONDS)
        assert answers(port), log.read_text(errors="replace")[-3000:]
    finally:
        # Interrupted while it still starts, Dagster may never end.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE_SECONDS)


def answers(port: int) -> bool:
    """Whether Dagster's UI answers."""
    session = requests.Session()
    session.trust_env = False
    try:
        return session.get(f"http://127.0.0.1:{port}/server_info", timeout=5).ok
    except requests.ConnectionError:
        return False


HOURLY = '["leads.*", "pins.*", "reads.*"]'


def test_plan(dagster: Dagster) -> None:
    """The schedules of meltano.yml, for each company; retries only where they may help."""
    passing: list[dict[str, str]] = [
        {"leads": "server_errors", "run": "server_errors"},
        {"leads": "scope_missing", "pins": "unproven", "run": "scope_missing"},
        # The loader failed.
        {"leads": "complete", "run": "complete"},
        {},
    ]
    final = [
        {"leads": "quota_spent", "run": "quota_spent"},
        {"leads": "complete", "pins": "scope_missing", "run": "scope_missing"},
        {"run": "bad_settings"},
    ]
    dagster.environment["PYTHONPATH"] = str(dagster.project / "orchestrate")
    plan = dagster.ask("plan", given=[*passing, *final])

    def runs(**env: str) -> list[t.Any]:
        config = {"ops": {"rotor": {"config": {"env": env}}}}
        return [[company, config] for company in COMPANIES]

    assert plan["schedules"] == {
        "hourly": [
            "0 4-23 * * *",
            runs(TAP_ROTOR_LOOKBACK_DAYS="1", TAP_ROTOR__SELECT=HOURLY),
        ],
        "nightly": ["30 1 * * 1-6", runs(TAP_ROTOR_LOOKBACK_DAYS="30")],
        "full_refresh": ["30 1 * * 0", runs(MELTANO_RUN_FULL_REFRESH="true")],
    }
    # By what the failed run cost: nothing, 200 requests, 201.
    assert plan["retried"] == [[True, True, False]] * len(passing) + [[False] * 3] * len(final)
