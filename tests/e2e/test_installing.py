"""Installed elsewhere, from a fresh clone: with pip, into another Meltano project.

Needs the package index, as `make install` does.
"""

from __future__ import annotations

import json
import sys
import typing as t
from pathlib import Path

import pytest
import yaml

from tests.harness.clone import clone as make_clone
from tests.harness.clone import sh
from tests.harness.documents import blocks
from tools.harness.project import ROOT
from tools.harness.warehouse import assert_equal
from tools.sandbox import Company
from tools.sandbox.create import LISTS

if t.TYPE_CHECKING:
    import psycopg

    from tests.harness.project import Project

pytestmark = pytest.mark.long
ADDRESS = "<address of this repository>"
TAG = "v1.2.3"


@pytest.fixture
def company() -> Company:
    return Company(leads=40)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository whose last commit is the version of the README."""
    folder = make_clone(tmp_path / "a clone")
    sh(f"git tag {TAG}", folder)
    return folder


def test_with_pip(clone: Path) -> None:
    """An environment with nothing else in it, of the version that the tag says."""
    block, _ = blocks("README.md", "With pip and pipes")
    assert f"@{TAG}'" in block.text
    about = sh(block.text.replace(ADDRESS, clone.as_uri()), clone).stdout
    assert "Name: tap-rotor" in about
    assert "Version: 1.2.3\n" in about
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

    assert f"git clone --branch {TAG} {ADDRESS} " in block.text
    script = block.text.replace(ADDRESS, f"'{clone}'")
    programs = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    project.run(script, PATH=programs)
    for name in LISTS:
        assert_equal(database, name, company.rows(name))
    written = yaml.safe_load(file.read_text())
    (plugin,) = written["plugins"]["extractors"]
    assert plugin["config"] == {"emit_activate_version_messages": True}
    assert logging.read_bytes() == (ROOT / "logging.yaml").read_bytes()
    shipped = yaml.safe_load((ROOT / "meltano-plugin.yml").read_text(encoding="utf-8"))
    assert {name: plugin[name] for name in shipped} == shipped

    # The other `pip_url` that the README names.
    plugin["pip_url"] = f"git+{clone.as_uri()}@{TAG}"
    file.write_text(yaml.safe_dump(written), encoding="utf-8")
    project.run("meltano install tap-rotor", PATH=programs)
    told = project.run("meltano invoke tap-rotor --version", PATH=programs)
    assert "tap-rotor v1.2.3," in told
