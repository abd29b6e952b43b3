"""Rare settings, catalogs and states of a run, each of which once lost rows or deleted them."""

from __future__ import annotations

import copy

import pytest

from tests.harness.catalog import selecting
from tests.harness.companies import hourly
from tests.harness.tap import Tap
from tools.sandbox import Company, Sandbox


@pytest.fixture
def company() -> Company:
    return hourly(leads=40)


@pytest.fixture
def tap(company, tmp_path):
    with Sandbox(company) as sandbox:
        yield Tap(tmp_path, sandbox, page_size=10, retry_minutes=1)


def test_an_api_that_is_down_is_no_polite_stop(tap, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    tap.sandbox.rule("status", "/leads", status=500, times=None)
    run = tap.run("leads", request_budget=3)
    assert run.status == 1
    assert "status 500" in run.last_line
    assert tap.asked("leads") == [(0, 10)] * 3


@pytest.mark.parametrize("trim", ["created_at", "id", "format", "all"])
def test_a_trimmed_catalog_reads_all(tap, trim):
    catalog = copy.deepcopy(selecting("leads"))
    (entry,) = [entry for entry in catalog["streams"] if entry["tap_stream_id"] == "leads"]
    if trim == "all":
        entry["schema"] = {}
    elif trim == "format":
        del entry["schema"]["properties"]["created_at"]["format"]
    else:
        del entry["schema"]["properties"][trim]
    first = tap.run(catalog=catalog)
    assert first.status == 0
    assert len(set(first.ids("leads"))) == 40
    assert tap.run(catalog=catalog, state=first.state, lookback_days=0).status == 0
    assert tap.asked("leads") == [(0, 10)]


@pytest.mark.parametrize(
    ("maps", "filtered"),
    [
        ({"leads": {"n": "name"}}, False),
        ({"pins": {"__filter__": "False"}}, False),
        ({"leads": {"__filter__": "stage != 'Won'"}}, True),
        ({"*": {"__filter__": "stage != 'Won'"}}, True),
        ({"few": {"__source__": "leads", "__filter__": "stage != 'Won'"}}, True),
    ],
)
def test_what_a_stream_map_keeps_back_is_not_taken_as_gone(tap, maps, filtered):
    run = tap.run("leads", stream_maps=maps, emit_activate_version_messages=True)
    assert run.status == 0
    assert bool(run.of_type("ACTIVATE_VERSION")) is not filtered


def test_under_other_settings_nothing_is_taken_as_gone_at_first(tmp_path):
    with Sandbox(Company(10)) as sandbox:
        tap = Tap(tmp_path, sandbox, emit_activate_version_messages=True)
        runs = [tap.succeed("customers")]
        state = copy.deepcopy(runs[0].state)
        state["bookmarks"]["customers"]["last_full_read"] = "of other settings"
        runs.append(tap.succeed("customers", state=state))
        runs.append(tap.succeed("customers", state=runs[1].state))
    assert [bool(run.of_type("ACTIVATE_VERSION")) for run in runs] == [True, False, True]
