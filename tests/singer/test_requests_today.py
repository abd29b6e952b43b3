"""The requests of one day, as far as a state knows them: a help, and no guarantee."""

from __future__ import annotations

import typing as t

import pytest

from paged_rest.singer import run as run_module
from tap_nexus_erp.tap import TapNexusErp
from tests.harness.companies import hourly, hourly_organisation
from tests.harness.tap import Tap
from tools.sandbox import Company, NexusSandbox, Sandbox

if t.TYPE_CHECKING:
    from pathlib import Path

TODAY = "2026-11-28"


@pytest.fixture
def company() -> Company:
    return hourly(leads=25)


@pytest.fixture
def tap(sandbox: Sandbox, tmp_path: Path) -> Tap:
    return Tap(tmp_path, sandbox, page_size=10, lookback_days=0)


@pytest.fixture(autouse=True)
def day(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The day on which runs are made, which may be replaced."""
    days = [TODAY]
    monkeypatch.setattr(run_module, "now", lambda: f"{days[-1]}T12:00:00.000000Z")
    return days


def test_the_last_line_of_a_run_and_its_state_tell_of_the_runs_before(tap):
    first = tap.succeed("leads")
    assert first.last_line == "INFO 4 requests in all; the 1,000 of a day allow 250 such runs"
    second = tap.succeed("leads", state=first.state)
    assert second.last_line == (
        "INFO 1 request in all, 5 today with this state; the 1,000 of a day allow 1,000 such runs"
    )
    assert second.state["requests_today"] == [TODAY, 5]


def test_a_run_that_fails_counts_too(tap, sandbox):
    sandbox.rule("status", "/leads", status=500)
    failed = tap.run("leads", retry_minutes=0)
    assert failed.status == 1
    assert failed.state["requests_today"] == [TODAY, 1]


def test_another_day_begins_anew(tap, day):
    state = tap.succeed("leads").state
    day.append("2026-11-29")
    second = tap.succeed("leads", state=state)
    assert "today" not in second.last_line
    assert second.state["requests_today"] == ["2026-11-29", 1]


@pytest.mark.parametrize("garbage", [None, 7, {}, [TODAY], [TODAY, "7"], [TODAY, -7], [7, TODAY]])
def test_garbage_counts_as_none(tap, garbage):
    run = tap.succeed("leads", state={"bookmarks": {}, "requests_today": garbage})
    assert (run.state["requests_today"], run.problems) == ([TODAY, 4], [])


def test_where_the_api_states_no_quota_nothing_is_counted(tmp_path):
    with NexusSandbox(hourly_organisation(leads=5)) as sandbox:
        tap = Tap(tmp_path, sandbox, of=TapNexusErp)
        state = tap.succeed().state
        run = tap.succeed(state=state)
    assert state.keys() == {"bookmarks"}
    assert run.last_line == "INFO 1 request in all"
