"""Installed elsewhere, from a fresh clone: with pip, into another Meltano project, into an image.

Needs the package index, as `make install` does.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import typing as t
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

from tests.harness.documents import blocks
from tests.harness.run import Run
from tools.harness.project import ROOT, clean_environment
from tools.harness.warehouse import assert_equal
from tools.sandbox import Company
from tools.sandbox.create import LISTS

if t.TYPE_CHECKING:
    import psycopg

    from tests.harness.project import Project
    from tools.sandbox import Sandbox

pytestmark = pytest.mark.long
CLONE = "git clone <address of this repository>"


@pytest.fixture
def company() -> Company:
    return Company(leads=40)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository with all that would be committed now."""
    folder = tmp_path / "a clone"
    listed = sh("git ls-files -z --cached --others --exclude-standard", ROOT).stdout
    for name in listed.rstrip("\0").split("\0"):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    author = "-c user.name=tests -c user.email=tests@example.com -c commit.gpgsign=false"
    sh(f"git init --quiet && git add --all && git {author} commit --quiet -m all", folder)
    return folder


def sh(script: str, folder: Path, **environment: str) -> Run:
    """Run a script of the shell.

    Raises:
        AssertionError: It did not end with status 0.
    """
    done = subprocess.run(
        ["/bin/sh", "-e", "-c", script],
        cwd=folder,
        env={**clean_environment(), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return Run(done.returncode, done.stdout, done.stderr)


def test_with_pip(clone: Path) -> None:
    """An environment with nothing else in it."""
    block, _ = blocks("README.md", "With pip and pipes")
    about = sh(block.text, clone).stdout
    assert "Name: tap-rotor" in about
    got = json.loads(sh("rotor/bin/tap-rotor --discover", clone).stdout)
    assert got == json.loads((ROOT / "catalog.json").read_text(encoding="utf-8"))


def test_into_another_project(
    clone: Path,
    company: Company,
    project: Project,
    database: psycopg.Connection,
) -> None:
    """A project that has a loader and has never heard of the tap."""
    (block,) = blocks("README.md", "Into a Meltano project of yours")
    project.set(PGTZ="UTC")
    (project.directory / ".meltano" / "extractors").unlink()
    logging = project.directory / "logging.yaml"
    logging.unlink()
    file = project.directory / "meltano.yml"
    loader = yaml.safe_load(file.read_text())["plugins"]["loaders"][0]
    del loader["env"]
    own: dict[str, t.Any] = {
        "default_environment": "dev",
        "environments": [{"name": "dev"}],
        "venv": {"backend": "uv"},
    }
    own |= {"plugins": {"loaders": [loader]}, "send_anonymous_usage_stats": False}
    file.write_text(yaml.safe_dump(own), encoding="utf-8")

    script = block.text.replace(CLONE, f"git clone '{clone}'")
    assert script != block.text
    programs = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    project.run(script, PATH=programs)
    for name in LISTS:
        assert_equal(database, name, company.rows(name))
    (plugin,) = yaml.safe_load(file.read_text())["plugins"]["extractors"]
    assert plugin["config"] == {"emit_activate_version_messages": True}
    assert logging.read_bytes() == (ROOT / "logging.yaml").read_bytes()
    shipped = yaml.safe_load((ROOT / "meltano-plugin.yml").read_text(encoding="utf-8"))
    assert {name: plugin[name] for name in shipped} == shipped


def test_in_a_container(clone: Path, company: Company, sandbox: Sandbox, tmp_path: Path) -> None:
    """The steps of the Dockerfile without Docker, with nothing but what .dockerignore lets in."""
    (block,) = blocks("README.md", "In a container")
    context = tmp_path / "src"
    for name in sh("git ls-files", clone).stdout.splitlines():
        if sent(name):
            (context / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(clone / name, context / name)
    image = tmp_path / "opt"
    sh(f"'{sys.executable}' -m venv machine", tmp_path)
    path = f"{tmp_path / 'machine' / 'bin'}:/usr/local/bin:/usr/bin:/bin"
    script, entrypoint = steps((clone / "Dockerfile").read_text(encoding="utf-8"))
    places = {"/opt": str(image), "/src": str(context)}
    sh(moved(script, places), context, PATH=path)
    assert list(image.rglob("paged_rest/__pycache__/startup.*.pyc"))
    program = moved(entrypoint, places)
    about = sh(f"{program} --about", tmp_path)
    assert "Version: 0.1.0" in about.stdout

    arguments = block.commands[-1].split(" tap-rotor ")[1]
    catalog = (ROOT / "catalog.json").read_text(encoding="utf-8")
    (tmp_path / "catalog.json").write_text(catalog, encoding="utf-8")
    (tmp_path / "state.json").write_text("{}")
    settings = {"TAP_ROTOR_API_URL": sandbox.url, "TAP_ROTOR_API_KEY": sandbox.api_key}
    sh(f"{program} {moved(arguments, {'/data': str(tmp_path)})}", tmp_path, **settings)
    messages = Run(0, (tmp_path / "messages.jsonl").read_text(encoding="utf-8"), "")
    for name in LISTS:
        assert {row["id"] for row in messages.records(name)} == {
            row["id"] for row in company.rows(name)
        }


def sent(name: str) -> bool:
    """Whether .dockerignore lets a file into the build: all is left out but what it names."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    first, *named = [line for line in lines if not line.startswith("#")]
    assert first == "*"
    assert all(line.startswith("!") for line in named)
    return any(fnmatch(name.split("/", maxsplit=1)[0], line[1:]) for line in named)


def steps(dockerfile: str) -> tuple[str, str]:
    """Return what is run to build, as a script, and what is run in the end."""
    lines = [line.split(" ", 1) for line in dockerfile.splitlines() if line and line[0] != "#"]
    script = []
    for instruction, argument in lines:
        if instruction == "RUN":
            script.append(argument)
        elif instruction in {"ARG", "ENV"}:
            script.append(f"export {argument}")
        elif instruction == "WORKDIR":
            script.append(f"cd {argument}")
        else:
            assert instruction in {"FROM", "COPY", "USER", "ENTRYPOINT"}
    (entrypoint,) = [json.loads(rest) for instruction, rest in lines if instruction == "ENTRYPOINT"]
    return "\n".join(script), " ".join(entrypoint)


def moved(script: str, places: dict[str, str]) -> str:
    """Return a script for other folders than those of the image."""
    for old, new in places.items():
        script = re.sub(rf"(?<![\w.]){old}(?=/|\b)", new, script)
    return script
