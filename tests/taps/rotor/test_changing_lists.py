"""A list that changes while it is read: whoever was there all the time is read, or status is 1."""

from __future__ import annotations

import itertools
import typing as t

import pytest

from tests.harness.companies import HOUR, hourly
from tests.harness.promise import ALL, COUNTED, ids, read
from tests.harness.tap import Tap
from tools.sandbox import Company, Sandbox

if t.TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def company() -> Company:
    """A company with 40 leads, made an hour apart, and some time gone by since."""
    company = hourly(leads=40)
    company.advance(HOUR)
    return company


@pytest.fixture
def tap(sandbox: Sandbox, tmp_path: Path) -> Tap:
    return Tap(tmp_path, sandbox, page_size=10)


FURTHER = [(40, 50), (48, 56)]
CHANGES: dict[str, tuple[int, Callable[[Company], object], list[tuple[int, int]]]] = {
    "insert three": (2, lambda c: c.insert("leads", 3), ALL),
    "insert a page": (2, lambda c: c.insert("leads", 10), [*ALL, *FURTHER]),
    "insert a page later": (
        3,
        lambda c: c.insert("leads", 10),
        [*ALL[:3], (20, 30), (27, 36), *ALL[5:], *FURTHER],
    ),
    "insert pages": (
        2,
        lambda c: c.insert("leads", 25),
        [*ALL[:3], *ALL[5:], *FURTHER, (54, 63), (60, 70)],
    ),
    "insert pages at last": (
        7,
        lambda c: c.insert("leads", 25),
        [*ALL, (40, 50), (56, 64), (80, 90), (63, 72)],
    ),
    "insert at the end": (7, lambda c: c.insert("leads", 1), ALL),
    "delete in front": (
        2,
        lambda c: c.delete("leads", ids(c, 0, 4, 9)),
        [*ALL[:2], *ALL[:6]],
    ),
    "delete in front later": (
        3,
        lambda c: c.delete("leads", ids(c, 0, 4, 9)),
        [*ALL[:3], (10, 20), *ALL[3:6]],
    ),
    "delete behind": (2, lambda c: c.delete("leads", ids(c, 10, 30, 39)), ALL[:6]),
    "delete the last": (7, lambda c: c.delete("leads", ids(c, 39)), ALL),
    "delete much": (
        3,
        lambda c: c.delete("leads", ids(c, *range(15))),
        [*ALL[:3], *ALL[:4]],
    ),
    "delete much at last": (
        7,
        lambda c: c.delete("leads", ids(c, *range(15))),
        [*ALL, (10, 20), (20, 30)],
    ),
    "delete nearly all": (
        2,
        lambda c: c.delete("leads", ids(c, *range(5, 40))),
        [*ALL[:2], ALL[0]],
    ),
    "delete all": (2, lambda c: c.delete("leads", ids(c, *range(40))), [*ALL[:2], ALL[0]]),
    "archive": (2, lambda c: c.archive(ids(c, 0, 4, 20)), ALL),
    "edit": (3, lambda c: c.edit("leads", ids(c, 11)[0], stage="Won"), ALL),
}


@pytest.mark.parametrize("name", CHANGES)
def test_one_change_between_two_pages_loses_nothing(tap, company, sandbox, name):
    nth, change, asked = CHANGES[name]
    sandbox.before("/leads", None, lambda: change(company), nth=nth)
    run = read(tap, company)
    assert run.status == 0
    assert tap.asked("leads") == asked


ONE_PULLED_FORWARD = [*ALL[:2], (7, 14), (10, 20), *ALL[3:]]
"""The second page did not overlap, as a row of the first had left."""


@pytest.mark.parametrize("nulls", ["first", "last"])
def test_an_undated_row_that_makes_up_for_a_delete_hides_nothing(tmp_path, nulls):
    """The total stays the same: only a page that overlaps shows that a row was pulled forward."""
    company = hourly(leads=40, nulls=nulls)
    company.advance(HOUR)

    def swap() -> None:
        company.delete("leads", ids(company, 3))
        company.insert("leads", created_at=None)

    with Sandbox(company) as sandbox:
        tap = Tap(tmp_path, sandbox, page_size=10)
        sandbox.before("/leads", None, swap, nth=2)
        assert read(tap, company).status == 0
        assert tap.asked("leads") == (ALL if nulls == "first" else ONE_PULLED_FORWARD)


def test_an_import_in_the_moment_of_a_delete(tap, company, sandbox):
    """The total stays, and an old date would prove presence."""

    def swap() -> None:
        company.delete("leads", ids(company, 3))
        company.insert("leads", created_at=company.now - 500 * HOUR)

    sandbox.before("/leads", None, swap, nth=2)
    assert read(tap, company).status == 0
    assert tap.asked("leads") == ONE_PULLED_FORWARD


@pytest.mark.slow
@pytest.mark.parametrize("gap", [1, 2, 3])
@pytest.mark.parametrize("place", [0, 7, 8, 9, 10, 15, 19, 20])
def test_deletes_at_any_place_before_any_page(tap, company, sandbox, gap, place):
    for nth in (2, 3, 4, 5, 6, 7):
        sandbox.before(
            "/leads",
            None,
            lambda: company.delete("leads", ids(company, *range(place, place + gap))),
            nth=nth,
        )
    assert read(tap, company).status == 0


@pytest.mark.parametrize("first", [True, False])
def test_changes_before_every_page(tap, company, sandbox, first):
    state = None if first else tap.succeed("leads").state
    places = itertools.cycle([3, 0, 17, 8, 25, 1])

    def change() -> None:
        company.insert("leads", 2)
        company.delete("leads", ids(company, next(places), 30))

    for nth in range(1, 12):
        sandbox.before("/leads", None, change, nth=nth)
    read(tap, company, state=state)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda c: c.archive(ids(c, 0, 4, 9)), id="in front"),
        pytest.param(lambda c: c.archive(ids(c, 12, 33)), id="behind"),
        pytest.param(
            lambda c: (c.archive(ids(c, 2)), c.unarchive([c.archived_id])), id="and unarchived"
        ),
    ],
)
@pytest.mark.parametrize("nth", [2, 4, 6])
def test_archiving_without_archived_rows_loses_nothing(tap, company, sandbox, change, nth):
    (company.archived_id,) = ids(company, 38)
    company.archive(company.archived_id)
    sandbox.before("/leads", None, lambda: change(company), nth=nth)
    run = read(tap, company, include_archived=False)
    assert run.status == 0


def test_archivings_between_all_pages_are_not_called_complete_in_vain(tap, company, sandbox):
    for nth in range(2, 8):
        sandbox.before(
            "/leads",
            None,
            lambda: (company.archive(ids(company, 1)), company.unarchive(ids(company, 39))),
            nth=nth,
        )
    company.archive(ids(company, 39))
    read(tap, company, include_archived=False)


@pytest.mark.parametrize(("leads", "requests"), [(12, 12), (26, 18)])
def test_an_order_of_chance_is_complete_once_every_row_has_come_again(tmp_path, leads, requests):
    company = hourly()
    company.insert("leads", leads, created_at=company.now)
    company.advance(HOUR)
    with Sandbox(company, unstable_ties=True) as sandbox:
        tap = Tap(tmp_path, sandbox, page_size=10)
        assert read(tap, company).status == 0
        assert len(tap.asked("leads")) == requests


def test_ties_in_an_order_of_chance_on_one_page_do_no_harm(tmp_path):
    company = hourly(leads=16)
    company.insert("leads", 4, created_at=company.now)
    company.advance(HOUR)
    with Sandbox(company, unstable_ties=True) as sandbox:
        tap = Tap(tmp_path, sandbox, page_size=10)
        assert read(tap, company).status == 0
        assert tap.asked("leads") == ALL[:3]


@pytest.mark.parametrize(
    ("place", "as_new_as", "tried"), [(14, 2, ALL[:2]), (2, 0, []), (38, 0, ALL[:6])]
)
def test_rows_out_of_order_are_counted(tap, company, place, as_new_as, tried):
    """An order that is not the promised one: the count decides, and here it proves the read."""
    rows = company.rows("leads")
    # The place stays, as the sandbox orders by the former moment.
    company.lists["leads"].by_id[rows[place]["id"]].data = (
        company.lists["leads"]
        .by_id[rows[place]["id"]]
        .data.replace(rows[place]["created_at"].encode(), rows[as_new_as]["created_at"].encode())
    )
    run = read(tap, company, begun_again=True)
    assert run.status == 0
    assert tap.asked("leads") == [*tried, *COUNTED]


def test_without_a_date_header_the_order_proves_all_the_same(tap, company, sandbox):
    sandbox.switch(date_header=False)
    run = read(tap, company)
    assert run.status == 0
    assert len(run.ids("leads")) == 40
