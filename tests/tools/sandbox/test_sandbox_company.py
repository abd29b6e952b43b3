"""The company by itself: what it is made of, its clock, its order, its changes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tools.sandbox import MISSING, Company
from tools.sandbox.changes import change
from tools.sandbox.create import LISTS

LEAD = (
    "id archived archived_at assigned_to created_at email follow_up_date lead_source location "
    "name notes phone priority projected_value property_city property_country property_state "
    "property_street1 property_street2 property_zip service_type stage tags value_score"
)
FIELDS = {
    "leads": LEAD,
    "customers": "id address company_name created_at email first_name is_auto_pay last_name "
    "location notes phone source status tags",
    "pins": "id created_at created_by location pin_type",
    "pin_types": "id color label",
    "service_plans": "id active created_at customer num_completed_jobs num_pending_jobs "
    "num_scheduled_jobs sale_value service_frequency service_type sold_by start_date "
    "total_received",
    "serviced_jobs": "id customer service_date service_plan_id technicians total_outstanding "
    "total_received",
}


def everything(company: Company) -> str:
    return json.dumps(
        [company.rows(name, only_completed=False) for name in LISTS], ensure_ascii=False
    )


def test_same_arguments_same_bytes():
    def changed():
        company = Company(leads=200, seed=7)
        company.insert("leads", 3, stage="New")
        summaries = [change(company) for _ in range(3)]
        return everything(company), summaries, company.now

    assert changed() == changed()
    assert everything(Company(leads=20, seed=1)) != everything(Company(leads=20, seed=2))


def test_sizes():
    def sizes(company):
        return [len(company.lists[name].by_id) for name in LISTS]

    assert sizes(Company(leads=40)) == [40, 20, 80, 6, 10, 40]
    explicit = Company(5, customers=0, pins=3, pin_types=8, service_plans=0, serviced_jobs=2)
    assert sizes(explicit) == [5, 0, 3, 8, 0, 2]
    assert sizes(Company(leads=0)) == [0, 0, 0, 6, 0, 0]
    with pytest.raises(TypeError, match="jobs"):
        Company(5, jobs=1)


def test_the_length_of_one_list_leaves_the_others_alone():
    many, few = Company(leads=50), Company(leads=50, pins=1, serviced_jobs=3)
    assert many.rows("leads") == few.rows("leads")
    assert many.rows("service_plans") == few.rows("service_plans")


@pytest.mark.parametrize("name", LISTS)
def test_rows_have_the_documented_fields_in_their_order(name):
    company = Company(leads=100)
    for _ in range(8):
        change(company)
    for row in company.rows(name, only_completed=False):
        assert list(row) == FIELDS[name].split()
    assert len(LEAD.split()) == 24


def test_customers_have_one_of_two_payment_fields():
    company = Company(leads=4, payment_field="has_payment_method")
    (row,) = company.insert("customers")
    for customer in [row, *company.rows("customers")]:
        assert customer["has_payment_method"] in {True, False}
        assert "is_auto_pay" not in customer
        assert len(customer) == 14


def test_rows_are_consistent():
    company = Company(leads=400)
    for _ in range(3):
        change(company)
    customers = {row["id"]: row for row in company.rows("customers")}
    plans = {row["id"]: row for row in company.rows("service_plans")}
    kinds = {row["id"] for row in company.rows("pin_types")}
    team = {person["user_id"] for person in company.inventor.team}
    for plan in plans.values():
        assert 0 <= plan["total_received"] <= plan["sale_value"]
        assert min(plan[f"num_{kind}_jobs"] for kind in ("completed", "pending", "scheduled")) >= 0
        shown = plan["customer"]
        assert shown == {name: customers[shown["id"]][name] for name in shown}
    for job in company.rows("serviced_jobs", only_completed=False):
        assert job["customer"]["id"] in customers
        if job["service_plan_id"]:
            assert plans[job["service_plan_id"]]["customer"] == job["customer"]
        assert {person["user_id"] for person in job["technicians"]} <= team
    for pin in company.rows("pins"):
        assert pin["pin_type"]["id"] in kinds
        assert pin["created_by"]["user_id"] in team
        assert None not in pin.values()
    for lead in company.rows("leads"):
        assert (lead["archived_at"] is not None) == lead["archived"]
        assert lead["archived_at"] is None or lead["archived_at"] >= lead["created_at"]


def test_leads_are_spread_over_three_years_with_some_ties():
    company = Company(leads=3000, customers=0, pins=0, service_plans=0, serviced_jobs=0)
    times = [row["created_at"] for row in company.rows("leads")]
    assert times == sorted(times, reverse=True)
    assert times[0] < "2026-06-30T12:00:00.000Z"
    assert times[-1] > "2023-06-01T00:00:00.000Z"
    assert 10 < len(times) - len(set(times)) < 100
    assert all(len(time) == len("2026-02-03T10:11:12.345Z") for time in times)
    size = sum(len(row.data) for row in company.lists["leads"].by_id.values()) / 3000
    assert 600 < size < 750


def test_the_clock_moves_a_step_at_each_insert():
    company = Company(leads=3, start=datetime(2026, 1, 1, tzinfo=UTC))
    first, second = company.insert("leads", 2)
    assert first["created_at"] == "2026-01-01T00:00:01.000Z"
    assert second["created_at"] == "2026-01-01T00:00:02.000Z"
    assert company.advance(timedelta(hours=1)) == company.now
    assert company.now == datetime(2026, 1, 1, 1, 0, 2, tzinfo=UTC)
    company.step = timedelta(0)
    assert len({row["created_at"] for row in company.insert("pins", 3)}) == 1
    imported = company.insert("leads", 2, created_at=datetime(2020, 5, 5, tzinfo=UTC))
    assert [row["created_at"] for row in imported] == ["2020-05-05T00:00:00.000Z"] * 2
    assert company.now == datetime(2026, 1, 1, 1, 0, 2, tzinfo=UTC)


def test_order_of_newest_first_lists():
    company = Company(leads=3)
    (new,) = company.insert("leads")
    (old,) = company.insert("leads", created_at="2001-01-01T00:00:00Z")
    (null,) = company.insert("leads", created_at=None)
    (again,) = company.insert("leads", created_at=new["created_at"])
    (wrong,) = company.insert("leads", created_at="soon")
    ids = [row["id"] for row in company.rows("leads")]
    assert ids[0] == null["id"]
    assert ids[1:4] == [wrong["id"], again["id"], new["id"]]
    assert ids[-1] == old["id"]
    company.edit("leads", new["id"], stage="Won")
    assert [row["id"] for row in company.rows("leads")] == ids
    company.edit("leads", new["id"], created_at="1999-01-01T00:00:00Z")
    assert [row["id"] for row in company.rows("leads")][-1] == new["id"]


def test_switches_of_the_order():
    company = Company(leads=1, ties="oldest", nulls="last")
    (null,) = company.insert("leads", created_at=None)
    tied = company.insert("leads", 2, created_at="2027-01-01T00:00:00Z")
    ids = [row["id"] for row in company.rows("leads")]
    assert ids[:2] == [row["id"] for row in tied]
    assert ids[-1] == null["id"]


def test_customers_are_in_the_order_of_their_names():
    company = Company(leads=300)
    company.insert("customers", 20)
    company.edit("customers", company.rows("customers")[7]["id"], last_name="Aaron")
    keys = [
        (row["last_name"].casefold(), row["first_name"].casefold())
        for row in company.rows("customers")
    ]
    assert keys == sorted(keys)
    assert len(keys) == 170


def test_serviced_jobs_are_ordered_by_what_is_not_shown():
    company = Company(leads=100)
    rows = company.rows("serviced_jobs", only_completed=False)
    hidden = [company.hidden("serviced_jobs", row["id"]) for row in rows]
    entered = [values["created_at"] for values in hidden]
    assert entered == sorted(entered, reverse=True)
    assert {"Completed", "Scheduled"} <= {values["status"] for values in hidden}
    assert "Quote" not in {values["status"] for values in hidden}


def test_only_completed_and_archived_jobs():
    company = Company(leads=0)
    (job,) = company.insert("serviced_jobs", status="Scheduled", created_at="2026-01-01T00:00:00Z")
    assert "status" not in job
    assert company.rows("serviced_jobs") == []
    assert company.rows("serviced_jobs", only_completed=False) == [job]
    company.edit("serviced_jobs", job["id"], status="Completed")
    assert company.rows("serviced_jobs") == [job]
    company.archive(job["id"])
    assert company.rows("serviced_jobs", only_completed=False) == []
    company.unarchive(job["id"])
    assert company.rows("serviced_jobs") == [job]
    company.insert("serviced_jobs", status="Quote")
    assert company.rows("serviced_jobs", only_completed=False) == [job]


def test_archiving_leads_and_customers():
    company = Company(leads=0)
    lead, customer = company.insert("leads")[0], company.insert("customers")[0]
    company.archive([lead["id"], customer["id"]])
    archived = {**lead, "archived": True, "archived_at": "2026-06-30T12:00:02.000Z"}
    assert company.rows("leads") == [archived]
    assert company.rows("leads", archived=False) == []
    assert company.rows("customers") == [customer]
    assert company.rows("customers", archived=False) == []
    company.unarchive([lead["id"], customer["id"]])
    assert company.rows("leads", archived=False) == [lead]
    assert company.rows("customers", archived=False) == [customer]
    with pytest.raises(KeyError):
        company.archive("nobody")


def test_odd_rows():
    company = Company(leads=2)
    (odd,) = company.insert(
        "leads",
        extra={"a": [1]},
        projected_value="500",
        tags=None,
        stage=MISSING,
        name="\x00\ud800",
        value_score=Decimal("12345678901234.56"),
    )
    assert odd["extra"] == {"a": [1]}
    assert odd["projected_value"] == "500"
    assert "stage" not in odd
    assert odd["name"] == "\x00\ud800"
    assert company.row("leads", odd["id"]) == odd
    (huge,) = company.insert("leads", value_score=10**30)
    assert huge["value_score"] == 10**30
    (no_id,) = company.insert("leads", id=MISSING)
    assert "id" not in no_id
    (chosen,) = company.insert("leads", id="my own")
    assert company.row("leads", "my own") == chosen
    with pytest.raises(ValueError, match="my own"):
        company.insert("leads", id="my own")
    assert len(company.rows("leads")) == 6


def test_edit_and_delete():
    company = Company(leads=10)
    row = company.rows("leads")[4]
    edited = company.edit("leads", row["id"], stage="Odd", more=1)
    assert edited == {**row, "stage": "Odd", "more": 1}
    assert company.rows("leads")[4] == edited
    company.delete("leads", row["id"])
    company.delete("leads", [other["id"] for other in company.rows("leads")[:2]])
    assert len(company.rows("leads")) == 7
    assert company.row("leads", row["id"]) is None
    with pytest.raises(KeyError):
        company.delete("leads", row["id"])
