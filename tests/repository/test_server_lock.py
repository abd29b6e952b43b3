"""requirements-server.lock has what meltano.yml and load/ ask for, and the Meltano of the tests."""

from __future__ import annotations

import re
import tomllib

import yaml

from tools.harness.project import ROOT


def locked(name: str) -> dict[str, str]:
    """Return the version of each distribution in a lock file."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE))


def test_it_has_the_versions_of_the_plugins():
    plugins = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))["plugins"]
    (dbt,) = (plugin for plugin in plugins["utilities"] if plugin["name"] == "dbt-postgres")
    loader = tomllib.loads((ROOT / "load/pyproject.toml").read_text(encoding="utf-8"))
    asked = [*dbt["pip_url"].split(), *loader["project"]["dependencies"]]
    wanted = {requirement for requirement in asked if "==" in requirement}
    assert len(wanted) == 3
    server = locked("requirements-server.lock")
    assert wanted <= {f"{name}=={version}" for name, version in server.items()}


def test_meltano_is_the_one_of_the_tests():
    assert locked("requirements-server.lock")["meltano"] == locked("requirements.lock")["meltano"]
