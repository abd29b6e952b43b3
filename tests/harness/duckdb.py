"""DuckDB for the tests: by programs of the environment of target-duckdb, whose version it is."""

from __future__ import annotations

import json
import subprocess
import typing as t
from decimal import Decimal

from tools.harness.environments import ensure_environment
from tools.harness.project import ROOT

if t.TYPE_CHECKING:
    from pathlib import Path

REQUIREMENTS = ROOT / "tests" / "targets" / "requirements" / "target-duckdb.txt"
PROGRAM = """
import duckdb, json, sys
connection = duckdb.connect(sys.argv[1])
found = connection.execute(sys.argv[2])
names = [column[0] for column in found.description]
print(json.dumps([dict(zip(names, row)) for row in found.fetchall()], default=str))
connection.close()
"""


def programs() -> Path:
    """Return the folder of the programs, made if it is not there yet."""
    return ensure_environment(ROOT / ".bench" / "targets" / "target-duckdb", REQUIREMENTS)


def execute(file: Path, statement: str) -> list[dict[str, t.Any]]:
    """Return the rows of a statement; what JSON has no type for is text."""
    done = subprocess.run(
        [programs() / "python", "-c", PROGRAM, file, statement],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    rows: list[dict[str, t.Any]] = json.loads(done.stdout, parse_float=Decimal)
    return rows
