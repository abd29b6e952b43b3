"""docs/schedulers.md: a server as it says, and what each scheduler starts there.

Needs the package index, as `make install` does.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import typing as t
from pathlib import Path

import pytest
import yaml

from tests.harness.clone import clone, sh
from tests.harness.documents import blocks
from tools.harness.environments import ensure_environment
from tools.harness.project import ROOT
from tools.harness.warehouse import assert_equal
from tools.sandbox import Company
from tools.sandbox.create import LISTS

if t.TYPE_CHECKING:
    import psycopg

    from tools.harness.postgres import Postgres
    from tools.sandbox import Sandbox

# One server is installed, for all.
pytestmark = [pytest.mark.long, pytest.mark.xdist_group("server")]
PLACE = "/srv/tap-rotor"
REQUIREMENTS = Path(__file__).with_name("requirements")
MOST_MEGABYTES = 350


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone in which the first commands of the page have run."""
    block, _ = blocks("docs/schedulers.md", "A server")
    install, configure, _ = block.commands
    folder = clone(tmp_path_factory.mktemp("server") / "tap-rotor")
    printed = sh(install, folder).stderr
    assert "Installed 2/2 plugins" in printed
    sh(configure, folder, EDITOR="true")
    return folder


@pytest.fixture
def company() -> Company:
    return Company(leads=40)


@pytest.fixture
def settings(
    sandbox: Sandbox, postgres: Postgres, database: psycopg.Connection, tmp_path: Path
) -> dict[str, str]:
    """What `.env` has for a run into `database`, and a state that no other test has."""
    return {
        "TAP_ROTOR_API_URL": sandbox.url,
        "TAP_ROTOR_API_KEY": sandbox.api_key,
        **postgres.target_settings(database.info.dbname),
        "MELTANO_DATABASE_URI": f"sqlite:///{tmp_path}/meltano.db",
        "XDG_STATE_HOME": str(tmp_path),
    }


def stub(folder: Path, *names: str) -> str:
    """Make programs that only write down how they were called; return a PATH that begins there."""
    for name in names:
        program = folder / name
        program.write_text(f'#!/bin/sh\necho {name} "$@" >> "{folder}/calls"\n')
        program.chmod(0o700)
    return f"{folder}:/usr/local/bin:/usr/bin:/bin"


def test_a_server(
    server: Path, settings: dict[str, str], company: Company, database: psycopg.Connection
) -> None:
    """It is small, has nothing for tests, and loads by hand and by cron."""
    block, _ = blocks("docs/schedulers.md", "A server")
    (cron,) = blocks("docs/recipes.md", "cron")
    megabytes = int(sh("du -sm --exclude .git .", server).stdout.split()[0])
    assert megabytes < MOST_MEGABYTES
    there = {path.name for path in (server / ".venv" / "bin").iterdir()}
    assert not there & {"pytest", "ruff", "mypy", "hadolint", "tap-rotor"}
    assert list((server / ".venv").rglob("meltano/cli/__pycache__/run.*.pyc"))

    sh(block.commands[2], server, **settings)
    for name in LISTS:
        assert_equal(database, name, company.rows(name))
    company.insert("leads")
    (hourly,) = (line for line in cron.text.splitlines() if "run hourly" in line)
    sh(hourly.split(maxsplit=5)[5].replace(PLACE, str(server)), server, **settings)
    assert_equal(database, "leads", company.rows("leads"))


def test_old_logs(tmp_path: Path) -> None:
    """Of Meltano's logs those go that are older than a month."""
    _, block = blocks("docs/schedulers.md", "A server")
    folder = tmp_path / ".local/state/meltano/log/elt/state/run"
    folder.mkdir(parents=True)
    (folder / "elt.log").touch()
    (folder / "old.log").touch()
    sh("touch --date '40 days ago' old.log", folder)
    sh(block.text.split(maxsplit=5)[5], tmp_path, HOME=str(tmp_path))
    assert [path.name for path in folder.iterdir()] == ["elt.log"]


def test_systemd(
    server: Path,
    settings: dict[str, str],
    company: Company,
    database: psycopg.Connection,
    tmp_path: Path,
) -> None:
    """systemd takes the files, and the command of the service loads."""
    (block,) = blocks("docs/schedulers.md", "systemd")
    units = tmp_path / "units"
    units.mkdir()
    copy, *enable = block.commands
    sh(copy.replace("sudo ", "").replace("/etc/systemd/system/", str(units)), server)
    for unit in units.iterdir():
        unit.write_text(unit.read_text().replace(PLACE, str(server)))
    path = stub(tmp_path, "systemctl")
    sh("\n".join(enable).replace("sudo ", ""), server, PATH=path)
    called = (tmp_path / "calls").read_text()
    timers = [unit.name for unit in units.glob("*.timer")]
    assert sorted(re.findall(r"\S+\.timer", called)) == sorted(timers)
    if shutil.which("systemd-analyze"):
        done = sh(f"systemd-analyze verify --man=no {shlex.join(timers)}", units)
        assert done.stderr == ""

    service = (units / "tap-rotor@.service").read_text()
    options = dict(line.split("=", 1) for line in service.splitlines() if "=" in line)
    command = options["ExecStart"].replace("%i", "nightly")
    sh(command, Path(options["WorkingDirectory"]), **settings)
    for name in LISTS:
        assert_equal(database, name, company.rows(name))


def test_airflow(
    server: Path,
    settings: dict[str, str],
    company: Company,
    database: psycopg.Connection,
    tmp_path: Path,
) -> None:
    """A real Airflow finds a DAG for each schedule, with its time, and runs one."""
    (block,) = blocks("docs/schedulers.md", "Airflow")
    programs = ensure_environment(ROOT / ".bench" / "airflow", REQUIREMENTS / "airflow.txt")
    environment = {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "PATH": f"{programs}:/usr/local/bin:/usr/bin:/bin",
        **settings,
    }
    (tmp_path / "dags").mkdir()
    sh(block.text.replace(PLACE, str(server)), tmp_path, **environment)
    sh("airflow db migrate", tmp_path, **environment)
    sh("airflow dags reserialize", tmp_path, **environment)
    printed = sh("airflow dags list --output json", tmp_path, **environment).stdout
    (listed,) = (json.loads(line) for line in printed.splitlines() if line.startswith("[{"))
    schedules = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))["schedules"]
    names = {f"rotor_{schedule['name'].replace('-', '_')}" for schedule in schedules}
    assert {dag["dag_id"] for dag in listed} == names
    sh("airflow dags test rotor_nightly", tmp_path, **environment)
    for name in LISTS:
        assert_equal(database, name, company.rows(name))


def test_kubernetes(tmp_path: Path) -> None:
    """Kubernetes' own schema knows all of it; the commands name what is in the file."""
    (block,) = blocks("docs/schedulers.md", "Kubernetes")
    programs = ensure_environment(ROOT / ".bench" / "kubernetes", REQUIREMENTS / "kubernetes.txt")
    text = (ROOT / "orchestrate/kubernetes/rotor.yaml").read_text(encoding="utf-8")
    jobs = yaml.safe_load(text)["items"]
    for job in jobs:
        (tmp_path / f"{job['metadata']['name']}.yaml").write_text(yaml.safe_dump(job))
    found = sh(f"'{programs}/kubernetes-validate' --strict *.yaml", tmp_path)
    assert found.stdout.count("passed for resource") == len(jobs), found.stdout + found.stderr

    sh(block.text, ROOT, PATH=stub(tmp_path, "kubectl"))
    calls = (tmp_path / "calls").read_text()
    assert re.findall(r"cronjob/(\S+)", calls) == ["rotor-nightly"]
    assert "rotor-nightly" in {job["metadata"]["name"] for job in jobs}
    assert "create secret generic rotor --from-env-file=.env" in calls


def test_github_actions(
    server: Path,
    settings: dict[str, str],
    company: Company,
    sandbox: Sandbox,
    database: psycopg.Connection,
) -> None:
    """On a runner that has forgotten all of the run before, the state in PostgreSQL goes on."""
    block, _ = blocks("docs/schedulers.md", "A server")
    schema, export = blocks("docs/schedulers.md", "State and locks")
    workflow = (ROOT / "orchestrate/github/rotor.yml").read_text(encoding="utf-8")
    _, install, run = yaml.safe_load(workflow)["jobs"]["load"]["steps"]
    assert install["run"] == block.commands[0]
    database.execute(schema.text.encode())
    known = {name.removeprefix("TARGET_POSTGRES_"): value for name, value in settings.items()}
    place = "{USER}:{PASSWORD}@{HOST}:{PORT}/{DATABASE}".format_map(known)
    script = export.text.replace("user:password@host/warehouse", place)
    set_state, list_states = script.splitlines()
    del settings["MELTANO_DATABASE_URI"]
    assert {*settings, "MELTANO_DATABASE_URI"} >= {*run["env"]} - {"NAME"}
    for name, requests in {"nightly": 6, "hourly": 2}.items():
        shutil.rmtree(server / ".meltano" / "run")
        sandbox.reset_log()
        sh(f"{set_state}\n{run['run']}", server, NAME=name, **settings)
        assert len(sandbox.requests) == requests
        company.insert("leads")
    assert sh(f"{set_state}\n{list_states}", server).stdout.split() == [
        "dev:tap-rotor-to-target-postgres"
    ]
    query = "select bookmark_before from tap_rotor.reads where stream = 'leads' order by started_at"
    before = [bookmark for (bookmark,) in database.execute(query).fetchall()]
    assert before[0] is None
    assert before[1]
