"""The main job: all of Rotor in PostgreSQL, then what changed, then everything again."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

import pytest
from psycopg import sql

from tests.harness.streams import ROTOR
from tools.harness.meltano import MeltanoError
from tools.harness.warehouse import SCHEMA, actual, assert_equal
from tools.sandbox.create import LISTS

if t.TYPE_CHECKING:
    import psycopg

    from tests.harness.pipeline import Pipeline
    from tools.sandbox import Company

PAGE = 50
LOAD = ["tap-rotor", "target-postgres"]
LOOKBACK = timedelta(days=30)
SMALL_PAGES = {"TAP_ROTOR_PAGE_SIZE": str(PAGE)}


def test_runs(company: Company, database: psycopg.Connection, pipeline: Pipeline) -> None:
    """First run, changes, full refresh, hardly any: table and API agree, at the exact cost."""
    assert pipeline.run(*LOAD, **SMALL_PAGES) == cost_of_all(company)
    for name in LISTS:
        assert_equal(database, name, company.rows(name))
    # The next run takes the catalog of this one, and starts the tap once.
    assert (pipeline.meltano.directory / "run/tap-rotor/tap.properties.cache_key").exists()

    # A day of work in Rotor; all of it lies within the lookback but for one edit and one deletion.
    newest, recent, gone, oldest = (company.rows("leads")[place] for place in (0, 1, -2, -1))
    floors = {name: moment(company.rows(name)[0]) - LOOKBACK for name in ("leads", "pins")}
    # Further apart than the five minutes that a row may come late.
    company.step = timedelta(minutes=6)
    company.insert("leads", 60)
    company.insert("pins", 3)
    company.edit("leads", newest["id"], stage="Won", projected_value=1234.56, tags=["a", 'ü, "'])
    company.edit("leads", oldest["id"], stage="Won")
    company.archive(recent["id"])
    company.delete("leads", gone["id"])
    customers = company.rows("customers")
    company.insert("customers")
    company.edit("customers", customers[0]["id"], notes=None, phone="")
    company.archive(customers[1]["id"])
    company.edit("pin_types", company.rows("pin_types")[0]["id"], label="Renamed")
    company.edit("service_plans", company.rows("service_plans")[-1]["id"], total_received=0.01)
    company.insert("serviced_jobs", status="Completed")
    company.delete("serviced_jobs", company.rows("serviced_jobs")[1]["id"])

    cost = cost_of_all(company)
    for name, floor in floors.items():
        # Up to the page on which the first row below the floor stands.
        wanted = sum(moment(row) >= floor for row in company.rows(name))
        cost[ROTOR[name].path] = overlapping_pages(wanted + 1)
    assert pipeline.run(*LOAD, **SMALL_PAGES) == cost
    for name in LISTS[1:]:
        assert_equal(database, name, company.rows(name))
    # What the lookback does not reach stays as it was.
    leads = {row["id"]: row for row in [*company.rows("leads"), gone, oldest]}
    assert_equal(database, "leads", leads.values())

    # The weekly full refresh catches up.
    assert pipeline.run("--full-refresh", *LOAD, **SMALL_PAGES) == cost_of_all(company)
    for name in LISTS:
        assert_equal(database, name, company.rows(name))

    # Its state carries on: little news costs one request, none does too.
    (lead,) = company.insert("leads")
    cost = {**cost_of_all(company), "/leads": 1, "/pins": 1}
    assert pipeline.run(*LOAD, **SMALL_PAGES, TAP_ROTOR_LOOKBACK_DAYS="0") == cost
    assert lead["id"] in actual(database, "leads")


@pytest.mark.long
def test_failed_list_removes_nothing(
    company: Company, database: psycopg.Connection, pipeline: Pipeline
) -> None:
    """A list that cannot be read leaves its table as it was, and the others are loaded."""
    pipeline.run(*LOAD)
    customers = company.rows("customers")
    company.insert("customers")
    company.insert("pins")
    pipeline.sandbox.rule("status", "/customers", status=500, times=None)

    with pytest.raises(MeltanoError):
        pipeline.run(*LOAD, TAP_ROTOR_RETRY_MINUTES="0")
    assert_equal(database, "customers", customers)
    assert_equal(database, "pins", company.rows("pins"))


@pytest.mark.long
def test_hard_delete(company: Company, database: psycopg.Connection, pipeline: Pipeline) -> None:
    """Where the target is told to delete for good, what is gone in Rotor is gone."""
    pipeline.run(*LOAD)
    for name in ("leads", "customers"):
        company.delete(name, company.rows(name)[3]["id"])
    pipeline.run("--full-refresh", *LOAD, TARGET_POSTGRES_HARD_DELETE="true")
    for name in LISTS:
        assert_equal(database, name, company.rows(name))
        query = sql.SQL("select count(*) from {}").format(sql.Identifier(SCHEMA, name))
        assert database.execute(query).fetchone() == (len(company.rows(name)),)


def cost_of_all(company: Company) -> dict[str, int]:
    """Return how many requests all lists cost that are read whole."""
    pages: dict[str, int] = {
        of.path: -(-len(company.rows(name)) // PAGE) for name, of in ROTOR.items()
    }
    for name in ("leads", "pins", "service_plans"):
        pages[ROTOR[name].path] = overlapping_pages(len(company.rows(name)), to_the_end=True)
    # Their rows carry no creation date: only a second pass proves the first.
    pages[ROTOR["serviced_jobs"].path] *= 2
    return pages


def overlapping_pages(rows: int, *, to_the_end: bool = False) -> int:
    """Return how many pages show so many rows if each begins two rows before the next one to read.

    The end is a page that is not full; otherwise the last of the rows is enough.
    """
    pages, shown, size = 1, PAGE, PAGE
    while shown <= rows if to_the_end else shown < rows:
        size = max(range(3, PAGE + 1), key=lambda size: (shown - 2) // size * size + size)
        shown = (shown - 2) // size * size + size
        pages += 1
    return pages


def moment(row: dict[str, t.Any]) -> datetime:
    return datetime.fromisoformat(row["created_at"])


@pytest.mark.long
def test_interrupted_full_refresh(
    company: Company, database: psycopg.Connection, pipeline: Pipeline
) -> None:
    """Meltano merges the state of an interrupted full refresh into the one before.

    Normal runs after it go on with the refresh: nothing is lost, and old edits arrive.
    """
    pipeline.run(*LOAD, **SMALL_PAGES)
    oldest = company.rows("leads")[-1]
    company.edit("leads", oldest["id"], stage="Won")
    company.insert("leads", 60)

    # The budget is spent on the second page of leads, then on the next: the first run of a pair
    # is a full refresh, what follows are normal runs.
    refresh = ["--full-refresh", *LOAD]
    assert sum(pipeline.run(*refresh, **SMALL_PAGES, TAP_ROTOR_REQUEST_BUDGET="2").values()) == 2
    assert oldest["id"] in actual(database, "leads")
    assert actual(database, "leads")[oldest["id"]]["stage"] != "Won"
    for _ in range(2):
        pipeline.run(*LOAD, **SMALL_PAGES)
    for name in LISTS:
        assert_equal(database, name, company.rows(name))
