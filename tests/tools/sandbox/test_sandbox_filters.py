"""Every filter of the lists, and the switches of filters."""

from __future__ import annotations


def test_search_leads(client, company):
    (lead,) = company.insert("leads", name="Zaphod B", email="z.b@example.com", phone="555-01234")
    (other,) = company.insert("leads", name=None, email=None, phone=None)
    for text in ("zaph", "Z.B@EXAMPLE", "5-0123"):
        rows, pagination = client.page("/leads", search=text)
        assert (rows, pagination["total"]) == ([lead], 1)
    assert client.ids("/leads", search="not there") == []
    assert other["id"] in client.ids("/leads")


def test_search_customers(client, company):
    (row,) = company.insert(
        "customers",
        first_name="Zaphod",
        last_name="Beeblebrox",
        company_name="Heart of Gold",
        email="z@gold.example",
        phone="555-01234",
    )
    for text in ("zaph", "brox", "of gold", "z@GOLD", "5-0123"):
        assert client.page("/customers", search=text)[0] == [row]


def test_stage(client, sandbox, company):
    expected = [row["id"] for row in company.rows("leads", archived=False) if row["stage"] == "Won"]
    assert expected
    assert client.ids("/leads", stage="Won") == expected
    assert client.ids("/leads", stage="won") == []
    assert client.ids("/leads", stage="Wo") == []
    sandbox.switch(stage_match="ignore_case")
    assert client.ids("/leads", stage="won") == expected


def test_filters_follow_changes(client, company):
    won = client.ids("/leads", stage="Won")
    (row,) = company.insert("leads", stage="Won")
    assert client.ids("/leads", stage="Won") == [row["id"], *won]
    company.edit("leads", row["id"], stage="Lost")
    assert client.ids("/leads", stage="Won") == won


def test_filtered_pages(client, company):
    company.insert("leads", 25, stage="Odd")
    rows, pagination = client.page("/leads", stage="Odd", limit=10, page=3)
    assert len(rows) == 5
    assert pagination == {"has_more": False, "limit": 10, "page": 3, "total": 25}
    assert client.page("/leads", stage="Odd", limit=10, page=2)[1]["has_more"] is True


def test_tags_of_leads(client, company):
    one, two = company.insert("leads", tags=["x"])[0], company.insert("leads", tags=["y", "z"])[0]
    company.insert("leads", tags=None)
    assert client.ids("/leads", tags="x, y") == [two["id"], one["id"]]
    assert client.ids("/leads", tags="z") == [two["id"]]
    assert client.ids("/leads", tags="q") == []


def test_tags_of_customers(client, sandbox, company):
    (both,) = company.insert("customers", tags=["x", "y"], last_name="A")
    (one,) = company.insert("customers", tags=["x"], last_name="B")
    assert client.ids("/customers", tags="x,y") == [both["id"], one["id"]]
    sandbox.switch(customer_tags="all")
    assert client.ids("/customers", tags="x,y") == [both["id"]]


def test_status_of_customers(client, company):
    for status in ("active", "inactive"):
        rows = company.rows("customers", archived=False)
        expected = [row for row in rows if row["status"] == status]
        assert expected
        assert client.page("/customers", status=status)[0] == expected


def test_pins_by_type_and_creator(client, company):
    rows = company.rows("pins")
    kind, user = rows[0]["pin_type"]["id"], rows[0]["created_by"]["user_id"]
    by_kind = [row["id"] for row in rows if row["pin_type"]["id"] == kind]
    assert 1 < len(by_kind) < len(rows)
    assert client.ids("/pins", pin_type_id=kind.upper()) == by_kind
    by_user = [row["id"] for row in rows if row["created_by"]["user_id"] == user]
    assert client.ids("/pins", user_id=user) == by_user
    assert client.ids("/pins", user_id=user, pin_type_id=kind) == [
        row_id for row_id in by_user if row_id in by_kind
    ]


def test_pin_types(client, company):
    answer = client.get("/pin-types", limit=1, page=7)
    assert answer.json() == {"data": company.rows("pin_types"), "status": "success"}


def test_plans_by_creation(client, sandbox, company):
    times = [f"2027-01-0{day}T10:00:00.500Z" for day in (1, 2, 3)]
    first, second, third = (
        company.insert("service_plans", created_at=time)[0]["id"] for time in times
    )
    company.insert("service_plans", created_at=None)

    def found(start, end=None):
        ends = {"created_at_range_start": start, "created_at_range_end": end}
        return client.ids("/service-plans", **ends)

    assert found(times[1]) == [third, second]
    assert found(times[0], times[1]) == [second, first]
    assert found("2027-01-02T10:00:00.501Z") == [third]
    assert found("2027-01-03T12:00:00.500+02:00") == [third]
    assert found("2027-01-03") == [third]
    assert found("2027-01-01", "2027-01-03") == [second, first]
    sandbox.switch(date_only="400")
    ranges = {"created_at_range_start": "2027-01-03", "created_at_range_end": times[2]}
    answer = client.get("/service-plans", **ranges)
    assert answer.status_code == 400
    assert [problem["field"] for problem in answer.json()["errors"]] == ["created_at_range_start"]


def test_plans_by_the_rest(client, company):
    seller = company.inventor.team[3]
    (row,) = company.insert(
        "service_plans",
        service_frequency="Bi-Monthly",
        service_type="Moat Cleaning",
        sold_by=seller,
        active=False,
    )
    company.insert("service_plans", sold_by=None, service_type=None, service_frequency="Weekly")
    filters = {
        "frequency": "Bi-Monthly",
        "service_type": "Moat Cleaning",
        "sold_by_user_id": seller["user_id"],
        "status": "inactive",
    }
    assert client.ids("/service-plans", **filters) == [row["id"]]
    rows = company.rows("service_plans")
    fields = {
        "frequency": lambda plan: plan["service_frequency"] == "Bi-Monthly",
        "service_type": lambda plan: plan["service_type"] == "Moat Cleaning",
        "sold_by_user_id": lambda plan: plan["sold_by"] == seller,
        "status": lambda plan: not plan["active"],
    }
    for name, test in fields.items():
        expected = [plan["id"] for plan in rows if test(plan)]
        assert client.ids("/service-plans", **{name: filters[name]}) == expected


def test_jobs_not_completed(client, company):
    whole = company.rows("serviced_jobs", only_completed=False)
    usual = company.rows("serviced_jobs")
    assert len(whole) > len(usual)
    assert client.page("/serviced-jobs", only_completed="false", limit=1000)[0] == whole
    assert client.page("/serviced-jobs", only_completed="true", limit=1000)[0] == usual


def test_jobs_by_service_date(client, sandbox, company):
    for day in range(1, 7):
        company.insert(
            "serviced_jobs", service_date=f"2028-01-0{day}T15:00:00.000Z", status="Completed"
        )
    company.insert("serviced_jobs", service_date=None, status="Completed")
    total = len(company.rows("serviced_jobs"))
    ends = {
        "service_date_range_start": "2028-01-02T15:00:00Z",
        "service_date_range_end": "2028-01-05T15:00:00Z",
    }
    rows, pagination = client.page("/serviced-jobs", limit=3, **ends)
    assert [row["service_date"][:10] for row in rows] == ["2028-01-05", "2028-01-04", "2028-01-03"]
    assert pagination == {"has_more": True, "limit": 3, "page": 1, "total": 4}

    sandbox.switch(service_date_filter="page")
    # The newest seven: null, 6, 5 | 4, 3, 2 | 1, ...
    days = []
    for page in (1, 2, 3):
        rows, pagination = client.page("/serviced-jobs", limit=3, page=page, **ends)
        assert pagination == {"has_more": True, "limit": 3, "page": page, "total": 4}
        days.append([int(row["service_date"][8:10]) for row in rows])
    assert days == [[5], [4, 3, 2], []]
    last = -(-total // 3)
    assert client.page("/serviced-jobs", limit=3, page=last, **ends)[1]["has_more"] is False
