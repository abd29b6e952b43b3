"""A first load that stops half-way goes on where it stopped, over as many runs as it takes."""

from __future__ import annotations

import typing as t
from datetime import timedelta

import pytest

from tests.harness.catalog import fixed
from tests.harness.companies import HOUR, hourly
from tests.harness.promise import ALL, LONG, NO_BOOKMARK
from tests.harness.tap import Tap
from tools.sandbox import Company, Sandbox

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.harness.run import Run


PAGES = 18
"""That overlap, of 100 rows at a page_size of 10."""


@pytest.fixture
def company() -> Company:
    """A company with 100 leads, made an hour apart, and some time gone by since."""
    company = hourly(leads=100)
    company.advance(HOUR)
    return company


@pytest.fixture
def tap(sandbox: Sandbox, tmp_path: Path) -> Tap:
    return Tap(tmp_path, sandbox, page_size=10, lookback_days=0)


class Runs:
    """Runs one after another, each with the state of the one before, until one is complete."""

    def __init__(self, tap: Tap, state: t.Any = None) -> None:
        self.tap = tap
        self.state = state
        self.ids: list[str] = []
        self.asked: list[list[tuple[int, int | None]]] = []

    def once(self, *, status: int = 0, **config: t.Any) -> Run:
        run = self.tap.run("leads", state=self.state, **config)
        assert run.status == status, run.last_line
        self.ids += run.ids("leads")
        self.asked.append(self.tap.asked("leads"))
        self.state = run.states[-1] if run.states else self.state
        return run

    def to_the_end(self, between: Callable[[], object] = lambda: None, **config: t.Any) -> Run:
        for _ in range(30):
            between()
            run = self.once(**config)
            if not self.resume:
                return run
        pytest.fail(f"no end in 30 runs: {self.asked}")

    @property
    def resume(self) -> list[t.Any]:
        return self.state["bookmarks"]["leads"]["resume_point"]

    @property
    def requests(self) -> int:
        return sum(map(len, self.asked))


def all_ids(company: Company) -> set[str]:
    return {row["id"] for row in company.rows("leads")}


def test_a_request_budget_stops_politely(tap, company):
    runs = Runs(tap)
    run = runs.once(request_budget=4)
    assert run.status == 0
    assert runs.asked == [ALL[:4]]
    assert run.last_line.startswith("INFO 4 requests in all")
    (warning,) = run.problems
    assert warning == (
        "leads: the run has made the 4 requests of its request_budget after 4 requests of this "
        "run: 27 rows of leads read, 73 still to read; the next run goes on"
    )
    created = [fixed(row["created_at"]) for row in company.rows("leads")]
    late = fixed(company.now - HOUR - timedelta(minutes=5))
    # How many rows are not older than 0 and 5 minutes, 1, 4 and 16 hours.
    older = [created[0], 1, late, 1, created[1], 2, created[4], 5, created[16], 17]
    assert runs.resume == [created[0], created[26], "", 26, *older]
    assert run.bookmark("leads").get("replication_key_value") in NO_BOOKMARK


@pytest.mark.slow
@pytest.mark.parametrize("budget", [3, 4, 7, 9])
def test_runs_go_on_where_the_one_before_stopped(tap, company, budget):
    runs = Runs(tap)
    last = runs.to_the_end(request_budget=budget)
    assert set(runs.ids) == all_ids(company)
    resumes = len(runs.asked) - 1
    assert runs.requests <= PAGES + 2 * resumes
    assert runs.resume == []
    newest = company.rows("leads")[0]["created_at"]
    assert last.bookmark("leads")["replication_key_value"] == fixed(newest)
    assert runs.once().ids("leads") == [company.rows("leads")[0]["id"]]
    assert runs.asked[-1] == [(0, 10)]


def test_a_budget_too_small_to_get_on_says_so(tap, company):
    """The head uses it up."""
    runs = Runs(tap)
    runs.once(request_budget=1)
    run = runs.once(request_budget=1)
    assert set(runs.ids) == {row["id"] for row in company.rows("leads")[:10]}
    assert "the next run goes on" not in run.stderr


def test_a_budget_of_two_gets_on(tap, company):
    """The head, and a page that goes on."""
    runs = Runs(tap)
    runs.once(request_budget=2)
    run = runs.once(request_budget=2)
    assert runs.asked == [ALL[:2], [ALL[0], ALL[2]]]
    assert set(runs.ids) == {row["id"] for row in company.rows("leads")[:21]}
    assert "the next run goes on" in run.stderr


def test_the_daily_quota_ends_with_status_1_and_the_next_day_goes_on(company, tmp_path):
    with Sandbox(company, quota=10) as sandbox:
        runs = Runs(Tap(tmp_path, sandbox, page_size=10, lookback_days=0))
        run = runs.once(status=1)
        assert runs.asked == [LONG[:11]]
        assert run.last_line == (
            "ERROR Failed. leads: the key's requests for today are used up (status 429) after "
            "11 requests of this run: 63 rows of leads read, 37 still to read; the next run goes on"
        )
        company.advance(timedelta(days=1))
        run = runs.once()
    assert (run.status, runs.resume) == (0, [])
    assert runs.asked[-1] == [LONG[0], *LONG[10:]]
    assert set(runs.ids) == all_ids(company)


def test_a_server_that_dies(company, tmp_path):
    with Sandbox(company) as sandbox:
        port = sandbox.port
        runs = Runs(Tap(tmp_path, sandbox, page_size=10, retry_minutes=0, lookback_days=0))
        sandbox.rule("reset", "/leads", nth=6, times=None)
        run = runs.once(status=1)
    assert run.last_line == "ERROR Failed. leads: 127.0.0.1 broke the connection"
    run = runs.once(status=1)
    assert run.last_line == "ERROR Failed. leads: 127.0.0.1 refuses the connection"
    assert run.bookmark("leads")["resume_point"][3] == 31
    with Sandbox(company, port=port) as sandbox:
        runs.tap.sandbox = sandbox
        run = runs.once()
    assert (run.status, runs.resume) == (0, [])
    assert runs.asked[-1] == [LONG[0], *LONG[5:]]
    assert set(runs.ids) == all_ids(company)


def places(company: Company, *numbers: int) -> list[str]:
    rows = company.rows("leads")
    return [rows[number]["id"] for number in numbers if number < len(rows)]


BETWEEN: dict[str, Callable[[Company], object]] = {
    "inserts at the head": lambda c: c.insert("leads", 7),
    "more than a page at the head": lambda c: c.insert("leads", 13),
    "deletes at the head": lambda c: c.delete("leads", places(c, 0, 1)),
    "deletes inside": lambda c: c.delete("leads", places(c, 12, 15, 18)),
    "many deletes inside": lambda c: c.delete("leads", places(c, *range(3, 23))),
    "deletes below": lambda c: c.delete("leads", places(c, 85, 70)),
    "imports inside": lambda c: c.insert("leads", 2, created_at=c.now - 12.5 * HOUR),
    "many imports inside": lambda c: c.insert("leads", 25, created_at=c.now - 12.5 * HOUR),
    "imports below": lambda c: c.insert("leads", 5, created_at=c.now - 90.5 * HOUR),
    "undated rows": lambda c: c.insert("leads", 2, created_at=None),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BETWEEN)
@pytest.mark.parametrize("budget", [4, 7])
def test_one_change_between_two_runs_loses_nothing(tap, company, name, budget):
    runs = Runs(tap)
    runs.once(request_budget=budget)
    BETWEEN[name](company)
    last = runs.to_the_end()
    assert last.status == 0
    assert all_ids(company) <= set(runs.ids)


@pytest.mark.slow
@pytest.mark.parametrize("budget", [5, 8])
def test_changes_between_all_runs_lose_nothing(tap, company, budget):
    there = all_ids(company)
    runs = Runs(tap)

    def change() -> None:
        company.insert("leads", 3)
        company.delete("leads", places(company, 8, 22, 41))

    runs.to_the_end(change, request_budget=budget)
    assert there & all_ids(company) <= set(runs.ids)
    # What entered at the head last may be left to the run that has time for it.
    run = runs.once()
    assert run.status == 0
    assert all_ids(company) <= set(runs.ids)


@pytest.fixture
def imported() -> Company:
    """A company with 45 leads of one moment between others: more than pages hold."""
    company = hourly(leads=30)
    company.insert("leads", 45, created_at=company.now)
    company.insert("leads", 10)
    company.advance(HOUR)
    return company


# Those of one moment are read twice, cut at other places.
IMPORTED = [
    *[(0, 10), (8, 16), (9, 18)],
    *[(9, 18), (16, 24), (20, 30), (27, 36), (35, 42), (40, 50), (48, 56), (54, 63)],
    *[(8, 16), (14, 21), (20, 30), (27, 36), (35, 42), (40, 50), (48, 56), (54, 63)],
    *[(60, 70), (63, 72), (70, 80), (77, 84), (80, 90)],
]


def test_rows_of_one_moment_take_two_readings(tmp_path, imported):
    with Sandbox(imported) as sandbox:
        runs = Runs(Tap(tmp_path, sandbox, page_size=10, lookback_days=0))
        runs.once()
    assert runs.asked == [IMPORTED]
    assert sorted(runs.ids) == sorted(all_ids(imported))


def test_a_run_goes_on_behind_rows_of_one_moment(tmp_path, imported):
    with Sandbox(imported) as sandbox:
        runs = Runs(Tap(tmp_path, sandbox, page_size=10, lookback_days=0))
        runs.to_the_end(request_budget=19)
    assert runs.asked == [IMPORTED[:19], [IMPORTED[0], *IMPORTED[19:]]]
    assert set(runs.ids) == all_ids(imported)


@pytest.mark.parametrize("budget", [8, 18])
def test_rows_of_one_moment_are_read_in_one_run_or_not(tmp_path, imported, budget):
    with Sandbox(imported) as sandbox:
        runs = Runs(Tap(tmp_path, sandbox, page_size=10, lookback_days=0))
        runs.once(request_budget=budget)
        state = runs.state
        run = runs.once(request_budget=budget)
        assert runs.asked == [IMPORTED[:budget]] * 2
        assert runs.state["bookmarks"] == state["bookmarks"]
        assert "no further than the run before, so that so few are not enough" in run.stderr
        runs.to_the_end(request_budget=24)
    assert set(runs.ids) == all_ids(imported)


def test_a_marker_of_other_settings_is_dropped(tap, company):
    runs = Runs(tap)
    runs.once(request_budget=4)
    other = tap.settings["api_url"].replace("127.0.0.1", "localhost")
    run = runs.once(api_url=other)
    assert runs.asked[-1] == LONG
    assert run.problems == ["leads: read anew, as the settings that limit it have changed"]
    assert set(run.ids("leads")) == all_ids(company)


@pytest.mark.slow
@pytest.mark.parametrize(
    "marker", [None, {}, "soon", ["a"], [1, 2, 3, 4], ["", "", "", 0], ["x", "y", "", 1]]
)
def test_a_marker_that_is_none_is_ignored(tap, company, marker):
    runs = Runs(tap)
    runs.once(request_budget=4)
    runs.state["bookmarks"]["leads"]["resume_point"] = marker
    run = runs.once()
    assert run.status == 0
    assert runs.asked[-1] == LONG
    assert set(run.ids("leads")) == all_ids(company)


def merged(former: t.Any, latter: t.Any) -> t.Any:
    """Merge states as Meltano does: at depth, and no key is ever removed."""
    if not isinstance(former, dict) or not isinstance(latter, dict):
        return latter
    return {
        **former,
        **{name: merged(former.get(name), value) for name, value in latter.items()},
    }


@pytest.fixture(params=[0, 5], ids=["nothing new", "new rows"])
def new_rows(request: pytest.FixtureRequest) -> Iterator[int]:
    return request.param


def test_an_interrupted_full_refresh_goes_on_under_meltano_s_merged_state(tap, company, new_rows):
    complete = tap.succeed("leads").state
    for row in company.rows("leads"):
        company.edit("leads", row["id"], stage="Refreshed")
    refresh = Runs(tap)
    refresh.once(request_budget=4)
    company.insert("leads", new_rows, stage="Refreshed")
    runs = Runs(tap, merged(complete, refresh.state))
    first = runs.once()
    assert first.status == 0
    assert set(refresh.ids) | set(runs.ids) == all_ids(company)
    assert all(record["stage"] == "Refreshed" for record in first.records("leads"))
    assert refresh.requests + runs.requests <= PAGES + 1 + 2
    after = Runs(tap, merged(complete, runs.state))
    assert after.resume == []
    after.once()
    assert after.asked == [[(0, 10)]]
