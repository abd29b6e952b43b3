"""The leads of Nexus ERP in PostgreSQL: all, what was updated, all again."""

from __future__ import annotations

import typing as t
from collections import Counter
from datetime import timedelta

import pytest

from tests.harness.transform import rows
from tools.harness.warehouse import assert_equal, column_types

if t.TYPE_CHECKING:
    import psycopg

    from tests.harness.pipeline import Pipeline
    from tools.sandbox import NexusSandbox, Organisation

SCHEMA = "tap_nexus_erp"
LOAD = ["tap-nexus-erp", "target-postgres"]
TYPES = {
    **dict.fromkeys(("id", "name", "primaryPhone", "primaryEmail", "contactId"), "text"),
    **dict.fromkeys(("company", "source", "status", "notes"), "text"),
    **dict.fromkeys(("assignedToId", "clientId"), "text"),
    **dict.fromkeys(("nextCallAt", "createdAt", "updatedAt"), "timestamp"),
    **dict.fromkeys(("phones", "emails"), "_text"),
    "extra_fields": "jsonb",
}


@pytest.mark.long
def test_runs(
    organisation: Organisation,
    nexus: NexusSandbox,
    nexus_settings: dict[str, str],
    database: psycopg.Connection,
    pipeline: Pipeline,
) -> None:
    """Table and API agree, but for what `updatedAt` does not tell until the full refresh."""

    def load(*options: str) -> int:
        nexus.reset_log()
        # What was made less than five minutes before a run may cost it a second reading.
        organisation.advance(timedelta(minutes=6))
        # Nothing is asked of Rotor.
        assert pipeline.run(*options, *LOAD, **nexus_settings) == {}
        return nexus.count("/leads")

    organisation.insert("leads", phones=[], emails=[], name='ü "{},NULL" \\', nextCallAt=None)
    assert load() == 2
    first = organisation.rows("leads")
    assert_equal(database, "leads", first, SCHEMA)
    assert column_types(database, "leads", SCHEMA) == TYPES
    sent = "select id from tap_nexus_erp.leads where _sdc_sync_started_at = ("
    sent += "select max(_sdc_sync_started_at) from tap_nexus_erp.leads)"
    assert len(rows(database, sent)) == len(first)

    # Whose contact is edited is another's than whose lead is.
    contacts = Counter(lead["contactId"] for lead in first)
    moved, called, renamed, gone = [lead for lead in first if contacts[lead["contactId"]] == 1][-4:]
    organisation.edit("leads", moved["id"], status="CONVERTED", clientId="c1", nextCallAt=None)
    organisation.edit("leads", called["id"], nextCallAt="2027-01-01T15:00:00.000Z")
    organisation.edit_contact(renamed["contactId"], name="Another", phones=["+16125550100"] * 2)
    organisation.delete("leads", gone["id"])
    new = organisation.insert("leads", 3)
    assert load() == 2
    living = {lead["id"]: lead for lead in organisation.rows("leads")}
    stale = {lead["id"]: lead for lead in (renamed, gone)}
    assert_equal(database, "leads", {**living, **stale}.values(), SCHEMA)
    # What was updated last before comes again, as another of the same moment may have come late.
    assert {moved["id"], called["id"], *(lead["id"] for lead in new)} < {
        key for (key,) in rows(database, sent)
    }
    assert len(rows(database, sent)) == 6

    assert load("--full-refresh") == 2
    assert_equal(database, "leads", living.values(), SCHEMA)
    deleted = "select id from tap_nexus_erp.leads where _sdc_deleted_at is not null"
    assert rows(database, deleted) == [(gone["id"],)]
