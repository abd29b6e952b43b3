"""What runs will cost, and what the quota of a day allows."""

from __future__ import annotations

import typing as t

import pytest

from paged_rest.check.costs import Cost, Costs, costs_of
from paged_rest.check.seen import CheckedList, Checkup, Look, Observed
from paged_rest.reading import Page, PageRequest, Row
from tap_rotor.client import ROTOR
from tests.harness.histories import moment

SCHEMA: dict[str, t.Any] = {"properties": {"id": {}, "created_at": {}}}
MINUTES_A_DAY = 1440


def seen(total: int, apart: int, page_size: int = 1000, *, incremental: bool = True) -> Checkup:
    """Return a list in order of creation, whose rows were made so many minutes apart."""
    listed = CheckedList(
        name="leads",
        path="/leads",
        params={},
        lets_in=None,
        paged=True,
        created="created_at",
        order="created_at",
        incremental=incremental,
        schema=SCHEMA,
    )
    shown = min(total, page_size)
    dates = [moment((total - place) * apart) for place in range(shown)]
    rows = [Row(date, None, date) for date in dates]
    request = PageRequest(1, page_size)
    page = Page(request, rows, total, page_size, has_more=total > page_size)
    observed = Observed(listed, {"first": Look(page, frozenset(SCHEMA["properties"]), 0.5)})
    return Checkup(ROTOR, page_size, [observed])


@pytest.mark.parametrize(
    ("total", "apart", "cost"),
    [
        (0, 1, (1, 1, 1)),
        (999, 1, (1, 1, 1)),
        (1000, 0, (2, 2, 2)),
        (10_000, 0, (11, 11, 11)),
        (100_000, MINUTES_A_DAY, (104, 1, 1)),
        # 1,440 a day: 43,200 in 30 days.
        (100_000, 1, (104, 45, 2)),
        (1995, MINUTES_A_DAY, (2, 1, 1)),
        (1996, MINUTES_A_DAY, (3, 1, 1)),
        (20_000, 1, (21, 21, 2)),
    ],
)
def test_the_cost_of_a_sorted_list(total, apart, cost):
    assert costs_of(seen(total, apart), 30).lists == {"leads": Cost(*cost)}


def test_what_is_not_read_down_to_a_bookmark_costs_the_same_in_every_run():
    costs = costs_of(seen(5000, 1, incremental=False), 30)
    assert costs.lists == {"leads": Cost(6, 6, None)}


def test_nothing_was_seen():
    costs = costs_of(Checkup(ROTOR, 1000, []), 30)
    assert (costs.whole, [*costs.schedules()]) == (0, [])


@pytest.mark.parametrize(
    ("requests", "words"),
    [(0, "0 min"), (1, "under 1 min"), (120, "under 1 min"), (121, "2 min"), (9999, "84 min")],
)
def test_minutes(requests, words):
    assert Costs({}, 0.5, 1000).minutes(requests) == words


LEADS = Cost(104, 4, 2)


@pytest.mark.parametrize(
    ("lists", "sentences"),
    [
        (
            {"leads": LEADS, "customers": Cost(50, 50, None)},
            [
                (
                    "They allow leads every hour from 4 to 23, all lists every night and a full "
                    "refresh once a week: 94 requests a day, 194 with the refresh."
                )
            ],
        ),
        (
            {"leads": LEADS, "customers": Cost(860, 860, None)},
            [
                (
                    "They allow leads every three hours, all lists every night and a full refresh "
                    "once a week: 878 requests a day, 978 with the refresh."
                )
            ],
        ),
        (
            {"leads": LEADS, "customers": Cost(950, 950, None)},
            [
                "A first load takes 2 days, and so does a full refresh.",
                "They allow all lists once a night: 954 requests.",
            ],
        ),
        (
            {"leads": LEADS, "customers": Cost(1200, 1200, None)},
            [
                (
                    "customers takes 1,200 requests and is read in one run or not: the quota is "
                    "too small for it. Deselect it."
                ),
                "A first load takes 2 days, and so does a full refresh.",
                "They do not allow all lists every night: deselect some, or take turns.",
            ],
        ),
        (
            {"customers": Cost(50, 50, None)},
            ["They allow all lists once a night: 50 requests."],
        ),
    ],
)
def test_what_the_quota_allows(lists, sentences):
    assert [*Costs(lists, 0.5, 1000).schedules()] == sentences


def test_where_the_api_states_no_quota_nothing_is_said_of_it():
    assert [*Costs({"leads": LEADS}, 0.5, None).schedules()] == []
