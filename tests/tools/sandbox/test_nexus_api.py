"""Nexus ERP's list of leads over HTTP: keys, pages, filters, and every switch."""

from __future__ import annotations

import gzip
from datetime import timedelta

import msgspec
import pytest

from tools.sandbox import Request
from tools.sandbox.nexus.invent import STATUSES

NO_KEY = {"error": "Invalid or missing API key"}


def pagination(page, size, total, pages):
    return {
        "page": page,
        "pageSize": size,
        "total": total,
        "totalPages": pages,
        "hasNextPage": page < pages,
        "hasPrevPage": page > 1,
    }


def refused(answer, status, text):
    assert (answer.status_code, answer.json()) == (status, {"error": text})
    return True


def test_a_list_read_page_by_page_is_the_organisation(nexus, nexus_client, organisation):
    read = []
    for page in range(1, 10):
        rows, stated = nexus_client.page(page=page, pageSize=7)
        read += rows
        assert stated == pagination(page, 7, 60, 9)
        assert list(stated) == list(pagination(1, 1, 1, 1))
    assert read == organisation.rows("leads")
    assert nexus.requests[1] == Request("GET", "/leads", {"page": "2", "pageSize": "7"}, 200, 7)
    assert (nexus.count("/leads"), nexus.count()) == (9, 9)
    assert nexus.url == f"http://127.0.0.1:{nexus.port}/api/v1"


def test_default_page_and_sizes(nexus, nexus_client, organisation):
    rows, stated = nexus_client.page()
    assert (rows, stated) == (organisation.rows("leads")[:50], pagination(1, 50, 60, 2))
    organisation.insert("leads", 60)
    assert nexus_client.page(pageSize=500)[1] == pagination(1, 100, 120, 2)
    assert len(nexus_client.page(pageSize=100)[0]) == 100
    nexus.switch(max_page_size=25)
    rows, stated = nexus_client.page(pageSize=100, page=2)
    assert (rows, stated) == (organisation.rows("leads")[25:50], pagination(2, 25, 120, 5))


def test_page_past_the_end(nexus, nexus_client):
    assert nexus_client.page(page=3) == ([], pagination(3, 50, 60, 2))
    last = nexus_client.page(page=2)
    nexus.switch(past_end="404")
    assert refused(nexus_client.leads(page=3), 404, "Not found")
    assert nexus_client.page(page=2) == last
    nexus.switch(past_end="clamp")
    assert nexus_client.page(page=9) == last


def test_nothing_matches(nexus, nexus_client):
    for past_end in ("empty", "404", "clamp"):
        nexus.switch(past_end=past_end, empty_total_pages=0)
        assert nexus_client.page(search="nobody") == ([], pagination(1, 50, 0, 0))
        nexus.switch(empty_total_pages=1)
        assert nexus_client.page(search="nobody") == ([], pagination(1, 50, 0, 1))
    assert nexus_client.page(search="nobody", page=4) == ([], pagination(1, 50, 0, 1))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("page", "0", "Expected a whole number of at least 1"),
        ("page", "x", "Expected a whole number of at least 1"),
        ("pageSize", "0", "Expected a whole number of at least 1"),
        ("pageSize", "1.5", "Expected a whole number of at least 1"),
        ("status", "contacted", "Invalid value"),
        ("status", "LOST,CONVERTED", "Invalid value"),
    ],
)
def test_bad_values(nexus_client, name, value, message):
    assert refused(nexus_client.leads(**{name: value}), 400, f"{name}: {message}")


def test_several_bad_and_unknown_parameters(nexus_client):
    assert nexus_client.page(sort="name") == nexus_client.page()
    text = "status: Invalid value; page: Expected a whole number of at least 1"
    assert refused(nexus_client.leads(sort="name", status="x", page=0), 400, text)


def test_without_a_key_in_the_documented_form(nexus, nexus_client):
    key = nexus.api_key
    assert len(key) == 44
    for header in (None, "", key, f"Basic {key}", f"Bearer x{key}", "Bearer ", "Bearer"):
        answer = nexus_client.get("/leads", headers={"authorization": header, "x-api-key": key})
        assert (answer.status_code, answer.json()) == (401, NO_KEY)
    answer = nexus_client.get("/leads", headers={"authorization": f"bearer {key}"})
    assert answer.status_code == 200


def test_a_missing_scope(nexus, nexus_client):
    nexus.add_key("sk_none", scopes=[])
    nexus_client.session.headers["authorization"] = "Bearer sk_none"
    assert refused(nexus_client.leads(), 403, "Missing required scope: leads.read")


def test_a_test_token_lives_an_hour(nexus, nexus_client, organisation):
    nexus.add_key("sk_test", lifetime=timedelta(hours=1))
    nexus_client.session.headers["authorization"] = "Bearer sk_test"
    nexus.before("/leads", 2, lambda: organisation.advance(timedelta(minutes=59, seconds=59)))
    nexus.before("/leads", 3, lambda: organisation.advance(timedelta(seconds=1)))
    answers = [nexus_client.leads(page=page, pageSize=10) for page in (1, 2, 3, 1)]
    assert [answer.status_code for answer in answers] == [200, 200, 401, 401]
    assert answers[2].json() == NO_KEY
    nexus.keys["sk_test"].expires = None
    assert nexus_client.leads().status_code == 200


def test_a_key_that_is_good_for_so_many_requests(nexus, nexus_client):
    nexus.rule("status", "/leads", status=401, nth=3, times=None)
    statuses = [nexus_client.leads(page=page).status_code for page in (1, 2, 3, 1)]
    assert statuses == [200, 200, 401, 401]
    nexus.faults.clear()
    assert nexus_client.leads().status_code == 200


@pytest.mark.parametrize("status", STATUSES)
def test_filter_by_status(nexus_client, organisation, status):
    expected = [row for row in organisation.rows("leads") if row["status"] == status]
    assert 0 < len(expected) < 60
    rows, stated = nexus_client.page(status=status, pageSize=5)
    assert (rows, stated) == (expected[:5], pagination(1, 5, len(expected), -(-len(expected) // 5)))


def test_filter_by_member(nexus_client, organisation):
    rows = organisation.rows("leads")
    somebody = next(row["assignedToId"] for row in rows if row["assignedToId"])
    for value, wanted in (("unassigned", None), (somebody, somebody), ("nobody", "nobody")):
        expected = [row["id"] for row in rows if row["assignedToId"] == wanted]
        assert nexus_client.ids(assignedToId=value) == expected
    # All filters together.
    lost = [row["id"] for row in rows if (row["assignedToId"], row["status"]) == (None, "LOST")]
    assert lost
    assert nexus_client.ids(assignedToId="unassigned", status="LOST", search="") == lost


def test_search(nexus_client, organisation):
    (lead,) = organisation.insert(
        "leads",
        name="Zaphod B",
        phones=["+442079460018", "+447700900123"],
        emails=["a@b.example", "z.b@hog.example"],
        company="Heart of Gold",
    )
    organisation.insert("leads", name=None, phones=None, emails=None, company=None)
    for text in ("zaph", "Z.B@HOG", "770090", "OF gold", "+44207"):
        assert nexus_client.page(search=text)[0] == [lead]
    organisation.edit("leads", lead["id"], name="Ford")
    assert nexus_client.ids(search="zaph") == []


def test_total_and_rows_of_different_instants(nexus, nexus_client, organisation):
    nexus.switch(stale_total=True)
    organisation.insert("leads", 41)
    assert nexus_client.page(page=2)[1] == pagination(2, 50, 60, 2)
    nexus.switch(stale_total=False)
    assert nexus_client.page(page=2)[1] == pagination(2, 50, 101, 3)


def test_unstable_ties(nexus, nexus_client, organisation):
    with organisation.changing():
        organisation.delete("leads", [row["id"] for row in organisation.rows("leads")])
        organisation.insert("leads", 20, createdAt=organisation.now, nextCallAt=None)
        organisation.insert("leads", 5)
    steady = nexus_client.ids()
    assert steady == nexus_client.ids()
    nexus.switch(unstable_ties=True)
    first, second = nexus_client.ids(), nexus_client.ids()
    assert first != second
    assert set(first[:20]) == set(second[:20]) == set(steady[:20])
    assert first[20:] == second[20:] == steady[20:]


def test_a_rescheduled_call_skips_a_row_and_repeats_one(nexus, nexus_client, organisation):
    rows = organisation.rows("leads")
    later = {"nextCallAt": "2027-01-01T09:00:00.000Z"}
    nexus.before("/leads", 2, lambda: organisation.edit("leads", rows[3]["id"], **later))
    read = [nexus_client.page(page=page, pageSize=20) for page in (1, 2, 3)]
    assert [stated["total"] for _, stated in read] == [60] * 3
    found = [row["id"] for page, _ in read for row in page]
    ids = [row["id"] for row in rows]
    assert found == [*ids[:20], *ids[21:], ids[3]]


def test_date_and_compression(nexus, nexus_client, organisation):
    organisation.advance(timedelta(days=1))
    answer = nexus_client.leads()
    assert answer.headers["date"] == "Wed, 01 Jul 2026 12:00:00 GMT"
    assert answer.headers["content-encoding"] == "gzip"
    with nexus_client.session.get(f"{nexus.url}/leads", stream=True, timeout=10) as packed:
        assert gzip.decompress(packed.raw.read(decode_content=False)) == answer.content
    nexus.switch(gzip=False, date_header=False)
    plain = nexus_client.leads()
    assert plain.content == answer.content
    assert not {"date", "content-encoding"} & {*map(str.lower, plain.headers)}


def test_unknown_paths_and_methods(nexus_client):
    for path in ("/", "/leads/1", "/clients"):
        assert refused(nexus_client.get(path), 404, "Not found")
    answer = nexus_client.session.post(f"{nexus_client.url}/leads", timeout=10)
    assert refused(answer, 405, "Method Not Allowed")


def test_faults_speak_as_the_api_does(nexus, nexus_client):
    for status, text in (
        (401, "Invalid or missing API key"),
        (403, "Missing required scope: leads.read"),
        (429, "Too Many Requests"),
        (500, "Internal server error"),
        (503, "Service Unavailable"),
    ):
        nexus.rule("status", status=status, retry_after=7)
        answer = nexus_client.leads()
        assert refused(answer, status, text)
        assert answer.headers["retry-after"] == "7"
    nexus.rule("error_200")
    assert refused(nexus_client.leads(), 200, "Internal server error")
    nexus.rule("no_data")
    assert list(nexus_client.leads().json()) == ["pagination"]
    assert len(nexus_client.page()[0]) == 50


def test_pages_that_are_wrong_in_themselves(nexus, nexus_client):
    first, second = (nexus_client.page(page=page, pageSize=10) for page in (1, 2))
    for kind, expected in (
        ("repeat_page", (first[0], second[1])),
        ("wrong_page", (second[0], {**second[1], "page": 3})),
        ("contradict", (second[0], {**second[1], "hasNextPage": False})),
        ("no_total", (second[0], {k: v for k, v in second[1].items() if k != "total"})),
    ):
        nexus.rule(kind)
        assert nexus_client.page(page=2, pageSize=10) == expected
    nexus.rule("clamp", limit=4)
    rows, stated = nexus_client.page(page=2, pageSize=10)
    assert (rows, stated) == (first[0][4:8], pagination(2, 4, 60, 15))
    nexus.switch(past_end="clamp")
    nexus.rule("clamp", limit=50)
    assert nexus_client.page(page=3, pageSize=100)[1] == pagination(2, 50, 60, 2)


def test_control_endpoints(nexus, nexus_client):
    control = nexus_client.control
    assert nexus_client.leads().status_code == 200
    (request,) = control("GET", "/requests").json()
    assert (request["path"], request["status"]) == ("/leads", 200)
    switches = control("POST", "/switches", {"past_end": "404"}).json()
    assert (switches["past_end"], switches["max_page_size"]) == ("404", 100)
    for body in ({"max_limit": 5}, {"past_end": "500"}):
        assert control("POST", "/switches", body).status_code == 400
    with pytest.raises(msgspec.ValidationError):
        nexus.switch(empty_total_pages=2)


def test_rows_that_leave_the_list_pull_others_over_the_boundary(nexus, nexus_client, organisation):
    rows = organisation.rows("leads")
    nexus.before("/leads", 2, lambda: organisation.delete("leads", [r["id"] for r in rows[:3]]))
    read = [nexus_client.page(page=page, pageSize=30) for page in (1, 2)]
    assert [row for page, _ in read for row in page] == [*rows[:30], *rows[33:]]
    assert [stated["total"] for _, stated in read] == [60, 57]
