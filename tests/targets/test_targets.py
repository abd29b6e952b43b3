"""Six other targets: what their tables hold after three loads, value by value.

What a target is known to do otherwise is in its entry in `others.py`: a test fails where a target
does worse than that, and where it does better.
"""

from __future__ import annotations

import json
import typing as t
from collections import Counter
from operator import attrgetter

import pytest
from psycopg import sql

from tests.harness.run import READS
from tests.harness.streams import NAMES
from tests.targets.loads import three_loads
from tests.targets.others import REQUIREMENTS, SCHEMA, TARGETS, Place, Target, plain
from tools.harness.project import ROOT

if t.TYPE_CHECKING:
    from pathlib import Path

    import psycopg

    from tests.harness.run import Run
    from tests.targets.loads import Load, Row, Rows
    from tools.harness.postgres import Postgres


def test_the_page_says_which_versions_are_tested() -> None:
    page = (ROOT / "docs" / "targets.md").read_text(encoding="utf-8").splitlines()
    for target in TARGETS:
        wanted = (REQUIREMENTS / f"{target.name}.txt").read_text(encoding="utf-8").split()
        (line,) = [line for line in page if line.startswith(f"| {target.name} ")]
        _, version, status, *_ = line.split(" | ")
        assert f"{target.name}=={version}" in wanted
        assert status.startswith("tested")


@pytest.mark.long
@pytest.mark.parametrize("target", TARGETS, ids=attrgetter("name"))
def test_what_it_holds(
    target: Target, postgres: Postgres, database: psycopg.Connection, tmp_path: Path
) -> None:
    place = Place(tmp_path / "a folder", postgres.credentials(database.info.dbname), database)
    place.folder.mkdir()
    database.execute(sql.SQL("create schema {}").format(sql.Identifier(SCHEMA)))
    held: dict[str, Rows] = {name: {} for name in NAMES}
    reads: Rows = {}
    sent: Counter[str] = Counter()
    for load in three_loads(tmp_path, **target.tap):
        state = target.load(load.run.stdout, place)
        assert json.loads(state or "null") == load.run.state
        for name in NAMES:
            held[name] = rows_after(load, target, name, held[name])
            sent[name] += len(load.run.ids(name))
            rows = target.rows(place, name)
            assert len(rows) == (sent[name] if target.keeps == "all" else len(held[name])), name
            assert_equal(target, held[name], {row["id"]: row for row in rows}, name)
        reads = told(load.run.records(READS)) | ({} if target.keeps == "last" else reads)
        assert_equal(target, reads, told(target.rows(place, READS)), READS)
    assert_is_a_table(target, place, load.run, reads)
    for change in target.changes:
        assert any(plain(change(value)) != plain(value) for value in values(held)), change


def told(rows: list[Row]) -> Rows:
    """Return rows of `reads` by their key."""
    found = {f"{row['run_id']} {row['stream']}": row for row in rows}
    assert len(found) == len(rows)
    return found


def assert_is_a_table(target: Target, place: Place, run: Run, reads: Rows) -> None:
    """Assert that the columns of `reads` have types, and that its key keeps rows apart."""
    (schema,) = run.of_type("SCHEMA", READS)
    text, moment, number = target.of_types or (None, None, None)
    found = target.types(place, READS) if target.types else {}
    for name, of in schema["schema"]["properties"].items():
        kind = number if "integer" in of["type"] else moment if "format" in of else text
        assert found.get(name) == kind, name
    again = [line for line in run.stdout.splitlines(keepends=True) if f'"{READS}"' in line]
    target.load("".join(again), place)
    twice = len(run.reads) if target.keeps == "all" else 0
    assert len(target.rows(place, READS)) == len(reads) + twice


def rows_after(load: Load, target: Target, name: str, before: Rows) -> Rows:
    """Return the rows that must be held of a list after a load."""
    rows = load.rows[name]
    if target.keeps == "last":
        return {key: rows[key] for key in load.run.ids(name)}
    return rows if target.deletes and name in load.whole else before | rows


def assert_equal(target: Target, want: Rows, got: Rows, name: str) -> None:
    """Compare what is held with rows of the API, column by column."""
    assert got.keys() == want.keys(), name
    for key, row in want.items():
        expected = {column: target.held(value) for column, value in row.items()}
        found = {column: plain(got[key][column]) for column in got[key] if column[:4] != "_sdc"}
        assert found == expected, name


def values(held: dict[str, Rows]) -> t.Iterator[t.Any]:
    """Yield every value that must be held."""
    for rows in held.values():
        for row in rows.values():
            yield from row.values()
