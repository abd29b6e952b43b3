"""From a released version to this one: its state goes on, its tables are filled on."""

from __future__ import annotations

import json
import re
import subprocess
import typing as t

import pytest

from tests.harness.released import FOLDER, read
from tools.harness import plugins
from tools.harness.project import ROOT, clean_environment
from tools.harness.warehouse import assert_equal
from tools.sandbox import Company, Sandbox
from tools.sandbox.create import LISTS

if t.TYPE_CHECKING:
    from pathlib import Path

    import psycopg

    from tools.harness.postgres import Postgres

TARGET = "target-postgres"
VERSIONS = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())


@pytest.mark.long
@pytest.mark.parametrize("version", VERSIONS)
def test_upgrade(
    version: str, postgres: Postgres, database: psycopg.Connection, tmp_path: Path
) -> None:
    """Of a long list no more is read than is new, and all tables are as the API in the end."""
    written = (FOLDER / version / "messages.jsonl").read_text(encoding="utf-8")
    company = company_of(FOLDER / version / "rows.jsonl")
    file = tmp_path / "target.json"
    settings = {**plugins.settings(TARGET), **postgres.credentials(database.info.dbname)}
    file.write_text(json.dumps({**settings, "default_target_schema": "tap_rotor"}))
    load(written, file)
    for name in LISTS:
        assert_equal(database, name, company.rows(name))

    state = json.loads(written.splitlines()[-1])["value"]
    old = json.loads((FOLDER / version / "catalog.json").read_text(encoding="utf-8"))
    company.delete("customers", [company.rows("customers")[3]["id"]])
    # A row that enters behind the bookmark: the state tells that there were fewer.
    company.insert("leads", created_at=company.rows("leads")[14]["created_at"])
    with Sandbox(company) as sandbox:
        for catalog in (old, None):
            company.insert("leads", 2)
            run = read(tmp_path, sandbox, state=state, catalog=catalog, lookback_days=0)
            assert (sandbox.count("/leads") == 1) == (catalog is None)
            assert sandbox.count("/pins") == 1
            load(run.stdout, file)
            for name in LISTS:
                assert_equal(database, name, company.rows(name))
            state = run.states[-1]


def company_of(file: Path) -> Company:
    """Return a company that has the rows of a file, which the API of another time has shown."""
    company = Company(leads=0, pins=0, pin_types=0, customers=0, service_plans=0, serviced_jobs=0)
    entries = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    hidden = {"archived": False, "status": "Completed"}
    for name in LISTS:
        company.fill(name, ((e["row"], hidden) for e in entries if e["list"] == name))
    return company


def load(messages: str, config: Path) -> None:
    """Let target-postgres load messages, as in the project."""
    subprocess.run(
        [plugins.program(TARGET), "--config", config],
        check=True,
        input=messages,
        env={**clean_environment(), **plugins.variables(TARGET)},
        capture_output=True,
        text=True,
    )


def test_the_last_tag_is_among_them() -> None:
    """A checkout without tags, as a shallow one, cannot tell."""
    tags = subprocess.run(
        ["git", "tag", "--list", "v*"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    released = [tag for tag in tags.stdout.split() if re.fullmatch(r"v\d+\.\d+\.\d+", tag)]
    newest = max(released, key=lambda tag: [int(part) for part in tag[1:].split(".")], default="")
    assert not newest or newest[1:] in VERSIONS
