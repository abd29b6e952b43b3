"""Answers that state what is not so: a read is complete all the same, or says that it is not."""

from __future__ import annotations

import time
import typing as t

import pytest

from paged_rest.http import Response
from tests.harness.companies import HOUR, hourly
from tests.harness.promise import ALL, ids, read
from tests.harness.tap import Tap

if t.TYPE_CHECKING:
    from pathlib import Path

    from tools.sandbox import Company, Sandbox


@pytest.fixture
def company() -> Company:
    """A company with 40 leads, made an hour apart, and some time gone by since."""
    company = hourly(leads=40)
    company.advance(HOUR)
    return company


@pytest.fixture
def tap(sandbox: Sandbox, tmp_path: Path) -> Tap:
    return Tap(tmp_path, sandbox, page_size=10)


OF_SEVEN = [
    *[(5, 10), (7, 14), (12, 18), (14, 21), (18, 24), (21, 28), (24, 30), (28, 35)],
    *[(30, 36), (30, 36), (35, 42), (32, 36), (35, 42)],
]
"""The pages of 40 rows where a page holds at most 7: from row 35 on no page overlaps enough."""


def test_a_server_that_clamps_from_the_start(tap, company, sandbox):
    sandbox.switch(max_limit=7)
    assert read(tap, company).status == 0
    assert tap.asked("leads") == [(0, 10), *OF_SEVEN]


@pytest.mark.parametrize(
    ("limit", "tried"),
    [
        (
            4,
            [
                *[(0, 4), (3, 6), (2, 4), (3, 6), (4, 8), (6, 9), (6, 9), (8, 12), (6, 9)],
                *[(8, 12), (8, 12)],
            ],
        ),
        (1, [(0, 1)]),
    ],
)
def test_pages_too_small_to_overlap_are_counted(tap, company, sandbox, limit, tried):
    sandbox.switch(max_limit=limit)
    assert read(tap, company, begun_again=True).status == 0
    counted = [(place, place + limit) for place in range(limit, 41, limit)]
    assert tap.asked("leads") == [(0, 10), *tried, (0, 10), *counted]


def test_a_server_that_clamps_from_the_middle(tap, company, sandbox):
    sandbox.before("/leads", None, lambda: sandbox.switch(max_limit=4), nth=3)
    assert read(tap, company, begun_again=True).status == 0
    tried = [
        *[(12, 16), (15, 18), (14, 16), (15, 18), (16, 20), (18, 21), (18, 21), (20, 24)],
        *[(18, 21), (20, 24), (20, 24)],
    ]
    counted = [(place, place + 4) for place in range(4, 41, 4)]
    assert tap.asked("leads") == [*ALL[:3], *tried, (0, 10), *counted]


@pytest.mark.parametrize(
    ("kind", "rule", "asked"),
    [
        ("contradict", {"nth": 2}, ALL),
        ("contradict", {"nth": 7}, [*ALL, (45, 54)]),
        ("stale_total", {"nth": 2}, ALL),
        ("wrong_page", {"nth": 2}, [*ALL[:2], *ALL[1:]]),
        ("no_total", {"nth": 2}, [*ALL[:2], *ALL[1:]]),
        ("repeat_page", {"nth": 2}, [*ALL[:3], (10, 20), *ALL[1:]]),
    ],
)
def test_one_wrong_answer_costs_requests_and_no_rows(tap, company, kind, rule, asked):
    tap.sandbox.rule(kind, "/leads", **rule)
    run = read(tap, company)
    assert run.status == 0
    assert len(run.ids("leads")) == 40
    assert tap.asked("leads") == asked


@pytest.mark.parametrize(
    ("kind", "rule", "requests"),
    [
        ("clamp", {"nth": 3, "limit": 5}, 29),
        ("clamp", {"nth": 1, "limit": 5}, 33),
        ("clamp", {"nth": 7, "limit": 5}, 11),
        ("repeat_page", {"nth": 3}, 11),
        ("repeat_page", {"nth": 7}, 9),
    ],
)
def test_one_wrong_answer_may_cost_many_requests_and_no_rows(tap, company, kind, rule, requests):
    """What a server clamps to is the largest page from then on, and 5 rows hardly overlap."""
    tap.sandbox.rule(kind, "/leads", **rule)
    run = read(tap, company)
    assert run.status == 0
    assert len(run.ids("leads")) == 40
    assert len(tap.asked("leads")) == requests


@pytest.mark.parametrize("rule", [{"nth": 7}, {}])
def test_an_end_that_always_promises_more_is_believed_and_nothing_deleted(tap, company, rule):
    tap.sandbox.rule("contradict", "/leads", times=None, **rule)
    run = read(tap, company)
    assert run.status == 0
    assert tap.asked("leads") == [*ALL, (45, 54)]
    (warning,) = run.problems
    assert warning == (
        "leads: the list ends after 40 rows, though its responses state that there is more; "
        "nothing is deleted in the target. Report this to Rotor"
    )
    assert run.of_type("ACTIVATE_VERSION") == []


@pytest.mark.parametrize("first", [True, False])
def test_wrong_answers_for_ever_end_with_status_1(tap, company, first):
    state = None if first else tap.succeed("leads").state
    company.insert("leads", 2)
    tap.sandbox.rule("repeat_page", "/leads", page=3, times=None)
    run = read(tap, company, state=state, begun_again=True)
    assert run.status == 1
    assert len(tap.asked("leads")) <= 45


@pytest.mark.parametrize("first", [True, False])
def test_a_page_that_is_clamped_for_ever(tap, company, first):
    state = None if first else tap.succeed("leads").state
    company.insert("leads", 2)
    tap.sandbox.rule("clamp", "/leads", page=2, times=None, limit=7)
    assert read(tap, company, state=state).status == 0
    assert tap.asked("leads") == [(0, 10), (8, 16), *OF_SEVEN[2:], (40, 45)]


@pytest.mark.slow
@pytest.mark.parametrize("nth", [2, 3, 4, 5, 6, 7])
@pytest.mark.parametrize("places", [(0,), (1, 2, 3), (15,), (39,)])
def test_a_total_of_another_moment_than_the_rows(tap, company, sandbox, nth, places):
    sandbox.before("/leads", None, lambda: company.delete("leads", ids(company, *places)), nth=nth)
    sandbox.rule("stale_total", "/leads", nth=nth)
    assert read(tap, company).status == 0


@pytest.mark.parametrize("places", [(0,), (1, 2, 3), (15,)])
def test_totals_that_are_always_of_another_moment(tap, company, sandbox, places):
    sandbox.switch(stale_total=True)
    for nth in (2, 4):
        sandbox.before(
            "/leads", None, lambda: company.delete("leads", ids(company, *places)), nth=nth
        )
    read(tap, company)


@pytest.mark.parametrize(
    ("size", "asked"),
    [
        (7, [(0, 7), *OF_SEVEN]),
        (10, ALL),
        (40, [(0, 40), (38, 76)]),
        (1000, [(0, 1000)]),
    ],
)
def test_a_limit_that_is_not_stated(tap, company, sandbox, size, asked):
    sandbox.switch(state_limit=False)
    assert read(tap, company, page_size=size).status == 0
    assert tap.asked("leads") == asked


def test_a_limit_that_is_neither_stated_nor_kept(tap, company, sandbox):
    sandbox.switch(state_limit=False, max_limit=6)
    assert read(tap, company).status == 0
    assert tap.asked("leads") == [
        *[(0, 10), (4, 8), (6, 12), (10, 15), (12, 18), (15, 20), (18, 24), (20, 25), (20, 25)],
        *[(24, 30), (20, 25), (24, 30), (28, 32), (30, 36), (30, 36), (35, 40), (32, 36)],
        *[(35, 40), (36, 42)],
    ]


@pytest.mark.parametrize("mood", [None, "good"])
@pytest.mark.parametrize("charset", ["utf-8-sig", "iso-8859-1", "utf-16"])
def test_a_body_in_another_charset_is_read_as_declared(tap, company, charset, mood):
    """On the quick way and on the one for fields that the schema does not know."""
    company.insert("leads", name="Zoë Müller", **({"mood": mood} if mood else {}))
    sent = tap.succeed("leads").records("leads")
    assert sent[0]["name"] == "Zoë Müller"
    tap.sandbox.rule("recode", "/leads", times=None, charset=charset)
    assert tap.succeed("leads", retry_minutes=0).records("leads") == sent


def test_an_empty_list_is_complete(tap, company):
    company.delete("leads", ids(company, *range(40)))
    run = read(tap, company)
    assert (run.status, run.records("leads")) == (0, [])
    assert tap.asked("leads") == [(0, 10)]


@pytest.mark.parametrize(
    ("ids", "total", "said"),
    [
        ("12", 0, "show the same 2 rows, though its total is 0"),
        ("12", 120, "show the same 2 rows, though its total is 120"),
        (
            "12231",
            5,
            "show the same 3 rows, though its total is 5 and it lists these ids twice: 1, 2",
        ),
    ],
)
def test_a_list_without_pages_of_another_length_than_it_states(tap, ids, total, said):
    """It is read twice, and believed if both readings agree."""
    rows = [{"id": row_id} for row_id in ids]
    body = {"data": rows, "pagination": {"total": total, "has_more": False}}
    tap.sandbox.rule("status", "/pin-types", times=None, status=200, body=body)
    run = tap.succeed("pin_types", emit_activate_version_messages=True)
    assert run.ids("pin_types") == sorted(set(ids))
    assert run.of_type("ACTIVATE_VERSION") == []
    (warning,) = run.problems
    assert warning == (
        f"pin_types: two readings of /pin-types {said}; all are sent, but nothing is deleted in "
        "the target. Report this to Rotor"
    )
    assert tap.asked("pin_types") == [(0, None), (0, None)]


@pytest.mark.parametrize(
    ("date", "asked"),
    [
        ("Thu, 01 Jan 2026 00:00:03 GMT", "2026-01-01T00:00:00.500000Z"),
        ("Thu, 01 Jan 2026 02:00:03 +0200", "2026-01-01T00:00:00.500000Z"),
        ("Thu, 01 Jan 2026 00:00:03 -0000", "2026-01-01T00:00:00.500000Z"),
        ("Thu Jan  1 00:00:03 2026", "2026-01-01T00:00:00.500000Z"),
        ("Fri, 31 Dec 9999 23:00:00 -0500", None),
        ("yesterday", None),
        (None, None),
    ],
)
def test_rows_of_after_a_request_are_not_taken_to_have_been_there(monkeypatch, date, asked):
    """A server may take the rows long before it states its date, whatever zone this machine has."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        headers = {"Date": date} if date else {}
        assert Response(200, headers, b"", "/leads", "host", seconds=2.5).asked == asked
    finally:
        monkeypatch.undo()
        time.tzset()
