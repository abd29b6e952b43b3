"""Every kind of fault, which requests it hits, and changes between two answers."""

from __future__ import annotations

import json
import time
from datetime import timedelta

import msgspec
import pytest
import requests

from tools.sandbox import Company, Sandbox

ERROR = {"status": "error", "message": "Internal server error"}


def test_status_with_the_documented_bodies(client, sandbox):
    expected = {
        401: ("Authentication required. Provide x-api-key header.", "AUTHENTICATION_REQUIRED"),
        403: (
            "Forbidden: required scope 'leads:read' not granted for this API key",
            "INSUFFICIENT_SCOPE",
        ),
        404: ("Not found", None),
        408: ("Request Timeout", None),
        429: ("Daily API key request limit of 1000 exceeded", "RATE_LIMIT_EXCEEDED"),
        500: ("Internal server error", None),
        503: ("Service Unavailable", None),
    }
    for status, (message, code) in expected.items():
        sandbox.rule("status", status=status)
        answer = client.get("/leads")
        body = {"status": "error", "message": message}
        assert answer.status_code == status
        assert answer.json() == body | ({"error_code": code} if code else {})
        assert "retry-after" not in answer.headers
    assert client.get("/leads").status_code == 200


def test_status_429_in_other_ways(client, sandbox):
    sandbox.rule("status", status=429, error_code=False, retry_after=30)
    answer = client.get("/leads")
    assert answer.headers["retry-after"] == "30"
    assert "error_code" not in answer.json()
    sandbox.rule("status", status=429, retry_after=90, retry_after_date=True)
    answer = client.get("/leads")
    assert answer.headers["retry-after"] == "Tue, 30 Jun 2026 12:01:30 GMT"
    assert answer.headers["date"] == "Tue, 30 Jun 2026 12:00:00 GMT"


def test_status_with_any_body_and_headers(client, sandbox):
    sandbox.rule("status", status=418, body={"a": 1}, headers={"X-Test": "yes"})
    answer = client.get("/leads")
    assert (answer.status_code, answer.json(), answer.headers["x-test"]) == (418, {"a": 1}, "yes")
    sandbox.rule("status", status=403, body="<html>Access denied</html>")
    answer = client.get("/leads")
    assert (answer.status_code, answer.text) == (403, "<html>Access denied</html>")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_redirect(client, sandbox):
    sandbox.rule("status", status=302)
    sandbox.rule("status", status=308, headers={"Location": "https://b.example/x"})
    answers = [client.get("/leads") for _ in range(2)]
    assert [(answer.status_code, answer.headers["location"]) for answer in answers] == [
        (302, "https://elsewhere.example/open-api"),
        (308, "https://b.example/x"),
    ]


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_broken_connections(client, sandbox, encoding):
    headers = {"accept-encoding": encoding}
    for kind, problem, text in (
        ("reset", requests.ConnectionError, "Connection reset"),
        ("cut_fin", requests.exceptions.ChunkedEncodingError, "IncompleteRead"),
        ("cut_rst", requests.exceptions.ChunkedEncodingError, "Connection reset"),
    ):
        sandbox.rule(kind)
        with pytest.raises(problem, match=text):
            client.get("/pins", headers=headers, limit=120)
        assert client.get("/pins", headers=headers, limit=120).status_code == 200
    statuses = [request.status for request in sandbox.requests]
    assert statuses == [None, 200, 200, 200, 200, 200]
    assert sandbox.spent() == 5


def test_cut_answers_are_half_there(client, sandbox):
    for kind in ("cut_fin", "cut_rst"):
        sandbox.rule(kind, limit=7)
        headers = {"accept-encoding": "identity"}
        with client.session.get(
            f"{client.url}/pins", headers=headers, stream=True, timeout=10
        ) as answer:
            length = int(answer.headers["content-length"])
            half = answer.raw.read(length // 2)
            assert len(half) == length // 2
            assert half.startswith(b'{"data":[{"id":')


def test_drip(client, sandbox, company):
    sandbox.rule("drip", rate=1_000_000)
    begun = time.monotonic()
    answer = client.get("/pins", headers={"accept-encoding": "identity"}, limit=300)
    size = len(answer.content)
    assert answer.json()["data"] == company.rows("pins")
    # All but the last drop of 50,000 bytes are waited for.
    assert time.monotonic() - begun >= (size - 50_000) / 1_000_000


def test_delay_and_latency(client, sandbox):
    sandbox.rule("delay", seconds=0.06)
    sandbox.switch(latency=0.03)
    took = []
    for _ in range(2):
        begun = time.monotonic()
        assert client.get("/leads").status_code == 200
        took.append(time.monotonic() - begun)
    assert took[0] >= 0.09
    assert took[1] >= 0.03


def test_hang_until_it_ends(client, sandbox):
    sandbox.rule("hang", seconds=0.05)
    begun = time.monotonic()
    assert client.get("/leads").status_code == 200
    assert time.monotonic() - begun >= 0.05
    sandbox.rule("hang", times=None)
    with pytest.raises(requests.ReadTimeout):
        client.session.get(f"{client.url}/leads", timeout=0.05)
    assert sandbox.requests[-1].status is None
    sandbox.release()
    assert client.get("/leads").status_code == 200


@pytest.mark.parametrize(("kind", "settings"), [("hang", {}), ("drip", {"rate": 10})])
def test_leaving_ends_what_hangs_or_drips(kind, settings):
    with Sandbox(Company(leads=50)) as sandbox:
        sandbox.rule(kind, **settings)
        session = requests.Session()
        session.headers["x-api-key"] = sandbox.api_key
        if kind == "hang":
            with pytest.raises(requests.ReadTimeout):
                session.get(f"{sandbox.url}/leads", timeout=0.05)
        else:
            answer = session.get(f"{sandbox.url}/leads", timeout=1, stream=True)
        begun = time.monotonic()
    assert time.monotonic() - begun < 1
    if kind == "drip":
        with pytest.raises(requests.RequestException):
            answer.json()
        answer.close()
    session.close()


def test_wrong_bodies(client, sandbox):
    sandbox.rule("html")
    answer = client.get("/leads")
    assert (answer.status_code, answer.text[:15]) == (200, "<!DOCTYPE html>")
    assert answer.headers["content-type"].startswith("text/html")
    sandbox.rule("error_200")
    answer = client.get("/leads")
    assert (answer.status_code, answer.json()) == (200, ERROR)
    sandbox.rule("bad_json")
    answer = client.get("/leads")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.text.startswith('{"data":[{')
    with pytest.raises(requests.JSONDecodeError):
        answer.json()
    sandbox.rule("no_data")
    assert list(client.get("/leads").json()) == ["pagination", "status"]
    sandbox.rule("bad_gzip", times=2)
    for path in ("/leads", "/auth/test"):
        with pytest.raises(requests.exceptions.ContentDecodingError):
            client.get(path)


def test_repeat_page(client, sandbox):
    sandbox.rule("repeat_page", page=2)
    first, second = (client.page("/pins", limit=10, page=page) for page in (1, 2))
    assert second == (first[0], first[1] | {"page": 2})
    assert client.page("/pins", limit=10, page=2)[0] != first[0]


def test_pages_that_contradict(client, sandbox):
    sandbox.rule("wrong_page")
    rows, pagination = client.page("/pins", limit=10, page=2)
    honest = client.page("/pins", limit=10, page=2)
    assert (rows, pagination) == (honest[0], honest[1] | {"page": 3})
    sandbox.rule("contradict", times=2)
    assert client.page("/pins", limit=10)[1]["has_more"] is False
    assert client.page("/pins", limit=1000)[1]["has_more"] is True
    sandbox.rule("no_total")
    assert sorted(client.page("/pins")[1]) == ["has_more", "limit", "page"]


def test_clamp_of_one_answer(client, sandbox):
    sandbox.rule("clamp", limit=15)
    rows, pagination = client.page("/pins", limit=40, page=2)
    assert pagination == {"has_more": True, "limit": 15, "page": 2, "total": 120}
    assert rows == client.page("/pins", limit=15, page=2)[0]


def test_stale_total_of_one_answer(client, sandbox, company):
    sandbox.rule("stale_total", page=2)
    sandbox.before("/pins", 2, lambda: company.insert("pins", 4))
    totals = [client.page("/pins", limit=50, page=page)[1]["total"] for page in (1, 2, 3)]
    assert totals == [120, 120, 124]


def test_stale_rows_of_one_answer(client, sandbox, company):
    first, second = (client.page("/pins", limit=10, page=page)[0] for page in (1, 2))
    sandbox.rule("stale_rows", page=2)
    sandbox.before("/pins", 2, lambda: company.delete("pins", first[3]["id"]))
    rows, pagination = client.page("/pins", limit=10, page=2)
    assert (rows, pagination["total"]) == (second, 119)
    assert client.page("/pins", limit=10, page=2)[0][0] == second[1]


@pytest.mark.parametrize("age", [False, True])
def test_an_answer_of_a_cache(client, sandbox, company, age):
    sandbox.switch(cache=True)
    first = client.get("/pins", limit=10, page=2)
    company.advance(timedelta(minutes=5))
    company.insert("pins", 4)
    sandbox.rule("cached", "/pins", page=2, age=age, times=2)
    other, kept = (client.get("/pins", limit=limit, page=2) for limit in (9, 10))
    assert (kept.content, kept.headers["date"]) == (first.content, first.headers["date"])
    assert kept.headers.get("age") == ("304" if age else None)
    assert other.json()["pagination"]["total"] == 124
    fresh = client.get("/pins", limit=10, page=2)
    assert fresh.json()["data"] == company.rows("pins")[10:20]
    assert "age" not in fresh.headers


def test_which_requests_are_hit(client, sandbox):
    def statuses(*asked):
        answers = [client.get(path, **query) for path, query in asked]
        return [answer.status_code for answer in answers]

    one: tuple[str, dict[str, int]] = ("/pins", {})
    two = ("/pins", {"page": 2})
    sandbox.rule("status", "/pins", page=2, nth=2, times=2)
    assert statuses(one, two, one, two, two, two) == [200, 200, 200, 500, 500, 200]
    # Left out, the page is 1.
    sandbox.rule("status", "/pins", page=1)
    assert statuses(two, ("/leads", {}), one, one) == [200, 200, 500, 200]
    sandbox.rule("status", "/leads/*", status=503)
    assert statuses(("/leads", {}), ("/leads/x", {}), ("/leads/x", {})) == [200, 503, 404]
    sandbox.rule("status", times=None)
    assert statuses(one, two, ("/auth/test", {}), ("/nothing", {})) == [500] * 4
    sandbox.faults.clear()
    assert statuses(one) == [200]


def test_the_first_rule_that_matches_wins(client, sandbox):
    sandbox.rule("status", status=501)
    sandbox.rule("status", status=502, times=2)
    sandbox.rule("status", status=503, nth=5)
    # The second and third rule count all requests that match; used is who wins.
    assert [client.get("/pins").status_code for _ in range(6)] == [501, 502, 502, 200, 503, 200]


def test_rules_are_checked(sandbox):
    with pytest.raises(msgspec.ValidationError):
        sandbox.rule("stauts")
    with pytest.raises(msgspec.ValidationError):
        sandbox.rule("status", code=5)
    with pytest.raises(msgspec.ValidationError):
        sandbox.switch(service_date_filter="500")
    with pytest.raises(msgspec.ValidationError):
        Sandbox(Company(leads=1), latencies=1)


def test_changes_between_pages(client, sandbox, company):
    first = company.rows("pins")[:10]
    sandbox.before("/pins", 2, lambda: company.delete("pins", [row["id"] for row in first[:3]]))
    expected = company.rows("pins")
    read = [client.page("/pins", limit=10, page=page) for page in (1, 2)]
    # The loss that the tap is there to find: rows 10, 11 and 12 moved past the boundary.
    assert read[0][0] == first
    assert read[1][0] == expected[13:23]
    assert [pagination["total"] for _, pagination in read] == [120, 117]


def test_before_the_nth_answer(client, sandbox, company):
    sandbox.before(None, None, lambda: company.insert("leads"), nth=3)
    sandbox.before("/pins", None, lambda: company.insert("pins"), nth=2)
    paths = ("/pins", "/leads", "/pins", "/leads", "/pins")
    pages = [client.page(path, archived="true")[1] for path in paths]
    assert [pagination["total"] for pagination in pages] == [120, 60, 121, 61, 121]


def test_a_broken_action_is_raised_in_the_end():
    def broken():
        message = "mine"
        raise LookupError(message)

    sandbox = Sandbox(Company(leads=1))
    sandbox.before("/leads", 1, broken)
    headers = {"x-api-key": sandbox.api_key}
    with pytest.raises(LookupError, match="mine"):  # noqa: PT012, SIM117 - it leaves the sandbox
        with sandbox:
            answer = requests.get(f"{sandbox.url}/leads", headers=headers, timeout=5)
            assert (answer.status_code, answer.json()) == (500, ERROR)
            answer = requests.get(f"{sandbox.url}/leads", headers=headers, timeout=5)
            assert answer.status_code == 200


def test_odd_rows_are_served_as_they_are(client, company):
    company.insert("leads", name="\ud800\x00", phone=5, value_score=10**30, more={"a": None})
    text = client.get("/leads", limit=1).text
    (row,) = json.loads(text)["data"]
    assert row == company.rows("leads")[0]
    assert "\\ud800\\u0000" in text
