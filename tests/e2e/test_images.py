"""The Dockerfile, without Docker: its commands in folders of their own, then what each image runs.

Needs the package index, as `make install` does.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import typing as t
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

from tests.harness.clone import clone, sh
from tests.harness.documents import blocks
from tools.harness.project import ROOT
from tools.harness.warehouse import assert_equal
from tools.sandbox import Company
from tools.sandbox.create import LISTS

if t.TYPE_CHECKING:
    import psycopg

    from tests.harness.run import Run
    from tools.harness.postgres import Postgres
    from tools.sandbox import Sandbox

pytestmark = pytest.mark.long
VERSION = "1.2.3"
PLACES = re.compile(r"(?<![\w.-])(/usr/local/lib/python3\.13|/data|/opt|/rotor|/tmp)(?=/|\b)")
LIBRARY = "usr/local/lib/python3.13"
# Root may write everywhere; without these, it may do what its files allow.
BOUND = "setpriv --bounding-set=-dac_override,-dac_read_search" if os.geteuid() == 0 else ""


@pytest.fixture
def company() -> Company:
    return Company(leads=40)


class Image:
    """What a target of the Dockerfile makes, in folders below another one than /."""

    def __init__(self, target: str, root: Path) -> None:
        """Copy what .dockerignore lets in, and run what leads to the target."""
        self.root = root
        for name in ("rotor", "opt", "tmp", LIBRARY):
            (root / name).mkdir(parents=True)
        (root / LIBRARY / "module.py").touch()
        source = clone(root / "clone")
        for name in sh("git ls-files", source).stdout.splitlines():
            if sent(name):
                (root / "rotor" / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source / name, root / "rotor" / name)
        # Python as the base image has it: with pip, and nothing else.
        sh(f"'{sys.executable}' -m venv machine", root)
        needed = stages_to(target)
        arguments = "\n".join([f"VERSION={VERSION}", *needed[0]])
        path = f"{root / 'machine' / 'bin'}:/usr/local/bin:/usr/bin:/bin"
        sh(self.moved(arguments), root / "rotor", PATH=path)
        final = [line for stage in needed[1] for line in STAGES[stage]]
        variables = [word for kind, text in final if kind == "ENV" for word in text.split()]
        self.variables = dict(word.split("=") for word in map(self.moved, variables))
        (entrypoint,) = [json.loads(text) for kind, text in final if kind == "ENTRYPOINT"]
        self.entrypoint = self.moved(entrypoint[0])
        assert ("USER", "65534:65534") in final
        assert ("HEALTHCHECK", "NONE") in final

    def moved(self, script: str) -> str:
        """Return a script for the folders of this image."""
        return PLACES.sub(lambda found: str(self.root / found[1].lstrip("/")), script)

    def run(self, arguments: str, **environment: str) -> Run:
        """Run the image, nothing of which can be written, in an empty home."""
        environment = {**self.variables, "HOME": "/nonexistent", **environment}
        script = f"exec {BOUND} '{self.entrypoint}' {self.moved(arguments)}"
        run = sh(script, self.root / "rotor", **environment)
        assert not Path(environment["HOME"]).exists()
        return run

    def close(self, *writable: str) -> None:
        """Let nothing be written any more but in some folders, which are emptied."""
        for name in writable:
            shutil.rmtree(self.moved(name))
            Path(self.moved(name)).mkdir()
        sh("chmod -R a-w rotor opt usr", self.root)
        for name in writable:
            Path(self.moved(name)).chmod(0o1777)


def instructions(dockerfile: str) -> dict[str, list[tuple[str, str]]]:
    """Return the instructions of each stage, FROM first."""
    lines = [line for line in dockerfile.splitlines() if line and line[0] != "#"]
    stages: dict[str, list[tuple[str, str]]] = {}
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        kind, text = line.split(" ", 1)
        if kind == "FROM":
            base, name = text.split(" AS ")
            stages[name] = []
            text = base
        stages[name].append((kind, text))
    return stages


STAGES = instructions((ROOT / "Dockerfile").read_text(encoding="utf-8"))


def stages_to(target: str) -> tuple[list[str], list[str]]:
    """Return what is run to build a target, in order, and the stages that it is itself made of."""
    needed = [target]
    for stage in needed:
        bases = [base] if (base := STAGES[stage][0][1]) in STAGES else []
        copied = [re.findall(r"--from=(\S+) (\S+) (\S+)", text) for _, text in STAGES[stage]]
        # In one folder, nothing needs to be copied from stage to stage.
        assert all(source == place for found in copied for _, source, place in found)
        needed += [*bases, *(stage for found in copied for stage, _, _ in found)]
    own = [stage for stage in STAGES if stage in {target, STAGES[target][0][1]}]
    script = []
    for stage in STAGES:
        for kind, text in STAGES[stage] if stage in needed and stage != target else ():
            if kind == "RUN":
                script.append(text)
            elif kind == "ENV":
                script.append(f"export {text}")
            elif kind == "ARG":
                assert text.startswith("VERSION=")
            else:
                assert kind in {"FROM", "COPY", "WORKDIR", "HEALTHCHECK"}
    assert "RUN" not in {kind for kind, _ in STAGES[target]}
    return script, own


def sent(name: str) -> bool:
    """Whether .dockerignore lets a file into the build: all is left out but what it names."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    first, *rules = [line for line in lines if not line.startswith("#")]
    assert first == "*"
    named = any(fnmatch(name.split("/", 1)[0], rule[1:]) for rule in rules if rule[0] == "!")
    left_out = any(name.startswith(rule) for rule in rules if rule[0] != "!")
    return named and not left_out


def compiled(folder: Path) -> bool:
    """Whether the modules in a folder have byte code."""
    sources = [path for path in folder.rglob("*.py") if "__pycache__" not in path.parts]
    assert sources
    missing = [p for p in sources if not list((p.parent / "__pycache__").glob(f"{p.stem}.*.pyc"))]
    return len(missing) < len(sources) / 100  # templates are no Python


def test_the_tap(company: Company, sandbox: Sandbox, tmp_path: Path) -> None:
    """It has the version that it was told, byte code, and reads all lists."""
    build, about, run = blocks("README.md", "In a container")[0].commands
    assert build == f"docker build --target tap --build-arg VERSION={VERSION} --tag tap-rotor ."
    image = Image("tap", tmp_path)
    image.close()
    assert f"Version: {VERSION}" in image.run(about.split(" tap-rotor ")[1]).stdout
    assert compiled(tmp_path / "opt")
    assert list((tmp_path / LIBRARY).rglob("module.*.pyc"))

    (tmp_path / "data").mkdir()
    shutil.copy(ROOT / "catalog.json", tmp_path / "data")
    (tmp_path / "data" / "state.json").write_text("{}")
    arguments, messages = run.split(" tap-rotor ")[1].split(" > ")
    assert messages == "messages.jsonl"
    settings = {"TAP_ROTOR_API_URL": sandbox.url, "TAP_ROTOR_API_KEY": sandbox.api_key}
    read = image.run(arguments, **settings)
    for name in LISTS:
        assert {row["id"] for row in read.records(name)} == {
            row["id"] for row in company.rows(name)
        }


def test_the_pipeline(
    company: Company,
    sandbox: Sandbox,
    postgres: Postgres,
    database: psycopg.Connection,
    tmp_path: Path,
) -> None:
    """As Docker starts it, then as Kubernetes does: read-only, with the state in PostgreSQL."""
    (block,) = blocks("docs/schedulers.md", "Images")
    build, run = block.commands
    assert build.startswith(f"docker build --target pipeline --build-arg VERSION={VERSION} ")
    jobs = cron_jobs()
    writable = mounts(jobs["hourly"])
    assert set(re.findall(r"--tmpfs (\S+)", run)) == set(writable)
    image = Image("pipeline", tmp_path)
    image.close(*writable)
    database.execute("create schema meltano")
    settings = {
        "TAP_ROTOR_API_URL": sandbox.url,
        "TAP_ROTOR_API_KEY": sandbox.api_key,
        **postgres.target_settings(database.info.dbname),
        "MELTANO_DATABASE_URI": database_uri(postgres, database.info.dbname),
    }
    image.run(run.split(f" rotor-pipeline:{VERSION} ")[1], **settings)
    image.run("run dbt-postgres:build", **settings)
    for name in LISTS:
        assert_equal(database, name, company.rows(name))
    version = database.execute("select distinct tap_version from tap_rotor.reads").fetchall()
    assert version == [(VERSION,)]

    for path in writable:
        shutil.rmtree(image.moved(path))
        Path(image.moved(path)).mkdir()
    company.insert("leads")
    sandbox.reset_log()
    image.run(" ".join(jobs["hourly"]["args"]), **settings)
    assert len(sandbox.requests) == 2
    assert_equal(database, "leads", company.rows("leads"))


def cron_jobs() -> dict[str, dict[str, t.Any]]:
    """Return the container of each CronJob, by the name of the schedule that it runs."""
    text = (ROOT / "orchestrate/kubernetes/rotor.yaml").read_text(encoding="utf-8")
    containers = [
        job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
        for job in yaml.safe_load(text)["items"]
    ]
    return {container["args"][-1]: container for container in containers}


def mounts(container: dict[str, t.Any]) -> list[str]:
    """Return where a container may write."""
    assert container["securityContext"]["readOnlyRootFilesystem"]
    return [mount["mountPath"] for mount in container["volumeMounts"]]


def database_uri(postgres: Postgres, name: str) -> str:
    """Return where Meltano keeps states and locks, as documented, for a database of ours."""
    _, block = blocks("docs/schedulers.md", "State and locks")
    (uri,) = re.findall(r"MELTANO_DATABASE_URI='(\S+)'", block.text)
    known = postgres.credentials(name)
    given = f"{known['user']}:{known['password']}@{known['host']}:{known['port']}/{name}"
    return uri.replace("user:password@host/warehouse", given)
