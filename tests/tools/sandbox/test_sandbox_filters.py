"""The filters that a tap sends, and the switch of one of them."""

from __future__ import annotations


def test_stage(client, company):
    expected = [row["id"] for row in company.rows("leads", archived=False) if row["stage"] == "Won"]
    assert expected
    assert client.ids("/leads", stage="Won") == expected
    assert client.ids("/leads", stage="won") == []
    assert client.ids("/leads", stage="Wo") == []


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


def test_pin_types(client, company):
    answer = client.get("/pin-types", limit=1, page=7)
    assert answer.json() == {"data": company.rows("pin_types"), "status": "success"}


def test_plans_by_creation(client, company):
    times = [f"2027-01-0{day}T10:00:00.500Z" for day in (1, 2, 3)]
    first, second, third = (
        company.insert("service_plans", created_at=time)[0]["id"] for time in times
    )
    company.insert("service_plans", created_at=None)

    def found(start):
        return client.ids("/service-plans", created_at_range_start=start)

    assert found(times[1]) == [third, second]
    assert found(times[0]) == [third, second, first]
    assert found("2027-01-02T10:00:00.501Z") == [third]
    assert found("2027-01-03T12:00:00.500+02:00") == [third]
    assert found("2027-01-03") == [third]


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
    since = {"service_date_range_start": "2028-01-02T15:00:00Z"}
    rows, pagination = client.page("/serviced-jobs", limit=3, **since)
    assert [row["service_date"][:10] for row in rows] == ["2028-01-06", "2028-01-05", "2028-01-04"]
    assert pagination == {"has_more": True, "limit": 3, "page": 1, "total": 5}

    sandbox.switch(service_date_filter="page")
    # The newest seven: null, 6, 5 | 4, 3, 2 | 1, ...
    days = []
    for page in (1, 2, 3):
        rows, pagination = client.page("/serviced-jobs", limit=3, page=page, **since)
        assert pagination == {"has_more": True, "limit": 3, "page": page, "total": 5}
        days.append([int(row["service_date"][8:10]) for row in rows])
    assert days == [[6, 5], [4, 3, 2], []]
    last = -(-total // 3)
    assert client.page("/serviced-jobs", limit=3, page=last, **since)[1]["has_more"] is False
