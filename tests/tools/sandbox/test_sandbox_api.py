"""Keys, scopes, quota, headers, rows by id, upserts, errors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tools.sandbox import Company, Sandbox
from tools.sandbox.keys import SCOPES

SCOPE = {
    "/leads": "leads:read",
    "/customers": "customers:read",
    "/pins": "pins:read",
    "/pin-types": "pin_types:read",
    "/service-plans": "service_plans:read",
    "/serviced-jobs": "serviced_jobs:read",
}
NO_KEY = {
    "status": "error",
    "message": "Authentication required. Provide x-api-key header.",
    "error_code": "AUTHENTICATION_REQUIRED",
}


def spent_message(quota):
    return {
        "status": "error",
        "message": f"Daily API key request limit of {quota} exceeded",
        "error_code": "RATE_LIMIT_EXCEEDED",
    }


@pytest.mark.parametrize("path", [*SCOPE, "/auth/test", "/leads/x", "/customers/x"])
def test_without_a_known_key(client, sandbox, path):
    for key in (None, "rotor_other_key", ""):
        answer = client.get(path, headers={"x-api-key": key})
        assert (answer.status_code, answer.json()) == (401, NO_KEY)
    assert sandbox.spent() == 0


def test_scopes(client, sandbox, company):
    sandbox.add_key("none", scopes=[])
    sandbox.add_key("one", scopes=["pins:read"])
    for path, scope in SCOPE.items():
        answer = client.get(path, headers={"x-api-key": "none"})
        assert answer.status_code == 403
        assert answer.json() == {
            "status": "error",
            "message": f"Forbidden: required scope '{scope}' not granted for this API key",
            "error_code": "INSUFFICIENT_SCOPE",
        }
    client.session.headers["x-api-key"] = "one"
    assert client.get("/pins").status_code == 200
    for name in ("leads", "customers"):
        row_id = company.rows(name)[0]["id"]
        assert f"'{name}:read'" in client.get(f"/{name}/{row_id}").json()["message"]
        assert f"'{name}:write'" in client.post(f"/{name}", {}).json()["message"]
    assert sandbox.spent("one") == 1


def test_auth_test(client, sandbox, company):
    sandbox.add_key("some", scopes=["leads:read", "customers:read"])
    company.advance(timedelta(milliseconds=700))
    answer = client.get("/auth/test", headers={"x-api-key": "some"})
    expected = {
        "auth_method": "api_key",
        "authenticated": True,
        "company_id": company.id,
        "message": "Authentication successful",
        "rotor_api_version": "1.1.0",
        "scopes": ["leads:read", "customers:read"],
        "status": "success",
        "timestamp": "2026-06-30T12:00:00Z",
        "user_id": None,
    }
    assert answer.json() == expected
    assert client.get("/auth/test").json()["scopes"] == list(SCOPES)


def test_version_header(client):
    without = {"rotor-api-version": None}
    assert client.get("/leads", headers=without).status_code == 200
    assert client.get("/leads").status_code == 200


def test_date_is_that_of_the_company(client, sandbox, company):
    assert client.get("/leads").headers["date"] == "Tue, 30 Jun 2026 12:00:00 GMT"
    company.advance(timedelta(days=1, seconds=1.9))
    for path in ("/leads", "/nothing", "/leads/x"):
        assert client.get(path).headers["date"] == "Wed, 01 Jul 2026 12:00:01 GMT"
    assert "server" not in client.get("/leads").headers
    sandbox.switch(date_header=False)
    for path in ("/leads", "/nothing"):
        assert "date" not in client.get(path).headers


@pytest.mark.parametrize(
    ("ahead", "date"),
    [(90, "Tue, 30 Jun 2026 12:01:30 GMT"), (-172800, "Sun, 28 Jun 2026 12:00:00 GMT")],
)
def test_a_date_by_another_clock(client, sandbox, company, ahead, date):
    sandbox.switch(date_ahead=ahead)
    for path in ("/leads", "/nothing"):
        assert client.get(path).headers["date"] == date
    (row,) = company.insert("leads")
    assert row["created_at"] == "2026-06-30T12:00:01.000Z"


def test_quota_per_key_and_day(client, sandbox, company):
    sandbox.keys[sandbox.api_key].quota = 3
    sandbox.add_key("second", quota=1)
    assert [client.get("/pins").status_code for _ in range(5)] == [200, 200, 200, 429, 429]
    answer = client.get("/leads")
    assert answer.json() == spent_message(3)
    assert "retry-after" not in answer.headers
    other = {"x-api-key": "second"}
    assert client.get("/pins", headers=other).status_code == 200
    assert client.get("/pins", headers=other).json() == spent_message(1)
    assert sandbox.spent() == 3
    company.advance(timedelta(hours=11, minutes=59, seconds=59))
    assert client.get("/pins").status_code == 429
    company.advance(timedelta(seconds=1))
    assert client.get("/pins").status_code == 200
    assert sandbox.spent() == 1


def test_what_counts(client, sandbox):
    client.get("/auth/test")
    client.post("/leads", {})
    client.get("/leads/nobody")
    client.get("/leads", limit=0)
    client.get("/nowhere")
    assert sandbox.spent() == 4
    client.post("/customers", {})
    assert sandbox.spent() == 5
    sandbox.rule("status", times=None)
    client.get("/leads")
    assert sandbox.spent() == 5


def test_refusals_for_a_spent_quota_do_not_count(client, sandbox):
    sandbox.keys[sandbox.api_key].quota = 0
    assert client.post("/leads", {}).status_code == 429
    assert client.get("/auth/test").json() == spent_message(0)
    assert sandbox.spent() == 0


def test_retry_after(client, sandbox, company):
    sandbox.keys[sandbox.api_key].quota = 0
    company.advance(timedelta(milliseconds=500))
    sandbox.switch(retry_after="seconds")
    assert client.get("/leads").headers["retry-after"] == str(12 * 3600)
    sandbox.switch(retry_after="date")
    assert client.get("/leads").headers["retry-after"] == "Wed, 01 Jul 2026 00:00:00 GMT"


def test_rolling_quota(client, sandbox, company):
    sandbox.switch(quota_window="rolling", retry_after="seconds")
    sandbox.keys[sandbox.api_key].quota = 2
    client.get("/pins")
    company.advance(timedelta(hours=13))
    client.get("/pins")
    answer = client.get("/pins")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, str(11 * 3600))
    company.advance(timedelta(hours=11))
    assert client.get("/pins").status_code == 200
    assert client.get("/pins").headers["retry-after"] == str(13 * 3600)


def test_by_id(client, company):
    for name in ("leads", "customers"):
        row = company.rows(name)[3]
        answer = client.get(f"/{name}/{row['id']}")
        assert answer.json() == {"data": row, "status": "success"}
        answer = client.get(f"/{name}/0b9f")
        assert (answer.status_code, answer.json()) == (
            404,
            {"status": "error", "message": "Not found"},
        )
        company.archive(row["id"])
        shown = company.row(name, row["id"])
        assert client.get(f"/{name}/{row['id']}").json()["data"] == shown


def test_unknown_paths_and_methods(client):
    for path in ("/", "/lead", "/pins/1", "/leads/1/2"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["message"]) == (404, "Not found")
    answer = client.post("/pins", {})
    assert answer.status_code == 405
    assert answer.json() == {"status": "error", "message": "Method Not Allowed"}


def test_another_key_and_quota_from_the_start():
    start = datetime(2026, 1, 1, tzinfo=UTC)
    with Sandbox(Company(leads=1, start=start), key="mine", quota=7) as sandbox:
        assert sandbox.api_key == "mine"
        assert sandbox.keys["mine"].quota == 7
        assert list(sandbox.keys) == ["mine"]
