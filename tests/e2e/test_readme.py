"""The commands of the READMEs that need Meltano, a target or dbt: run as they stand there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import typing as t
from pathlib import Path

import pytest
import yaml

from tests.harness.documents import blocks
from tests.harness.project import ENVIRONMENT, Project
from tests.harness.transform import connection_settings, rows
from tools.harness.project import ROOT, clean_environment
from tools.harness.warehouse import actual, assert_equal
from tools.sandbox import Company, NexusSandbox, Organisation, Sandbox
from tools.sandbox.create import LISTS

if t.TYPE_CHECKING:
    import psycopg

    from tools.harness.postgres import Postgres

PLUGINS = ROOT / ".meltano"
STARTED_SECONDS = 60


@pytest.fixture
def company() -> Company:
    return Company(leads=40)


@pytest.mark.long
def test_schedules(
    company: Company, sandbox: Sandbox, project: Project, database: psycopg.Connection
) -> None:
    """The list, a nightly run, a full refresh; and what Meltano says when two runs meet."""
    (block,) = blocks("README.md", "Schedules and the quota")
    printed = project.run(block.text)
    for name in ("hourly", "nightly", "full-refresh"):
        assert f"{name}" in printed
    for name in LISTS:
        assert_equal(database, name, company.rows(name))
        assert sandbox.count(f"/{name.replace('_', '-')}") == 2

    sandbox.rule("hang", "/leads")
    command = block.commands[-1]
    first = subprocess.Popen(
        ["/bin/sh", "-c", f"exec {command}"],
        cwd=project.directory,
        env={**clean_environment(), **ENVIRONMENT},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    asked = sandbox.count("/leads")
    deadline = time.monotonic() + STARTED_SECONDS
    while sandbox.count("/leads") == asked:
        assert first.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    refused = project.run(command, status=1)
    sandbox.release()
    assert first.wait(STARTED_SECONDS) == 0
    assert "Another 'dev:tap-rotor-to-target-postgres' pipeline is already running" in refused


def test_pipes(
    sandbox: Sandbox,
    company: Company,
    postgres: Postgres,
    database: psycopg.Connection,
    tmp_path: Path,
) -> None:
    """Tap and target as programs, without Meltano; the state of one run is the next one's."""
    _, block = blocks("README.md", "With pip and pipes")
    config = json.loads((ROOT / "sample_config.json").read_text())
    config |= {"api_url": sandbox.url, "api_key": sandbox.api_key}
    (tmp_path / "sample_config.json").write_text(json.dumps(config))
    settings = postgres.target_settings(database.info.dbname).items()
    target = {name.removeprefix("TARGET_POSTGRES_").lower(): value for name, value in settings}
    target |= {"default_target_schema": "tap_rotor"}
    (tmp_path / "target.json").write_text(json.dumps({**target, "port": postgres.port}))
    script = block.text
    for state in (" --state state.json", ""):
        shell(script.replace(state, ""), tmp_path, PGTZ="UTC")
        for name in LISTS:
            assert {*actual(database, name)} == {row["id"] for row in company.rows(name)}
        company.insert("leads")
    newest = company.rows("leads")[1]["created_at"].replace("Z", "000Z")
    state = json.loads((tmp_path / "state.json").read_text())
    assert state["bookmarks"]["leads"]["replication_key_value"] == newest


def shell(script: str, folder: Path, **environment: str) -> None:
    """Run a script with the tap, the target and dbt on the path."""
    programs = [
        Path(sys.executable).parent,
        PLUGINS / "loaders" / "target-postgres" / "venv" / "bin",
        PLUGINS / "utilities" / "dbt-postgres" / "venv" / "bin",
    ]
    path = os.pathsep.join([*map(str, programs), os.environ["PATH"]])
    done = subprocess.run(
        ["/bin/sh", "-e", "-c", script],
        cwd=folder,
        env={**clean_environment(), "PATH": path, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:]


@pytest.mark.long
def test_replication(project: Project) -> None:
    """The metadata makes of plans what the README says."""
    (block,) = blocks("README.md", "Streams")
    plugin = {"name": "tap-rotor", **yaml.safe_load(block.text)}
    project.add(json.dumps({"plugins": {"extractors": [plugin]}}))
    printed = project.run(".venv/bin/meltano invoke --dump=catalog tap-rotor 2>log")
    (plans,) = [
        entry for entry in json.loads(printed)["streams"] if entry["stream"] == "service_plans"
    ]
    (root,) = [item["metadata"] for item in plans["metadata"] if not item["breadcrumb"]]
    assert root["replication-method"] == "INCREMENTAL"
    assert root["replication-key"] == "created_at"


@pytest.mark.long
def test_nexus_erp(
    organisation: Organisation,
    nexus: NexusSandbox,
    nexus_settings: dict[str, str],
    project: Project,
    database: psycopg.Connection,
) -> None:
    """By itself, then with Rotor and dbt; and an edit of a contact alone, which FULL_TABLE sees."""
    (block,) = blocks("tap_nexus_erp/README.md", "tap-nexus-erp")
    (metadata,) = blocks("tap_nexus_erp/README.md", "What it promises")
    project.set(**nexus_settings)
    project.run(block.text)
    assert nexus.count("/leads") == 4
    systems = "select source_system, count(*) from rotor.all_leads group by 1"
    assert dict(rows(database, systems)) == {"rotor": 40, "nexus_erp": 120}

    plugin = {"name": "tap-nexus-erp", **yaml.safe_load(metadata.text)}
    project.add(json.dumps({"plugins": {"extractors": [plugin]}}))
    for lead in organisation.rows("leads"):
        organisation.edit_contact(lead["contactId"], name="Another")
    project.run(block.commands[0])
    assert_equal(database, "leads", organisation.rows("leads"), "tap_nexus_erp")


@pytest.mark.long
def test_dbt(
    company: Company,
    nexus_settings: dict[str, str],
    project: Project,
    postgres: Postgres,
    database: psycopg.Connection,
) -> None:
    """With Meltano in one run and by itself, and with a dbt of one's own."""
    with_meltano, own = blocks("transform/README.md", "To run it")
    project.set(**nexus_settings)
    project.run(with_meltano.text)
    leads = rows(database, "select count(*) from rotor.leads")
    assert leads == [(len(company.rows("leads")),)]

    install, build = own.commands
    defined = yaml.safe_load((ROOT / "meltano.yml").read_text())["plugins"]["utilities"][0]
    assert install == f"pip install {defined['pip_url']}"
    company.insert("leads", 2)
    database.execute("drop schema rotor cascade")
    for name, value in connection_settings(postgres, database.info.dbname).items():
        build = build.replace(f"{name}=...", f"{name}='{value}'")
    shell(build, project.directory, DBT_POSTGRES_PORT=str(postgres.port))
    assert rows(database, "select count(*) from rotor.leads") == leads


@pytest.mark.long
def test_duckdb(project: Project, company: Company) -> None:
    """The same from the files of target-jsonl."""
    (block,) = blocks("transform/README.md", "DuckDB")
    project.run(block.text)
    python = PLUGINS / "utilities" / "dbt-duckdb" / "venv" / "bin" / "python"
    query = "select count(*) from rotor.leads"
    code = "import duckdb, sys; print(*duckdb.connect(sys.argv[1]).execute(sys.argv[2]).fetchone())"
    file = project.directory / "output" / "warehouse.duckdb"
    done = subprocess.run(
        [python, "-c", code, file, query], check=True, capture_output=True, text=True
    )
    assert int(done.stdout) == len(company.rows("leads"))
