"""Histories after which a run once ended with status 0 though a live lead was missed or deleted.

As those of tap-rotor, under the same names. Leads come by next call, so that only a count proves a
run: where the list changes, status 1 will do, with no bookmark moved and nothing deleted.
"""

from __future__ import annotations

import typing as t
from datetime import UTC, datetime, timedelta

import pytest

from tap_nexus_erp.tap import TapNexusErp
from tests.harness.companies import HOUR, hourly_organisation
from tests.harness.loading import Loading, before_answer
from tests.harness.tap import Tap
from tools.sandbox import NexusSandbox

if t.TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FAR = "2030-01-01T00:00:00.000Z"


@pytest.fixture
def loading(tmp_path: Path) -> Iterator[Loading]:
    """40 leads, entered an hour apart, the newest an hour ago."""
    organisation = hourly_organisation(leads=40)
    organisation.advance(HOUR)
    with NexusSandbox(organisation) as sandbox:
        tap = Tap(tmp_path, sandbox, of=TapNexusErp, page_size=10, lookback_days=0)
        yield Loading(tap, organisation)


def swap(loading: Loading, **fields: t.Any) -> None:
    """Let a lead of the first page leave, and another enter at the end: the total stays."""
    loading.delete(3)
    loading.insert(nextCallAt=FAR, **fields)


def test_s1_a_later_start_date_for_one_run_is_not_forgotten(loading):
    loading.succeed()
    loading.insert(5)
    loading.store.advance(HOUR)
    start = loading.store.now.isoformat()
    loading.insert()
    loading.succeed(start_date=start)
    loading.run()
    loading.rest()


@before_answer(1)
def test_a2_a_total_stale_by_an_entry_and_then_a_removal(loading, nth):
    loading.succeed()
    loading.state = None
    loading.spoil(nth, "stale_total")
    loading.before(nth, lambda: loading.insert(nextCallAt=None))
    loading.before(nth + 1, lambda: loading.delete(3))
    loading.run()
    loading.rest()


@before_answer(1)
def test_b1_a_removal_between_rows_and_total(loading, nth):
    loading.succeed()
    loading.state = None
    loading.spoil(nth, "stale_rows")
    loading.before(nth, lambda: loading.delete(3))
    loading.run()
    loading.rest()


@before_answer(2, 3, 4)
def test_k1_a_late_lead(loading, nth):
    late = loading.store.now - timedelta(minutes=1)
    loading.before(nth, lambda: swap(loading, createdAt=late))
    loading.run()
    loading.rest()


@pytest.mark.parametrize("ahead", [timedelta(seconds=90), timedelta(days=2)], ids=str)
@before_answer(2, 3, 4)
def test_k2_a_date_ahead_of_the_clock_of_the_leads(loading, nth, ahead):
    loading.store.advance(datetime.now(UTC) - loading.store.now)
    loading.tap.sandbox.switch(date_ahead=ahead.total_seconds())
    loading.store.step = timedelta(minutes=1)
    loading.before(nth, lambda: swap(loading))
    loading.run()
    loading.rest()
