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
CLONE = "git clone <address of this repository>"


@pytest.fixture
def company() -> Company:
    return Company(leads=40)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return make_clone(tmp_path / "a clone")


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
