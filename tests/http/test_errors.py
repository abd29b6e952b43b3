"""What each answer that is no page comes to: how far it reaches, and what the user reads."""

from __future__ import annotations

import typing as t

import pytest

from tests.harness.clock import Clock
from tests.harness.companies import HOUR
from tests.harness.outcome import assert_failed
from tests.harness.streams import NAMES, ROTOR
from tests.harness.tap import KEY, Tap
from tools.sandbox import MISSING, Company, Sandbox

if t.TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LEADS, PAGE = 30, 10
OLD = "2020-01-01T00:00:00.000000Z"
STATE = {"bookmarks": {"leads": {"replication_key": "created_at", "replication_key_value": OLD}}}
WHERE_KEYS_ARE_MADE = "a key is made in Rotor under Settings, Integrations."
JSON = "status 200 and content type application/json, but"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Company(leads=LEADS, pins=12, customers=5, service_plans=4)) as server:
        yield server


@pytest.fixture
def tap(sandbox: Sandbox, tmp_path: Path) -> Tap:
    return Tap(tmp_path, sandbox, retry_minutes=0, page_size=PAGE)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


# Each: the rule, the sentence.
UNPROVEN = "it is not certain that all rows were read"
STOPS_THE_RUN: list[tuple[dict[str, t.Any], str]] = [
    (
        {"kind": "status", "status": 401},
        "Rotor does not accept the API key (status 401). Check the setting api_key; "
        + WHERE_KEYS_ARE_MADE,
    ),
    *(
        (
            {"kind": "status", "status": status},
            (
                f"/leads was redirected to elsewhere.example (status {status}), which is not "
                "followed: the key would travel along. Check the setting api_url."
            ),
        )
        for status in (301, 302, 303, 307, 308)
    ),
    ({"kind": "reset"}, "127.0.0.1 broke the connection"),
    ({"kind": "cut_fin"}, "127.0.0.1 broke the connection"),
    ({"kind": "cut_rst"}, "127.0.0.1 broke the connection"),
]
# Each: the rule, the sentence if the API answers other requests, the one if it answers none.
DENIED: list[tuple[dict[str, t.Any], str, str]] = [
    *(
        (
            {"kind": "status", "status": 403, **answer},
            f"/leads was refused with status 403 ({by}), though Rotor answers other requests",
            (
                f"/leads was refused with status 403, but not by Rotor (content type {kind}): a "
                "firewall or a proxy on the way to 127.0.0.1 may be the cause."
            ),
        )
        for answer, by, kind in (
            ({"body": "<html>Access denied</html>"}, "content type text/html", "text/html"),
            ({"error_code": False}, "content type application/json", "application/json"),
            (
                {"body": {"status": "error", "error_code": "FEATURE_NOT_ENABLED"}},
                "FEATURE_NOT_ENABLED",
                "application/json",
            ),
        )
    ),
    (
        {"kind": "status", "status": 404},
        "/leads does not exist on 127.0.0.1 (status 404), though Rotor answers other requests",
        "/leads does not exist on 127.0.0.1 (status 404). Check the setting api_url.",
    ),
    (
        {"kind": "status", "status": 404, "body": "<html>Not found</html>"},
        "/leads does not exist on 127.0.0.1 (status 404), though Rotor answers other requests",
        "/leads does not exist on 127.0.0.1 (status 404). Check the setting api_url.",
    ),
]
ASK = (
    ": this key or company may not have it. Ask Rotor, or deselect the stream (meltano select "
    "--exclude tap-rotor leads '*')"
)
FAILS_THE_STREAM: list[tuple[dict[str, t.Any], str]] = [
    ({"kind": "bad_gzip"}, "127.0.0.1 sent a body that cannot be decompressed"),
    *(
        ({"kind": "status", "status": status}, f"/leads was answered with status {status}")
        for status in (408, 500, 502, 503, 504)
    ),
    *(
        ({"kind": "status", "status": status}, f"/leads was rejected with status {status}")
        for status in (400, 405, 409, 410, 422)
    ),
    (
        {
            "kind": "status",
            "status": 400,
            "body": {
                "status": "error",
                "message": "Validation failed for anna@example.org",
                "errors": [
                    {"field": "email", "message": "anna@example.org is no e-mail address"},
                    {"field": "tags", "message": "x"},
                    {"field": "anna@example.org", "message": "x"},
                    "anna@example.org",
                ],
            },
        },
        "/leads was rejected with status 400; it objects to email, tags",
    ),
    (
        {"kind": "html"},
        "/leads was answered with status 200 and content type text/html, but is no JSON object",
    ),
    ({"kind": "bad_json"}, f"/leads was answered with {JSON} is no JSON object"),
    ({"kind": "no_data"}, f"/leads was answered with {JSON} holds no list of rows"),
    ({"kind": "error_200"}, f"/leads was answered with {JSON} holds no list of rows"),
    ({"kind": "no_total"}, f"/leads was answered with {JSON} does not say how many rows there are"),
    (
        {"kind": "wrong_page"},
        f"/leads was answered with {JSON} is another page than the one that was asked for",
    ),
    *(
        (
            {"kind": "status", "status": 200, "body": body},
            f"/leads was answered with {JSON} holds no list of rows",
        )
        for body in (
            {"data": {}, "status": "success"},
            {"data": "anna@example.org"},
            {"data": None},
            {"data": [], "status": "error", "message": "anna@example.org"},
        )
    ),
]


@pytest.mark.parametrize(("rule", "sentence"), STOPS_THE_RUN)
def test_what_stops_the_run(tap, sandbox, rule, sentence):
    sandbox.rule(path="/leads", times=None, **rule)
    result = tap.run(state=STATE)
    assert_failed(result, f"leads: {sentence}")
    assert [request.path for request in sandbox.requests] == ["/leads"]
    assert result.of_type("RECORD") == []


@pytest.mark.parametrize(("rule", "_", "sentence"), DENIED)
def test_a_list_that_is_denied_stops_the_run_where_the_api_answers_nothing(
    tap, sandbox, rule, _, sentence
):
    sandbox.rule(path="*", times=None, **rule)
    result = tap.run(state=STATE)
    assert_failed(result, f"leads: {sentence}")
    assert [request.path for request in sandbox.requests] == ["/leads", "/auth/test"]


@pytest.mark.parametrize(("rule", "sentence", "_"), DENIED)
@pytest.mark.parametrize("page", [1, 2])
def test_a_list_that_is_denied_fails_alone_where_the_api_answers(
    tap, sandbox, page, rule, sentence, _
):
    """What tells the scopes of the key is asked if the very first list is denied."""
    sandbox.rule(path="/leads", page=page, times=None, **rule)
    result = tap.run("leads", "pin_types", state=STATE)
    if page == 2 and rule == {"kind": "status", "status": 404}:
        # The list may have become that short meanwhile.
        assert_failed(result, f"leads: {UNPROVEN}: it ended before a page that it had promised")
        return
    assert_failed(result, f"leads: {sentence}{ASK}")
    assert len(result.records("leads")) == (0 if page == 1 else PAGE)
    assert len(result.records("pin_types")) == len(sandbox.company.rows("pin_types"))
    assert sandbox.count("/auth/test") == (page == 1)
    for state in result.states:
        assert state["bookmarks"]["leads"]["replication_key_value"] == OLD


def test_a_spent_quota_is_no_wrong_address(tap, sandbox):
    """The first list is not there, and what tells the scopes is not answered any more."""
    rule, sentence, _ = DENIED[-1]
    sandbox.rule(path="/leads", times=None, **rule)
    sandbox.rule("status", path="*", times=None, status=429)
    assert_failed(
        tap.run(),
        f"leads: {sentence}{ASK} | pins: the key's requests for today are used up (status 429) "
        "after 3 requests of this run; the next run goes on",
    )


@pytest.mark.slow
@pytest.mark.parametrize(("rule", "sentence"), FAILS_THE_STREAM)
def test_what_fails_one_stream_while_the_others_go_on(tap, sandbox, rule, sentence):
    sandbox.rule(path="/leads", times=None, **rule)
    result = tap.run(state=STATE)
    assert_failed(result, f"leads: {sentence}")
    assert sandbox.count("/leads") == 1
    assert result.records("leads") == []
    for name in NAMES[1:]:
        expected = {row["id"] for row in sandbox.company.rows(name)}
        assert {row["id"] for row in result.records(name)} == expected


@pytest.mark.slow
@pytest.mark.parametrize(("rule", "sentence"), [*STOPS_THE_RUN, *FAILS_THE_STREAM])
def test_rows_read_before_stay_and_the_bookmark_does_not_move(tap, sandbox, rule, sentence):
    sandbox.rule(path="/leads", page=2, times=None, **rule)
    result = tap.run(state=STATE)
    assert tap.asked("leads") == [(0, 10), (8, 16)]
    assert_failed(result, f"leads: {sentence}")
    first_page = [row["id"] for row in sandbox.company.rows("leads")[:PAGE]]
    assert [row["id"] for row in result.records("leads")] == first_page
    for state in result.states:
        assert state["bookmarks"]["leads"]["replication_key_value"] == OLD


@pytest.mark.parametrize("name", NAMES)
def test_each_list_can_fail_alone(tap, sandbox, name):
    path = ROTOR[name].path
    sandbox.rule("status", path, times=None, status=500)
    result = tap.run()
    assert_failed(result, f"{name}: {path} was answered with status 500")
    assert {request.path for request in sandbox.requests} == {of.path for of in ROTOR.values()}
    assert sandbox.count(path) == 1


def test_several_failed_streams_are_all_named(tap, sandbox):
    sandbox.rule("status", "/pins", times=None, status=500)
    sandbox.rule("status", "/customers", times=None, status=400)
    assert_failed(
        tap.run(),
        "pins: /pins was answered with status 500 | "
        "customers: /customers was rejected with status 400",
    )


def test_a_missing_scope_fails_its_stream_and_says_what_to_do(tap, sandbox):
    sandbox.add_key("rotor_narrow_key", ["leads:read", "customers:read"])
    result = tap.run(api_key="rotor_narrow_key")
    refused = {name: of.path for name, of in ROTOR.items() if name not in {"leads", "customers"}}
    assert_failed(
        result,
        " | ".join(
            f"{name}: {path} was refused: the API key lacks the scope {name}:read (it has "
            "leads:read, customers:read). Give it the scope in Rotor, or deselect the stream "
            f"(meltano select --exclude tap-rotor {name} '*')"
            for name, path in refused.items()
        ),
    )
    assert "rotor_narrow_key" not in result.stderr[-600:]
    assert len(result.records("leads")) == LEADS
    assert len(result.records("customers")) == 5
    # The scopes are asked for once.
    assert sandbox.count("/auth/test") == 1
    assert all(sandbox.count(path) == 1 for path in refused.values())


def test_scopes_that_cannot_be_had_are_left_out(tap, sandbox):
    sandbox.add_key("rotor_narrow_key", [name for name in sandbox.keys[KEY].scopes if "le" in name])
    sandbox.rule("status", "/auth/test", times=None, status=500)
    sandbox.rule(
        "status",
        "/pins",
        status=403,
        body={"status": "error", "message": "Forbidden", "error_code": "INSUFFICIENT_SCOPE"},
    )
    assert_failed(
        tap.run(),
        "pins: /pins was refused: the API key lacks the scope that it needs. Give it the scope in "
        "Rotor, or deselect the stream (meltano select --exclude tap-rotor pins '*')",
    )


def test_a_wrong_key_is_asked_for_once(tap, sandbox):
    result = tap.run(api_key="rotor_wrong_key")
    assert_failed(result, f"leads: {STOPS_THE_RUN[0][1]}")
    assert "rotor_wrong_key" not in result.stderr[-600:]
    assert sandbox.count() == 1


def test_a_lead_that_is_not_there_is_a_warning(tap, sandbox):
    ids = [row["id"] for row in sandbox.company.rows("leads")[:2]]
    result = tap.run(lead_ids=[ids[0], "gone", ids[1]], state=STATE)
    assert (result.status, result.errors) == (0, [])
    assert result.warnings == ["There is no lead gone"]
    assert [row["id"] for row in result.records("leads")] == ids
    assert [request.path for request in sandbox.requests][:3] == [
        f"/leads/{ids[0]}",
        "/leads/gone",
        f"/leads/{ids[1]}",
    ]


FAULTS: list[tuple[t.Any, str]] = [
    (MISSING, "a row without an id"),
    (None, "a row whose id is null"),
    ("", "a row whose id is empty"),
    ("x" * 256, "a row whose id is longer than 255 characters"),
    (7.5, "a row whose id is a number that is not whole"),
    (True, "a row whose id is true or false"),
    ({"of": "anna@example.org"}, "a row whose id is an object"),
]


@pytest.mark.parametrize(
    ("stream", "row_id", "fault"),
    [*(("leads", *fault) for fault in FAULTS), ("customers", *FAULTS[1])],
)
@pytest.mark.usefixtures("clock")
def test_a_row_without_an_id_keeps_no_other_row_back(tap, sandbox, stream, row_id, fault):
    """It is not asked for again, as it would come again; nor is a list believed that has one."""
    sandbox.company.insert("customers", 25)
    sandbox.company.advance(HOUR)
    rows = [row["id"] for row in sandbox.company.rows(stream)]
    sandbox.company.edit(stream, rows[12], id=row_id)
    result = tap.run(stream, emit_activate_version_messages=True, retry_minutes=5)
    asked = tap.asked(stream)
    place = next(place for place, (first, end) in enumerate(asked) if first <= 12 < end)
    size = asked[place][1] - asked[place][0]
    assert_failed(
        result,
        f"{stream}: page {asked[place][1] // size} of /{stream} (limit={size}) holds {fault}. All "
        "rows with an id are sent, but the bookmark does not move and nothing is deleted in the "
        "target. Report this to Rotor",
    )
    assert result.ids(stream) == [*rows[:12], *rows[13:]]
    assert result.warnings == result.of_type("ACTIVATE_VERSION") == []
    assert len(asked) == (5 if stream == "leads" else 4)
    again = tap.run(stream, state=result.state)
    assert (again.status, again.ids(stream)) == (1, result.ids(stream))


@pytest.mark.parametrize("stream", ["leads", "customers", "pin_types"])
def test_a_row_that_is_no_object_keeps_no_other_row_back(tap, sandbox, stream):
    path = ROTOR[stream].path
    rows = [{"id": str(n), "created_at": f"2026-01-0{9 - n}T00:00:00Z"} for n in range(5)]
    body = {
        "data": [*rows[:2], "anna@example.org", *rows[2:]],
        "pagination": {"total": 6, "limit": 10, "has_more": False},
    }
    sandbox.rule("status", path, times=None, status=200, body=body)
    result = tap.run(stream)
    page = path if stream == "pin_types" else f"page 1 of {path} (limit=10)"
    (sentence,) = result.errors
    assert sentence.startswith(f"Failed. {stream}: {page} holds a row that is no object. ")
    assert "anna" not in result.stderr
    assert result.ids(stream) == ["0", "1", "2", "3", "4"]


def test_an_id_that_is_a_whole_number_counts_as_its_text(tap, sandbox):
    rows = [row["id"] for row in sandbox.company.rows("leads")]
    sandbox.company.edit("leads", rows[3], id=7)
    result = tap.succeed("leads")
    assert result.ids("leads") == [*rows[:3], "7", *rows[4:]]
    assert [record["extra_fields"] for record in result.records("leads")] == [None] * LEADS


@pytest.mark.usefixtures("clock")
def test_one_lead_without_an_id_is_asked_for_twice(tap, sandbox):
    lead = sandbox.company.rows("leads")[0]["id"]
    body = {"data": {"name": "Anna"}, "status": "success"}
    sandbox.rule("status", f"/leads/{lead}", times=None, status=200, body=body)
    result = tap.run("leads", lead_ids=[lead], retry_minutes=1)
    assert_failed(
        result, f"leads: /leads/{lead} was answered with {JSON} holds a row without an id"
    )
    assert sandbox.count() == 2
