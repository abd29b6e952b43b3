"""POST of leads and customers: validation, matching, merging, creating."""

from __future__ import annotations

import pytest


def test_create_a_lead(client, company):
    answer = client.post("/leads", {})
    assert answer.status_code == 201
    row = company.rows("leads")[0]
    assert {name for name, value in row.items() if value is None} == set(row) - {
        *("id", "archived", "created_at", "name", "stage", "tags")
    }
    body = {
        "address_street1": "1 Y",
        "email": "a@b.co",
        "name": "A",
        "priority": "high",
        "projected_value": 12.5,
        "source": "Website",
        "tags": ["t"],
        "unknown": 1,
    }
    answer = client.post("/leads", body)
    row = company.rows("leads")[0]
    assert (row["property_street1"], row["lead_source"]) == ("1 Y", "Website")
    assert "unknown" not in row
    parts = ("city", "country", "state", "street1", "street2", "zip")
    assert answer.json() == {
        **row,
        **{f"address_{part}": row[f"property_{part}"] for part in parts},
        "message": "Lead created successfully",
        "source": "Website",
        "status": "success",
    }


def test_update_a_lead(client, sandbox, company):
    (row,) = company.insert("leads", phone="1", email="a@b.co", tags=["x"], stage="New")
    (other,) = company.insert("leads", phone="2", email="other@b.co")

    def update(body):
        answer = client.post("/leads", body)
        assert answer.status_code == 200
        return answer.json()["id"]

    assert update({"id": row["id"], "phone": "2", "stage": "Won"}) == row["id"]
    assert company.row("leads", row["id"])["stage"] == "Won"
    # Both have the phone now: the first of the list.
    assert update({"phone": "2", "email": "a@b.co"}) == other["id"]
    company.edit("leads", row["id"], phone=None)
    assert update({"phone": "3", "email": "a@b.co", "tags": ["y", "x"]}) == other["id"]
    company.edit("leads", other["id"], email=None)
    assert update({"phone": "4", "email": "a@b.co", "tags": ["y", "x"]}) == row["id"]
    assert company.row("leads", row["id"])["tags"] == ["x", "y"]
    nobody = {"id": "00000000-0000-4000-a000-000000000000", "phone": "2"}
    assert client.post("/leads", nobody).status_code == 404
    sandbox.switch(upsert_unknown_id="create")
    answer = client.post("/leads", nobody)
    assert (answer.status_code, answer.json()["id"]) == (201, nobody["id"])
    sandbox.switch(upsert_unknown_id="create_anew", upsert_default_source="Website")
    nobody["id"] = nobody["id"].replace("a", "b")
    answer = client.post("/leads", nobody)
    assert answer.status_code == 201
    assert answer.json()["id"] != nobody["id"]
    assert answer.json()["source"] == "Website"


def test_a_null(client, sandbox, company):
    (row,) = company.insert("leads", notes="old", email="a@b.co")
    body = {"id": row["id"], "notes": None}
    sandbox.switch(upsert_null="ignore")
    assert client.post("/leads", body).json()["notes"] == "old"
    sandbox.switch(upsert_null="clear")
    assert client.post("/leads", body).json()["notes"] is None
    assert [name for name, _ in sandbox.posted] == ["leads", "leads"]


def test_a_stage_that_no_lead_has(client, sandbox, company):
    (row,) = company.insert("leads", stage="New")
    body = {"id": row["id"], "stage": "Wno"}
    sandbox.switch(upsert_unknown_stage="refuse")
    answer = client.post("/leads", body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "stage")
    assert client.post("/leads", {**body, "stage": "Won"}).json()["stage"] == "Won"
    sandbox.switch(upsert_unknown_stage="ignore")
    assert client.post("/leads", body).json()["stage"] == "Won"
    sandbox.switch(upsert_unknown_stage="take")
    assert client.post("/leads", body).json()["stage"] == "Wno"


def test_contacts_in_another_form(client, sandbox, company):
    (row,) = company.insert("leads", phone="(612) 555-0100", email="A@b.co")
    body = {"phone": "612.555.0100", "email": "x@b.co"}
    assert client.post("/leads", body).status_code == 201
    sandbox.switch(upsert_contacts="plain")
    company.edit("leads", company.rows("leads")[0]["id"], phone=None, email=None)
    answer = client.post("/leads", body).json()
    assert (answer["id"], answer["phone"]) == (row["id"], "6125550100")
    answer = client.post("/leads", {"email": "X@B.co"}).json()
    assert (answer["id"], answer["email"]) == (row["id"], "x@b.co")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/leads", {"email": "nobody"}, "email"),
        ("/leads", {"id": "7"}, "id"),
        ("/leads", {"id": None}, "id"),
        ("/leads", {"name": 5}, "name"),
        ("/leads", {"priority": "urgent"}, "priority"),
        ("/leads", {"projected_value": "5"}, "projected_value"),
        ("/leads", {"tags": "x"}, "tags"),
        ("/leads", [1], "body"),
        ("/customers", {"email": "nobody"}, "email"),
        ("/customers", {"status": "gone"}, "status"),
        ("/customers", {"billing_same_as_property": "yes"}, "billing_same_as_property"),
        ("/customers", {"tags": [1]}, "tags"),
    ],
)
def test_validation(client, company, path, body, field):
    before = company.rows("leads"), company.rows("customers")
    answer = client.post(path, body)
    assert answer.status_code == 400
    assert answer.json()["message"] == "Validation failed"
    assert [problem["field"] for problem in answer.json()["errors"]] == [field]
    if body == {"email": "nobody"}:
        assert answer.json()["errors"] == [{"field": "email", "message": "Invalid email format"}]
    assert (company.rows("leads"), company.rows("customers")) == before


def test_a_body_that_is_no_json(client):
    answer = client.session.post(f"{client.url}/leads", data="{", timeout=10)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "body")


def test_upsert_a_customer(client, company):
    body = {
        "first_name": "A",
        "phone": "1",
        "billing_city": "X",
        "billing_same_as_property": False,
        "property_city": "Y",
        "service_type": "Lawn Care",
        "tags": ["t"],
    }
    answer = client.post("/customers", body)
    assert answer.status_code == 201
    created = answer.json()
    assert created == {
        **{f"billing_{part}": None for part in ("country", "state", "street1", "street2", "zip")},
        **{f"property_{part}": "" for part in ("country", "state", "street1", "zip")},
        **dict.fromkeys(("company_name", "email", "last_name", "source"), ""),
        **dict.fromkeys(("notes", "property_street2", "service_frequency")),
        **body,
        "id": created["id"],
        "created_at": "2026-06-30T12:00:01.000Z",
        "message": "Customer created successfully",
        "status": "active",
    }
    answer = client.post("/customers", {"phone": "1", "property_zip": "5", "status": "inactive"})
    assert answer.status_code == 200
    assert answer.json() == {
        **created,
        "property_zip": "5",
        "status": "inactive",
        "message": "Customer updated successfully",
    }
    row = company.row("customers", created["id"])
    assert len(row) == 14
    assert row["address"]["zip"] == "5"
