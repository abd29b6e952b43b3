"""The dbt project on tables that are not as they should be."""

from __future__ import annotations

import json
import shutil
import typing as t

import pytest
from psycopg import sql

from tests.harness import transform as expected
from tests.harness.transform import LOAD, dbt, in_duckdb, rows
from tools.harness.meltano import MeltanoError
from tools.harness.warehouse import SCHEMA
from tools.sandbox.create import LISTS

if t.TYPE_CHECKING:
    from pathlib import Path

    import psycopg

    from tests.harness.pipeline import Pipeline
    from tools.harness.postgres import Postgres
    from tools.sandbox import Company, Organisation

ROTOR: t.Final = "rotor.load_status where source_system = 'rotor'"
FRESHNESS = ("source", "freshness", "--select", "source:rotor")


@pytest.mark.long
def test_tables_in_any_state(
    postgres: Postgres, database: psycopg.Connection, pipeline: Pipeline, tmp_path: Path
) -> None:
    """No tables, empty ones, nothing but nulls, columns and rows gone: all of it builds."""
    name = database.info.dbname
    settings = expected.connection_settings(postgres, name)

    def build(*arguments: str) -> dict[str, int]:
        dbt("dbt-postgres", "build", *arguments, folder=tmp_path, **settings)
        return expected.tables(database)

    build()
    nothing = dict.fromkeys(build("--exclude-resource-type", "unit_test"), 0)
    nothing |= {"rotor.lead_stages": 6, "rotor.common_stages": 11, "rotor.load_status": 7}
    nothing |= {"rotor_staging.loaded_tables": 7}
    assert expected.tables(database) == nothing
    assert rows(database, "select distinct is_loaded from rotor.load_status") == [(False,)]

    pipeline.run(*LOAD)
    for table in (*LISTS, "reads"):
        database.execute(sql.SQL("delete from {}").format(sql.Identifier(SCHEMA, table)))
    assert build("--exclude-resource-type", "unit_test") == nothing

    # Beside the nulls that the target writes, which the other test has: SQL's own.
    for table in LISTS:
        into = sql.SQL("insert into {} (id) values ('blank')")
        database.execute(into.format(sql.Identifier(SCHEMA, table)))
    counts = build("--exclude-resource-type", "unit_test")
    ones = {"leads", "all_leads", "lead_funnel", "lead_conversion", "open_pipeline", "customers"}
    ones |= {"door_knocking", "recurring_revenue", "technician_months", "lead_stage_periods"}
    assert {name: counts[f"rotor.{name}"] for name in ones} == {
        # (none) is where the lead is, and New is what every lead has reached.
        name: 2 if name == "lead_funnel" else 1
        for name in ones
    }

    # A column that is not selected; a row that is deleted in Rotor.
    for column in ("stage", "projected_value", "extra_fields", "tags"):
        drop = sql.SQL("alter table {} drop column {} cascade")
        database.execute(drop.format(sql.Identifier(SCHEMA, "leads"), sql.Identifier(column)))
    database.execute("update tap_rotor.customers set _sdc_deleted_at = now()")
    counts = build("--exclude-resource-type", "unit_test")
    assert (counts["rotor.leads"], counts["rotor.customers"]) == (1, 0)
    # The history is kept where its table is gone.
    database.execute("drop table tap_rotor.leads cascade")
    counts = build("--exclude-resource-type", "unit_test")
    assert (counts["rotor.leads"], counts["rotor_history.lead_history"]) == (0, 1)


@pytest.mark.long
def test_deletion_and_documentation(
    postgres: Postgres,
    company: Company,
    database: psycopg.Connection,
    pipeline: Pipeline,
    tmp_path: Path,
) -> None:
    """What is deleted in Rotor leaves the marts and ends its stay; the documentation is clean."""
    settings = expected.connection_settings(postgres, database.info.dbname)
    build = [*LOAD, "dbt-postgres:build"]
    pipeline.run(*build, **expected.environment(tmp_path))
    gone = {name: company.rows(name)[3]["id"] for name in ("leads", "customers", "pins")}
    for name, key in gone.items():
        company.delete(name, key)
    pipeline.run("--full-refresh", *build, **expected.environment(tmp_path))

    expected.assert_marts(database, company)
    ended = "select lead_id from rotor.lead_stage_periods where not is_current"
    assert rows(database, ended) == [(gone["leads"],)]
    deleted = dict(rows(database, f"select table_name, deleted_rows from {ROTOR}"))
    assert deleted == {name: int(name in gone) for name in LISTS}
    dbt("dbt-postgres", "--warn-error", "docs", "generate", folder=tmp_path, **settings)
    catalog = json.loads((tmp_path / "dbt" / "catalog.json").read_text(encoding="utf-8"))
    assert len(catalog["sources"]) == len([*LISTS, "reads"])
    manifest = json.loads((tmp_path / "dbt" / "manifest.json").read_text(encoding="utf-8"))
    # A test that keeps what it found has a view too.
    models = {name: of for name, of in catalog["nodes"].items() if not name.startswith("test.")}
    for name, model in models.items():
        described = manifest["nodes"][name]["columns"]
        assert [each for each in model["columns"] if each not in described] == [], name
    dbt("dbt-postgres", "--warn-error", *FRESHNESS, folder=tmp_path, **settings)


@pytest.mark.long
def test_nexus_erp_alone(
    postgres: Postgres,
    organisation: Organisation,
    nexus_settings: dict[str, str],
    database: psycopg.Connection,
    pipeline: Pipeline,
) -> None:
    """Without Rotor all builds, and its leads are those that are not deleted in Nexus ERP."""
    load = ["tap-nexus-erp", "target-postgres"]
    pipeline.run(*load, **nexus_settings)
    gone = organisation.rows("leads")[3]["id"]
    organisation.delete("leads", gone)
    pipeline.run("--full-refresh", *load, **nexus_settings)

    settings = expected.connection_settings(postgres, database.info.dbname)
    dbt("dbt-postgres", "build", folder=pipeline.meltano.directory, **settings)
    living = organisation.rows("leads")
    expected.assert_all_leads(database, nexus_erp=living)
    staged = "select lead_id, is_deleted from rotor_staging.stg_nexus_erp__leads"
    keys = [gone, *(lead["id"] for lead in living)]
    assert dict(rows(database, staged)) == {key: key == gone for key in keys}
    found = rows(
        database,
        "select source_system, is_loaded, sum(living_rows), sum(deleted_rows)"
        " from rotor.load_status group by 1, 2",
    )
    assert sorted(found) == [("nexus_erp", True, len(living), 1), ("rotor", False, 0, 0)]
    assert expected.tables(database)["rotor.leads"] == 0


@pytest.mark.long
def test_duckdb_keeps_what_others_made(tmp_path: Path) -> None:
    """A table without a file stays as it is: of the user's own sources, and of ours."""
    project = tmp_path / "project"
    shutil.copytree(expected.PROJECT, project)
    shop = "sources: [{name: shop, tables: [{name: orders}]}]"
    (project / "models" / "shop.yml").write_text(shop, encoding="utf-8")
    file = tmp_path / "warehouse.duckdb"
    made = (
        *("create schema shop", "create table shop.orders as select 1 as id"),
        *("create schema tap_rotor", "create table tap_rotor.pin_types as select 'a' as id"),
    )
    in_duckdb(file, *made)
    settings = {"DBT_TARGET": "duckdb", "DBT_DUCKDB_PATH": str(file)}
    settings["DBT_PROJECT_DIR"] = str(project)
    only = ("run", "--select", "stg_rotor__pin_types")
    for files in ("", str(tmp_path)):
        dbt("dbt-duckdb", *only, folder=tmp_path, **settings, DBT_DUCKDB_FILES=files)
        orders, types = in_duckdb(
            file, "select id from shop.orders", "select * from rotor_staging.stg_rotor__pin_types"
        )
        assert (orders, [pin_type_id for pin_type_id, *_ in types]) == ([[1]], ["a"])


@pytest.mark.long
def test_partial_load(
    postgres: Postgres,
    company: Company,
    database: psycopg.Connection,
    pipeline: Pipeline,
    tmp_path: Path,
) -> None:
    """A load that fails stops in front of dbt, and `load_status` tells of it all the same."""
    settings = {
        "TAP_ROTOR_LOOKBACK_DAYS": "36500",
        "TAP_ROTOR_PAGE_SIZE": "10",
        "TAP_ROTOR_RETRY_MINUTES": "0",
        **expected.environment(tmp_path),
    }
    pipeline.run(*LOAD, "dbt-postgres:build", **settings)
    whole = {name: ("complete", True, len(company.rows(name)), 0) for name in LISTS}
    assert status(database) == whole

    pipeline.sandbox.rule("status", "/customers", status=500, times=None)
    pipeline.sandbox.rule("status", "/service-plans", page=2, status=500, times=None)
    with pytest.raises(MeltanoError):
        pipeline.run(*LOAD, "dbt-postgres:build", **settings)
    customers, plans = (len(company.rows(name)) for name in ("customers", "service_plans"))
    partial = {
        "customers": ("incomplete", False, customers, 0),
        "service_plans": ("incomplete", True, 10, plans - 10),
    }
    assert status(database) == {**whole, **partial}

    # The models show what is there; the build fails.
    target = expected.connection_settings(postgres, database.info.dbname)
    with pytest.raises(AssertionError) as failure:
        dbt("dbt-postgres", "build", folder=tmp_path, **target)
    said = str(failure.value)
    assert "FAIL 2 lists_are_complete" in said
    assert "ERROR=1 " in said
    assert status(database) == {**whole, **partial}


def status(database: psycopg.Connection) -> dict[str, tuple[str, bool, int, int]]:
    """Return whether each table is in the last load, and its rows of the last load and before."""
    found = rows(
        database,
        "select table_name, status, is_in_last_load, rows_of_last_load, rows_of_earlier_loads"
        f" from {ROTOR}",
    )
    return {name: tuple(counts) for name, *counts in found}
