"""The lists over HTTP: pages, filters and every switch of theirs."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

PATHS = {
    "/leads": "leads",
    "/customers": "customers",
    "/pins": "pins",
    "/service-plans": "service_plans",
    "/serviced-jobs": "serviced_jobs",
}


def refused(answer, *fields):
    """The answer's problems concern just these fields."""
    assert answer.status_code == 400
    body = answer.json()
    assert (body["status"], body["message"]) == ("error", "Validation failed")
    assert [problem["field"] for problem in body["errors"]] == list(fields)
    assert all(problem["message"] for problem in body["errors"])
    return True


@pytest.mark.parametrize(("path", "name"), PATHS.items())
def test_a_list_read_page_by_page_is_the_company(client, company, path, name):
    expected = company.rows(name, archived=False)
    read: list[Any] = []
    page = 0
    more = True
    while more:
        page += 1
        rows, pagination = client.page(path, page=page, limit=7)
        read += rows
        more = pagination["has_more"]
        assert pagination == {
            "has_more": len(read) < len(expected),
            "limit": 7,
            "page": page,
            "total": len(expected),
        }
    assert read == expected
    assert page == -(-len(expected) // 7)


@pytest.mark.parametrize("path", PATHS)
def test_default_page(client, path):
    rows, pagination = client.page(path)
    assert pagination["limit"] == 50
    assert pagination["page"] == 1
    assert len(rows) == min(50, pagination["total"])


def test_pages_past_the_end_are_empty(client, company):
    total = len(company.rows("pins"))
    assert client.page("/pins", page=9, limit=1000) == (
        [],
        {"has_more": False, "limit": 1000, "page": 9, "total": total},
    )


def test_limit_over_1000(client):
    assert client.page("/leads", limit=5000)[1]["limit"] == 1000
    assert client.page("/leads", limit=1001)[1]["limit"] == 1000
    assert client.page("/leads", limit=1000)[1]["limit"] == 1000


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [
        ("/leads", "page", "0"),
        ("/leads", "page", "x"),
        ("/leads", "limit", "0"),
        ("/leads", "limit", "-1"),
        ("/leads", "limit", "1.5"),
        ("/leads", "limit", ""),
        ("/leads", "archived", "True"),
        ("/customers", "archived", "1"),
        ("/service-plans", "created_at_range_start", "yesterday"),
        ("/serviced-jobs", "only_completed", "no"),
        ("/serviced-jobs", "service_date_range_start", "2026-13-01"),
    ],
)
def test_bad_values(client, path, name, value):
    assert refused(client.get(path, **{name: value}), name)


def test_several_bad_values(client):
    assert refused(client.get("/leads", archived="x", x=1, limit=0), "archived", "limit")


def test_unknown_parameters(client):
    assert client.page("/pins", archived="true", x=1) == client.page("/pins")


def test_clamp_at_any_time(client, sandbox):
    assert len(client.page("/pins", limit=60)[0]) == 60
    sandbox.switch(max_limit=25)
    rows, pagination = client.page("/pins", limit=60, page=2)
    assert (len(rows), pagination["limit"]) == (25, 25)
    assert rows == client.page("/pins", limit=25, page=2)[0]


def test_limit_not_stated(client, sandbox):
    sandbox.switch(state_limit=False)
    assert sorted(client.page("/pins")[1]) == ["has_more", "page", "total"]


def test_stale_total(client, sandbox, company):
    sandbox.switch(stale_total=True)
    company.insert("pins", 3)
    assert client.page("/pins")[1]["total"] == 120
    company.delete("pins", company.rows("pins")[0]["id"])
    assert client.page("/pins")[1]["total"] == 123
    sandbox.switch(stale_total=False)
    assert client.page("/pins")[1]["total"] == 122


def test_stale_rows(client, sandbox, company):
    sandbox.switch(stale_rows=True)
    company.insert("pins", 3)
    rows = company.rows("pins")
    assert client.page("/pins", limit=10) == (
        rows[3:13],
        {"has_more": True, "limit": 10, "page": 1, "total": 123},
    )
    sandbox.switch(stale_rows=False)
    assert client.page("/pins", limit=10)[0] == rows[:10]


@pytest.mark.parametrize(("follows", "has_more"), [("rows", True), ("total", False)])
def test_has_more_of_another_moment(client, sandbox, company, follows, has_more):
    sandbox.switch(stale_total=True, has_more_from=follows)
    company.insert("pins")
    assert client.page("/pins", limit=120)[1] == {
        "has_more": has_more,
        "limit": 120,
        "page": 1,
        "total": 120,
    }


def test_unstable_ties(client, sandbox, company):
    company.insert("pins", 30, created_at="2027-01-01T00:00:00Z")
    assert client.ids("/pins") == client.ids("/pins")
    sandbox.switch(unstable_ties=True)
    first, second = client.ids("/pins"), client.ids("/pins")
    assert first != second
    assert set(first[:30]) == set(second[:30])
    # Behind them few are tied, and in the customers' order by name nothing is.
    assert len(first) == len(set(first)) == 150
    assert client.ids("/customers") == client.ids("/customers")


def test_pages_follow_changes(client, company):
    page = {"limit": 10, "page": 2}
    before = client.page("/leads", **page)[0]
    company.insert("leads")
    after, pagination = client.page("/leads", **page)
    assert after[1:] == before[:-1]
    company.edit("leads", after[3]["id"], stage="Changed")
    assert client.page("/leads", **page)[0][3]["stage"] == "Changed"
    company.delete("leads", [row["id"] for row in after])
    assert client.page("/leads")[1]["total"] == pagination["total"] - 10


def test_compression(client, sandbox, company):
    def encoding(accepted):
        headers = {"accept-encoding": accepted}
        with client.session.get(
            f"{client.url}/pins?limit=100", headers=headers, stream=True, timeout=10
        ) as answer:
            return answer.headers.get("content-encoding"), answer.raw.read(decode_content=False)

    _, plain = encoding("identity")
    name, packed = encoding("gzip, deflate")
    assert name == "gzip"
    assert len(packed) < len(plain) / 2
    assert gzip.decompress(packed) == plain
    # Another page of the same list is not answered from memory, nor a changed one.
    assert client.page("/pins", limit=99)[1]["limit"] == 99
    company.edit("pins", company.rows("pins")[5]["id"], location=[1.5, 2.5])
    assert gzip.decompress(encoding("gzip")[1]) != plain
    assert client.page("/pins")[0][5]["location"] == [1.5, 2.5]
    sandbox.switch(gzip=False)
    assert encoding("gzip")[0] is None


def test_precompress(client, sandbox, company, monkeypatch):
    company.insert("pins", 1000)
    sandbox.precompress()

    def compress_now(_):
        raise AssertionError

    monkeypatch.setattr("tools.sandbox.pages.compress", compress_now)
    for path, name in PATHS.items():
        for full in (False, True):
            expected = company.rows(name, full, only_completed=not full)
            query = {"archived": str(full).lower(), "only_completed": str(not full).lower()}
            for start in range(0, len(expected), 1000):
                page = client.page(path, limit=1000, page=start // 1000 + 1, **query)
                assert page[0] == expected[start : start + 1000]


def test_archived(client, company):
    for path, name in (("/leads", "leads"), ("/customers", "customers")):
        whole, usual = company.rows(name), company.rows(name, archived=False)
        assert len(whole) > len(usual)
        assert client.page(path, archived="true", limit=1000)[0] == whole
        assert client.page(path, archived="false", limit=1000)[0] == usual
