"""What each answer that is no page comes to: how far it reaches, and what the user reads."""

from __future__ import annotations

import typing as t

import pytest

from tests.harness.outcome import assert_failed
from tests.harness.promise import NO_BOOKMARK
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


# Each: the rule, the sentence.
UNPROVEN = "it is not certain that all rows were read"
STOPS_THE_RUN: list[tuple[dict[str, t.Any], str]] = [
    (
        {"kind": "status", "status": 401},
        "Rotor does not accept the API key (status 401). Check the setting api_key; "
        + WHERE_KEYS_ARE_MADE,
    ),
    (
        {"kind": "status", "status": 403, "body": "<html>Access denied</html>"},
        (
            "/leads was refused with status 403, but not by Rotor (content type text/html): a "
            "firewall or a proxy on the way to 127.0.0.1 may be the cause."
        ),
    ),
    (
        {"kind": "status", "status": 403, "error_code": False},
        (
            "/leads was refused with status 403, but not by Rotor (content type application/json): "
            "a firewall or a proxy on the way to 127.0.0.1 may be the cause."
        ),
    ),
    (
        {"kind": "status", "status": 404},
        "/leads does not exist on 127.0.0.1 (status 404). Check the setting api_url.",
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
    ({"kind": "bad_gzip"}, "127.0.0.1 sent a body that cannot be decompressed"),
]
FAILS_THE_STREAM: list[tuple[dict[str, t.Any], str]] = [
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
    (
        {"kind": "status", "status": 200, "body": {"data": [["anna@example.org"]]}},
        f"/leads was answered with {JSON} holds a row that is no object",
    ),
    *(
        (
            {"kind": "status", "status": 200, "body": {"data": [{"id": row_id, "name": "Anna"}]}},
            f"/leads was answered with {JSON} holds a row without an id",
        )
        for row_id in (None, "", 5, ["anna@example.org"], "x" * 5000)
    ),
]


@pytest.mark.parametrize(("rule", "sentence"), STOPS_THE_RUN)
def test_what_stops_the_run(tap, sandbox, rule, sentence):
    sandbox.rule(path="/leads", times=None, **rule)
    result = tap.run(state=STATE)
    assert_failed(result, f"leads: {sentence}")
    assert [request.path for request in sandbox.requests] == ["/leads"]
    assert result.of_type("RECORD") == []


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
    if rule.get("status") == 404:
        # The list may have become that short meanwhile.
        sentence = f"{UNPROVEN}: it ended before a page that it had promised"
        assert len(tap.asked("leads")) <= 3 * 5
    else:
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


@pytest.mark.parametrize("row_id", [MISSING, None, "", 5])
def test_a_row_without_id_among_good_ones_fails_the_page(tap, sandbox, row_id):
    sandbox.company.edit("pins", sandbox.company.rows("pins")[11]["id"], id=row_id)
    result = tap.run()
    assert_failed(result, f"pins: /pins was answered with {JSON} holds a row without an id")
    assert len(result.records("pins")) == PAGE
    assert result.states[-1]["bookmarks"]["pins"].get("replication_key_value") in NO_BOOKMARK
