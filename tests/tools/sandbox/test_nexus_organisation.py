"""The organisation by itself: what its leads are made of, their order, their changes."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.harness.companies import hourly_organisation
from tools.sandbox import MISSING, Company, Organisation
from tools.sandbox.nexus.changes import change
from tools.sandbox.nexus.invent import STATUSES, e164

FIELDS = (
    *("id", "name", "phones", "emails", "primaryPhone", "primaryEmail", "contactId", "company"),
    *("source", "status", "notes", "nextCallAt", "createdAt", "updatedAt", "assignedToId"),
    "clientId",
)
NULLABLE = {
    *("primaryPhone", "primaryEmail", "company", "source", "notes", "nextCallAt"),
    *("assignedToId", "clientId"),
}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
OLD, NEW = "2020-01-01T00:00:00.000Z", "2026-06-30T12:00:01.000Z"


def ids(organisation: Organisation) -> list[str]:
    return [row["id"] for row in organisation.rows("leads")]


def test_same_arguments_same_bytes():
    people = Company(leads=50).rows("leads")

    def changed(seed=7):
        organisation = Organisation(80, seed, people=people)
        organisation.insert("leads", 3, source="mail")
        summaries = [change(organisation) for _ in range(3)]
        return json.dumps(organisation.rows("leads")), summaries, organisation.now

    assert changed() == changed()
    assert changed()[0] != changed(8)[0]
    assert (len(Organisation().rows("leads")), Organisation(0).rows("leads")) == (500, [])


def test_rows_are_as_documented_and_consistent():
    organisation = Organisation(400, people=Company(leads=100).rows("leads"))
    for _ in range(10):
        change(organisation)
    organisation.insert("leads", 18)
    rows = organisation.rows("leads")
    # In each round four enter and one goes.
    assert len(rows) == 400 + 10 * (4 - 1) + 18
    for row in rows:
        assert tuple(row) == FIELDS
        assert {name for name, value in row.items() if value is None} <= NULLABLE
        assert all(re.fullmatch(r"\+1\d{10}", phone) for phone in row["phones"])
        assert all(email == email.lower() for email in row["emails"])
        assert row["primaryPhone"] == (row["phones"] or [None])[0]
        assert row["primaryEmail"] == (row["emails"] or [None])[0]
        assert row["status"] in STATUSES
        assert all(MOMENT.fullmatch(row[name]) for name in ("createdAt", "updatedAt"))
        assert row["createdAt"] <= row["updatedAt"]
        assert row["nextCallAt"] is None or MOMENT.fullmatch(row["nextCallAt"])
        for name in ("id", "contactId", "assignedToId", "clientId"):
            assert row[name] is None or re.fullmatch(r"[0-9a-f]{24}", row[name])
    for name in NULLABLE:
        assert 0 < sum(row[name] is None for row in rows) < len(rows)
    contacts: dict[str, tuple[object, ...]] = {}
    for row in rows:
        described = (row["name"], row["phones"], row["emails"])
        assert contacts.setdefault(row["contactId"], described) == described
    # Some contacts are behind several leads.
    assert 0 < len(rows) - len(contacts) < 60


def test_some_people_are_in_rotor_too():
    people = Company(leads=300).rows("leads")
    known = {(row["name"], row["phone"] and e164(row["phone"]), row["email"]) for row in people}

    def both(**options):
        rows = Organisation(200, **options).rows("leads")
        found = [(row["name"], row["primaryPhone"], row["primaryEmail"]) for row in rows]
        return [person for person in found if person in known and person[1]]

    # Of 200: about three in ten.
    assert 40 < len(both(people=people)) < 80
    assert len(set(both(people=people))) > 40
    assert both() == []


@pytest.mark.parametrize("nulls", ["first", "last"])
def test_order(nulls):
    organisation = Organisation(200, nulls=nulls)
    change(organisation)

    def key(row):
        call, created = row["nextCallAt"], datetime.fromisoformat(row["createdAt"])
        return ((call is None) == (nulls == "last"), call or "", -created.timestamp())

    rows = organisation.rows("leads")
    assert rows == sorted(rows, key=key)
    assert (rows[0]["nextCallAt"] is None) == (nulls == "first")


def test_ties_come_as_they_were_entered():
    organisation = Organisation(0)
    organisation.step = timedelta(0)
    entered = [row["id"] for row in organisation.insert("leads", 9, nextCallAt=None)]
    assert ids(organisation) == entered
    organisation.edit("leads", entered[4], notes="Called")
    assert ids(organisation) == entered


def test_a_new_lead_and_an_import():
    organisation = Organisation(0)
    (new,) = organisation.insert("leads")
    assert (new["createdAt"], new["updatedAt"], new["status"]) == (NEW, NEW, "NOT_CONTACTED")
    (old,) = organisation.insert("leads", createdAt=datetime(2020, 1, 1, tzinfo=UTC))
    assert (old["createdAt"], old["updatedAt"]) == (OLD, NEW)
    with pytest.raises(ValueError, match=old["id"]):
        organisation.insert("leads", id=old["id"])


def test_an_hour_between_all_that_happens():
    organisation = hourly_organisation(3, start=datetime(2026, 1, 1, tzinfo=UTC))
    created = [f"2026-01-01T0{hour}:00:00.000Z" for hour in (1, 2, 3)]
    rows = sorted(organisation.rows("leads"), key=lambda row: row["createdAt"])
    assert [row["createdAt"] for row in rows] == [row["updatedAt"] for row in rows] == created
    edited = organisation.edit("leads", rows[0]["id"], notes="Called")
    assert edited["updatedAt"] == "2026-01-01T04:00:00.000Z"


def test_edit_and_reschedule():
    organisation = Organisation(0)
    first, second, third = organisation.insert("leads", 3, nextCallAt="2026-07-01T09:00:00.000Z")
    assert ids(organisation) == [third["id"], second["id"], first["id"]]
    edited = organisation.edit("leads", second["id"], status="LOST", notes="No")
    later = "2026-06-30T12:00:04.000Z"
    assert edited == {**second, "status": "LOST", "notes": "No", "updatedAt": later}
    assert organisation.row("leads", second["id"]) == edited
    assert ids(organisation) == [third["id"], second["id"], first["id"]]
    moved = organisation.edit("leads", third["id"], nextCallAt="2026-07-02T09:00:00.000Z")
    assert moved["updatedAt"] == "2026-06-30T12:00:05.000Z"
    assert ids(organisation) == [second["id"], first["id"], third["id"]]
    # One that leaves no trace.
    silent = organisation.edit("leads", first["id"], nextCallAt=None, updatedAt=OLD)
    assert (silent["updatedAt"], organisation.now.second) == (OLD, 5)
    assert ids(organisation)[0] == first["id"]
    organisation.delete("leads", [first["id"], second["id"]])
    assert ids(organisation) == [third["id"]]


def test_edit_of_a_contact():
    organisation = Organisation(20)
    one, two = organisation.insert("leads", 2, contactId="c" * 24)
    (other,) = organisation.insert("leads")
    before = ids(organisation)
    news = {"name": "B", "phones": [], "emails": ["b@example.com", "c@example.com"]}
    changed = organisation.edit_contact("c" * 24, **news)
    firsts = {"primaryPhone": None, "primaryEmail": "b@example.com"}
    wanted = {row["id"]: {**row, **news, **firsts} for row in (one, two)}
    assert {row["id"]: row for row in changed} == wanted
    assert [organisation.row("leads", row_id) for row_id in wanted] == list(wanted.values())
    assert organisation.row("leads", other["id"]) == other
    assert ids(organisation) == before
    with pytest.raises(KeyError):
        organisation.edit_contact("d" * 24, name="B")


def test_odd_rows():
    organisation = Organisation(5)
    (odd,) = organisation.insert(
        "leads", createdAt="soon", nextCallAt=5, extra={"a": [1]}, status=MISSING, name="\ud800"
    )
    assert (odd["createdAt"], odd["nextCallAt"], odd["extra"]) == ("soon", 5, {"a": [1]})
    assert "status" not in odd
    # As if it had no call, and was entered just now.
    assert organisation.rows("leads")[0] == odd


def test_a_round_of_changes():
    organisation = Organisation(1600)
    before = {row["id"]: row for row in organisation.rows("leads")}
    start = organisation.now
    summary = change(organisation)["leads"]
    assert timedelta(hours=1) <= organisation.now - start <= timedelta(hours=6)
    assert {kind: len(found) for kind, found in summary.items()} | {"contact_edited": 0} == {
        "inserted": 16,
        "edited": 32,
        "rescheduled": 32,
        "contact_edited": 0,
        "deleted": 3,
    }
    after = {row["id"]: row for row in organisation.rows("leads")}
    assert after.keys() - before.keys() == set(summary["inserted"])
    assert before.keys() - after.keys() == set(summary["deleted"])
    changed = {
        row_id: {name for name in FIELDS if row[name] != after[row_id][name]}
        for row_id, row in before.items()
        if row_id in after and row != after[row_id]
    }
    assert changed.keys() == {
        row_id for kind in ("edited", "rescheduled", "contact_edited") for row_id in summary[kind]
    }
    contacts = {before[row_id]["contactId"] for row_id in summary["contact_edited"]}
    assert len(contacts) == 8
    for row_id in set(summary["contact_edited"]) - {*summary["edited"], *summary["rescheduled"]}:
        assert changed[row_id] == {"phones", "primaryPhone"}
    for row_id in set(summary["rescheduled"]) - set(summary["contact_edited"]):
        assert changed[row_id] == {"nextCallAt", "updatedAt"}
    for row_id in summary["edited"]:
        assert {"notes", "updatedAt"} <= changed[row_id]
    assert change(Organisation(0))["leads"] == {kind: [] for kind in summary}
    alike = Organisation(0)
    alike.insert("leads", 600, contactId="c" * 24)
    (told,) = change(alike).values()
    # Three are chosen; all leads of their contact are told, each once.
    of_contact = {row["id"] for row in alike.rows("leads") if row["contactId"] == "c" * 24}
    assert sorted(told["contact_edited"]) == sorted(of_contact | {*told["deleted"]})


def test_what_is_done_at_once_is_one_change():
    organisation = Organisation(10)
    rows = organisation.lists["leads"]
    with organisation.changing():
        organisation.insert("leads", 2)
        organisation.edit_contact(organisation.rows("leads")[0]["contactId"], name="B")
        organisation.delete("leads", ids(organisation)[0])
    assert rows.stale == (10, 10)
