"""Faults that pass: what is tried again, after which wait, and for how long."""

from __future__ import annotations

import typing as t
from datetime import UTC, datetime

import pytest

from tests.harness.clock import Clock
from tests.harness.outcome import assert_failed
from tests.harness.streams import ROTOR
from tests.harness.tap import Tap
from tools.sandbox import Company, Sandbox

if t.TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LEADS = 30
PAGES = 5
"""That overlap, at a page_size of 10."""
OLD = "2020-01-01T00:00:00.000000Z"
STATE = {"bookmarks": {"leads": {"replication_key": "created_at", "replication_key_value": OLD}}}
JSON = "was answered with status 200 and content type application/json, but"
PASSING: list[tuple[dict[str, t.Any], str]] = [
    *(
        ({"kind": "status", "status": status}, f"/leads was answered with status {status}")
        for status in (408, 500, 502, 503, 504)
    ),
    ({"kind": "reset"}, "127.0.0.1 broke the connection"),
    ({"kind": "cut_fin"}, "127.0.0.1 broke the connection"),
    ({"kind": "cut_rst"}, "127.0.0.1 broke the connection"),
    ({"kind": "bad_gzip"}, "127.0.0.1 sent a body that cannot be decompressed"),
    (
        {"kind": "html"},
        "/leads was answered with status 200 and content type text/html, but is no JSON object",
    ),
    ({"kind": "error_200"}, f"/leads {JSON} holds no list of rows"),
]
BROKEN: list[tuple[str, str]] = [
    ("bad_json", "is no JSON object"),
    ("no_data", "holds no list of rows"),
    ("no_total", "does not say how many rows there are"),
    ("wrong_page", "is another page than the one that was asked for"),
]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    # The clock of the machine, for what HTTP dates are compared with.
    company = Company(leads=LEADS, start=datetime.now(UTC), pins=4, customers=0, service_plans=0)
    with Sandbox(company) as server:
        yield server


@pytest.fixture
def tap(sandbox: Sandbox, tmp_path: Path) -> Tap:
    return Tap(tmp_path, sandbox, page_size=10)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.mark.parametrize(("rule", "sentence"), PASSING)
def test_a_fault_that_passes_costs_two_requests_more(tap, sandbox, clock, rule, sentence):
    sandbox.rule(path="/leads", nth=2, times=2, **rule)
    result = tap.run(state=STATE)
    assert (result.status, result.errors) == (0, [])
    assert [row["id"] for row in result.records("leads")] == [
        row["id"] for row in sandbox.company.rows("leads")
    ]
    assert sandbox.count("/leads") == PAGES + 2
    assert result.warnings == [
        f"{sentence}; trying again in 1 s (try 2)",
        f"{sentence}; trying again in 2 s (try 3)",
    ]
    assert clock.waits == [1.0, 2.0]


@pytest.mark.parametrize(("kind", "what"), BROKEN)
def test_the_same_broken_answer_twice_is_no_fault_that_passes(tap, sandbox, clock, kind, what):
    sandbox.rule(kind, "/leads", page=2, times=None)
    result = tap.run("leads", state=STATE)
    sentence = f"/leads {JSON} {what}"
    assert result.warnings == [f"{sentence}; trying again in 1 s (try 2)"]
    assert_failed(result, f"leads: {sentence}")
    assert (sandbox.count(), clock.waits) == (3, [1.0])


def test_broken_answers_that_differ_are_tried_again(tap, sandbox, clock):
    for number in range(3):
        body = {"status": "success", "request": number}
        sandbox.rule("status", "/leads", status=200, body=body)
    assert tap.run("leads").status == 0
    assert clock.waits == [1.0, 2.0, 4.0]


@pytest.mark.slow
def test_a_real_wait(tap, sandbox):
    sandbox.rule("status", "/leads", status=503)
    result = tap.run()
    assert result.status == 0
    assert sandbox.count("/leads") == PAGES + 1


def test_waits_grow_to_a_minute_and_end_with_retry_minutes(tap, sandbox, clock):
    sandbox.rule("status", "/leads", times=None, status=503)
    result = tap.run(retry_minutes=5, state=STATE)
    assert_failed(result, "leads: /leads was answered with status 503")
    assert clock.waits[:9] == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]
    assert sum(clock.waits) == pytest.approx(300, abs=2)
    assert sandbox.count("/leads") == 1 + len(clock.waits)
    assert sandbox.count("/pins") == 1
    for state in result.states:
        assert state["bookmarks"]["leads"]["replication_key_value"] == OLD


def test_waits_are_spread_by_chance(tap, sandbox, clock):
    clock.chance = 0.0
    sandbox.rule("status", "/leads", times=3, status=503)
    assert tap.run().status == 0
    assert clock.waits == [0.5, 1.0, 2.0]


def test_retry_minutes_hold_for_all_of_a_run(tap, sandbox, clock):
    """What fails for ever uses them up once; each list after that is tried once."""
    sandbox.rule("status", "*", nth=3, times=None, status=500)
    result = tap.run(retry_minutes=5, state=STATE)
    others = [(name, of.path) for name, of in ROTOR.items()]
    assert_failed(
        result, " | ".join(f"{name}: {path} was answered with status 500" for name, path in others)
    )
    assert sum(clock.waits) == pytest.approx(300)
    assert [sandbox.count(path) for _, path in others] == [3 + len(clock.waits), *[1] * 5]


def test_a_fault_that_passes_uses_up_no_retry_minutes(tap, sandbox, clock):
    for nth in range(1, 6 * PAGES, 6):
        sandbox.rule("status", "/leads", nth=nth, times=5, status=500)
    assert tap.run("leads", retry_minutes=1).status == 0
    assert clock.waits == [1.0, 2.0, 4.0, 8.0, 16.0] * PAGES


def test_the_time_left_does_not_count_waits(tap, sandbox, clock):
    sandbox.rule("status", "/leads", status=429, retry_after=100)
    result = tap.succeed("leads")
    assert clock.waits == [101.0]
    assert [line for line in result.logged("INFO") if "to go" in line] == [
        "leads: 10 of 30 rows in 1 request, 0 s to go if all are read"
    ]


@pytest.mark.parametrize("as_date", [False, True])
def test_a_short_retry_after_is_waited_for(tap, sandbox, clock, as_date):
    sandbox.rule("status", "/leads", status=429, retry_after=90, retry_after_date=as_date)
    result = tap.run()
    assert result.status == 0
    # To the full second, plus up to a second so that many clients do not come at once.
    assert clock.waits == [pytest.approx(91, abs=5 if as_date else 0)]
    assert sandbox.count("/leads") == PAGES + 1


@pytest.mark.parametrize("seconds", [0, 120])
def test_the_shortest_and_the_longest_retry_after(tap, sandbox, clock, seconds):
    sandbox.rule("status", "/leads", status=429, retry_after=seconds)
    assert tap.run().status == 0
    assert clock.waits == [seconds + 1.0]


@pytest.mark.parametrize("value", ["soon", "-5", "", "Tue, 99 Foo 2026 99:99:99 GMT", "1e3"])
def test_a_retry_after_that_cannot_be_read_is_none(tap, sandbox, clock, value):
    sandbox.rule("status", "/leads", status=429, error_code=False, headers={"Retry-After": value})
    assert tap.run().status == 0
    assert clock.waits == [1.0]


def test_a_429_without_code_and_header_is_retried(tap, sandbox, clock):
    sandbox.rule("status", "/leads", times=2, status=429, error_code=False)
    result = tap.run()
    assert (result.status, clock.waits) == (0, [1.0, 2.0])
    assert result.warnings[0] == (
        "/leads was answered with status 429; trying again in 1 s (try 2)"
    )


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"retry_after": 121},
        {"retry_after": 3600},
        {"retry_after": 3600, "retry_after_date": True},
        {"error_code": False, "retry_after": 3600},
        {"error_code": False, "retry_after": 3600, "retry_after_date": True},
    ],
)
def test_the_daily_quota_stops_the_run_without_a_retry(tap, sandbox, clock, rule):
    sandbox.rule("status", "/leads", nth=2, times=None, status=429, **rule)
    result = tap.run(state=STATE)
    assert_failed(
        result,
        "leads: the key's requests for today are used up (status 429) after 2 requests of this "
        "run: 10 rows of leads read, 20 still to read; the next run goes on",
    )
    assert [request.path for request in sandbox.requests] == ["/leads", "/leads"]
    assert clock.waits == []
    last = result.states[-1]["bookmarks"]["leads"]
    assert last["replication_key_value"] == OLD
    assert last["resume_point"] != []


@pytest.mark.parametrize("retry_after", [3600, 1, None])
def test_a_limit_that_is_not_the_apis_is_no_quota(tap, sandbox, clock, retry_after):
    body = "<html>Rate limited</html>"
    sandbox.rule("status", "/leads", nth=2, status=429, retry_after=retry_after, body=body)
    result = tap.run("leads", state=STATE)
    if retry_after == 3600:
        assert_failed(
            result,
            "leads: /leads was answered with status 429, but not by Rotor (content type "
            "text/html): somebody on the way to 127.0.0.1 limits requests and asks to wait for "
            "3,600 s. Run again after that.",
        )
        assert result.bookmark("leads")["resume_point"] != []
    else:
        assert (result.status, len(clock.waits)) == (0, 1)


@pytest.mark.parametrize("retry_after", ["none", "seconds", "date"])
def test_a_quota_that_is_really_spent(tap, sandbox, clock, retry_after):
    sandbox.switch(retry_after=retry_after, quota_window="rolling")
    sandbox.keys[sandbox.api_key].quota = PAGES + 1
    result = tap.run()
    (sentence,) = result.errors
    assert sentence.startswith(
        "Failed. pin_types: the key's requests for today are used up (status 429) after 7 requests "
        "of this run"
    )
    assert sentence.endswith("; the next run goes on")
    assert "0 still to read" not in sentence
    assert result.status == 1
    assert len(result.records("leads")) == LEADS
    assert len(result.records("pins")) == 4
    assert sandbox.count() == PAGES + 2
    assert clock.waits == []
