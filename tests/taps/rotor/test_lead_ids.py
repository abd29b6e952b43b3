"""`lead_ids`: just these leads, one request each, and nothing remembered of it."""

from __future__ import annotations

import typing as t
import uuid

import pytest

from tests.harness.catalog import as_records
from tests.harness.outcome import assert_failed
from tests.harness.tap import Tap

if t.TYPE_CHECKING:
    from pathlib import Path

    from tools.sandbox import Sandbox


@pytest.fixture
def tap(sandbox: Sandbox, tmp_path: Path) -> Tap:
    return Tap(tmp_path, sandbox, retry_minutes=0)


def test_each_lead_is_asked_for_once_and_the_list_not_at_all(tap, company, sandbox):
    rows = [company.rows("leads")[place] for place in (70, 3, 5)]
    ids = [row["id"] for row in rows]
    run = tap.run("leads", lead_ids=[*ids, ids[1], ids[1]])
    assert run.status == 0
    assert [(request.path, request.query) for request in sandbox.requests] == [
        (f"/leads/{row_id}", {}) for row_id in ids
    ]
    assert run.records("leads") == as_records("leads", rows)
    assert run.problems == []
    said = "leads: 3 rows in 3 requests, 0 repeats left out: 3 asked for by id"
    assert said in run.logged("INFO")


def test_archived_leads_are_found(tap, company):
    row_id = company.rows("leads")[9]["id"]
    company.archive(row_id)
    run = tap.succeed("leads", lead_ids=[row_id], include_archived=False)
    assert [record["archived"] for record in run.records("leads")] == [True]


def test_a_lead_that_is_not_there_is_a_warning_with_its_id(tap, company, sandbox):
    known, missing = company.rows("leads")[0]["id"], str(uuid.uuid4())
    run = tap.run("leads", lead_ids=[missing, known])
    assert run.status == 0
    assert run.ids("leads") == [known]
    assert run.problems == [f"There is no lead {missing}"]
    assert sandbox.count() == 2


def test_an_answer_that_is_not_the_apis_says_nothing_of_a_lead(tap, company, sandbox):
    lead = company.rows("leads")[0]["id"]
    sandbox.rule("status", f"/leads/{lead}", status=404, body="<html>")
    run = tap.run("leads", lead_ids=[lead])
    assert run.status == 1
    assert run.last_line == (
        f"ERROR Failed. leads: /leads/{lead} does not exist on 127.0.0.1 (status 404), though "
        "Rotor answers other requests: this key or company may not have it. Ask Rotor, or "
        "deselect the stream (meltano select --exclude tap-rotor leads '*')"
    )


def test_leads_that_are_all_missing_may_mean_a_wrong_address(tap, sandbox):
    run = tap.run("leads", lead_ids=["gone", "too"], api_url=f"{sandbox.url}/v2")
    assert run.warnings == ["There is no lead gone", "There is no lead too"]
    assert_failed(
        run,
        "leads: /leads/too does not exist on 127.0.0.1 (status 404). Check the setting api_url.",
    )
    assert [request.path for request in sandbox.requests] == [
        *["/v2/leads/gone", "/v2/leads/too", "/v2/auth/test"]
    ]


@pytest.mark.parametrize("state", ["none", "complete", "interrupted"])
def test_the_state_is_left_alone(tap, company, state):
    former = {
        "none": lambda: None,
        "complete": lambda: tap.succeed("leads").state,
        "interrupted": lambda: tap.succeed("leads", page_size=10, request_budget=2).state,
    }[state]()
    run = tap.run("leads", state=former, lead_ids=[company.rows("leads")[0]["id"]])
    assert run.status == 0
    entries = [value["bookmarks"].get("leads", {}) for value in run.states]
    assert all(
        entry == (former or {"bookmarks": {"leads": {}}})["bookmarks"]["leads"] for entry in entries
    )


@pytest.mark.parametrize(
    "odd", ["a/b", "../customers", "a?b=c", "a#b", "a%2Fb", "a b", "ä€😀", "a&b", "..a"]
)
def test_odd_ids_are_quoted(tap, company, sandbox, odd):
    """Whatever an id holds, it stays one part of the path."""
    known = company.rows("leads")[0]["id"]
    sandbox.rule("status", "/leads/*", status=404, times=1)
    run = tap.run("leads", lead_ids=[odd, known])
    assert run.status == 0
    assert run.problems == [f"There is no lead {odd}"]
    assert run.ids("leads") == [known]
    assert all(not request.query for request in sandbox.requests)


@pytest.mark.parametrize("dots", [".", ".."])
def test_dots_are_no_ids(tap, sandbox, dots):
    """In a path they mean another one, quoted or not."""
    run = tap.run("leads", lead_ids=[dots])
    assert run.status == 1
    assert "lead_ids" in run.last_line
    assert sandbox.count() == 0


def test_other_streams_are_read_as_usual(tap, company, sandbox):
    row_id = company.rows("leads")[0]["id"]
    run = tap.run("leads", "pins", lead_ids=[row_id])
    assert run.status == 0
    assert run.ids("leads") == [row_id]
    assert len(run.ids("pins")) == len(company.rows("pins"))
    assert [request.path for request in sandbox.requests] == [f"/leads/{row_id}", "/pins"]


def test_a_missing_scope_ends_with_its_sentence(tap, company, sandbox):
    sandbox.add_key("narrow", ["pins:read"])
    row_id = company.rows("leads")[0]["id"]
    run = tap.run("leads", lead_ids=[row_id], api_key="narrow")
    assert run.status == 1
    assert "lacks the scope leads:read" in run.last_line


def test_the_budget_holds_for_them_too(tap, company, sandbox):
    ids = [row["id"] for row in company.rows("leads")[:5]]
    run = tap.run("leads", lead_ids=ids, request_budget=3)
    assert run.status == 0
    assert run.ids("leads") == ids[:3]
    assert sandbox.count() == 3
    (warning,) = run.problems
    assert "request_budget" in warning
