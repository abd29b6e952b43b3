"""`--check`: what it asks, what it finds, and that it shows nobody's data."""

from __future__ import annotations

import json
import re
import typing as t
from datetime import timedelta

import pytest

from paged_rest.check.findings import CODES
from paged_rest.singer.sdk import MOST_REQUESTS
from tap_nexus_erp.tap import TapNexusErp
from tests.harness.companies import hourly_organisation
from tests.harness.streams import ROTOR
from tests.harness.tap import KEY, Tap
from tools.harness.project import ROOT
from tools.sandbox import Company, NexusSandbox, Sandbox
from tools.sandbox.rotor_pages import RotorPages

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.harness.run import Run

PAGE = 20
PERSON = "Zerlina Quax"
DEFAULT = """\
tap-rotor VERSION, Rotor at 127.0.0.1
  12 requests in N.N s

Key
  company  COMPANY
  scopes   customers:read, customers:write, leads:read, leads:write,
           pin_types:read, pins:read, service_plans:read, serviced_jobs:read
  version  1.1.0

Lists
                        rows   order                 proven by          seconds
  leads                   50   newest first          pages that overlap     N.N
  pins                   100   newest first          pages that overlap     N.N
  pin_types                6   one answer            one answer             N.N
  customers               25   by something else     count                  N.N
  service_plans           12   newest first          pages that overlap     N.N
  serviced_jobs           39   by what is not shown  count, read twice      N.N

As it should be
  ok  A page holds the 20 rows that are asked for.
  ok  Pages of other sizes are given too, so that pages can overlap.
  ok  Totals and rows agree where a list ends.
  ok  No page shows a row twice.
  ok  Every row has an id.
  ok  The schemas know all fields, and all values fit their types.
  ok  Rotor's clock and this machine's agree.
  ok  Answers are compressed (gzip).

Good to know
  -   leads: archived=true adds 3 of its 50 rows. [let_in]
  -   customers: archived=true adds 2 of its 25 rows. [let_in]
  -   customers: No row has a field has_payment_method: its column stays empty.
      [unseen_fields]

Requests that runs will take
                      first load,       nightly,        hourly,
                     full refresh        30 days          1 day
  leads                         3              1              1
  pins                          7              1              1
  pin_types                     1              1              -
  customers                     2              2              -
  service_plans                 1              1              -
  serviced_jobs                 5              5              -
  together                     19             11              2
  time                under 1 min    under 1 min    under 1 min

Schedule
  A key has 1,000 requests a day, and other users of it share them.
  They allow leads and pins every hour from 4 to 23, all lists every night and
  a full refresh once a week: 51 requests a day, 59 with the refresh.
"""


class Checked(t.NamedTuple):
    """What came of a check."""

    sandbox: Sandbox
    tap: Tap

    @property
    def company(self) -> Company:
        return self.sandbox.company

    def text(self, **config: t.Any) -> Run:
        return self.run("--check", **config)

    def json(self, status: int = 0, **config: t.Any) -> dict[str, t.Any]:
        run = self.run("--check=json", **config)
        assert run.status == status, run.stderr
        report: dict[str, t.Any] = json.loads(run.stdout)
        return report

    def run(self, option: str, **config: t.Any) -> Run:
        """Check; whatever comes of it, requests are few and nobody's data is shown."""
        run = self.tap.run(args=[option], **config)
        assert self.sandbox.count() <= MOST_REQUESTS
        assert shown(self.company, run.stdout + run.stderr) == []
        if option == "--check":
            assert max(map(len, run.stdout.splitlines()), default=0) <= 80
        return run


def shown(company: Company, printed: str) -> list[str]:
    """Return which values of rows stand in what was printed."""
    lists = [company.rows(name) for name in company.lists]
    values = {value for rows in lists for row in rows for value in values_of(row)}
    there = [value for value in values if value in printed]
    return [value for value in there if re.search(rf"(?<!\w){re.escape(value)}(?!\w)", printed)]


def values_of(value: t.Any) -> Iterator[str]:
    """Yield what could tell something of somebody: all but truth values and small numbers."""
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from values_of(item)
    elif isinstance(value, str | float) and len(str(value)) > 3:
        yield str(value)


@pytest.fixture
def company() -> Company:
    return Company(leads=50)


@pytest.fixture
def checked(
    company: Company, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Checked:
    def now() -> str:
        """Return the time by the sandbox's clock, which goes on with each row that enters."""
        return company.now.isoformat()

    monkeypatch.setattr("paged_rest.check.seen.now", now)
    return Checked(sandbox, Tap(tmp_path, sandbox, page_size=PAGE))


def test_all_is_as_it_should_be(checked):
    run = checked.text()
    text = re.sub(r"^(tap-rotor) [^,]+", r"\1 VERSION", run.stdout)
    text = re.sub(r"(?<= )\d+\.\d(?=$| s$)", "N.N", text, flags=re.MULTILINE)
    assert text.replace(checked.company.id, "COMPANY") == DEFAULT
    assert (run.status, run.problems) == (0, [])


def test_twelve_requests_answer_it_all(checked):
    checked.text()
    sizes = [
        (request.path, request.query.get("page"), request.query.get("limit"))
        for request in checked.sandbox.requests
    ]
    assert sizes == [
        ("/auth/test", None, None),
        ("/leads", "1", "20"),
        ("/pins", "1", "20"),
        ("/pin-types", None, None),
        ("/customers", "1", "20"),
        ("/service-plans", "1", "20"),
        ("/serviced-jobs", "1", "20"),
        ("/leads", "2", "9"),
        ("/pins", "6", "19"),
        ("/service-plans", "2", "5"),
        ("/leads", "1", "7"),
        ("/customers", "1", "7"),
    ]


@pytest.mark.parametrize("switches", [{}, {"max_limit": 10}])
def test_runs_cost_what_was_said(checked, switches):
    checked.sandbox.switch(**switches)
    costs = checked.json()["costs"]
    state = None
    for kind in ("whole", "nightly"):
        state = checked.tap.succeed(state=state).state
        made = {name: checked.sandbox.count(ROTOR[name].path) for name in ROTOR}
        assert made == {name: cost[kind] for name, cost in costs.items()}


# Each finding: what brings it about, of which list it is, and its sentence.
Case = tuple["Callable[[Checked], object]", str | None, str]
FOUND: dict[str, list[Case]] = {}


def found(code: str, stream: str | None, sentence: str) -> Callable[[t.Any], t.Any]:
    def add(prepare: Callable[[Checked], object]) -> Callable[[Checked], object]:
        FOUND.setdefault(code, []).append((prepare, stream, sentence))
        return prepare

    return add


def answer(path: str, rows: list[dict[str, t.Any]], **pagination: t.Any) -> t.Any:
    """Return what has a path answered with rows of one's own."""
    body = {"data": rows, "pagination": pagination, "status": "success"}
    headers = pagination.pop("headers", {})
    return lambda checked: checked.sandbox.rule(
        "status", path, status=200, body=body, headers=headers, page=pagination.get("page")
    )


def switched(**switches: t.Any) -> t.Any:
    return lambda checked: checked.sandbox.switch(**switches)


def ruled(kind: str, path: str, **settings: t.Any) -> t.Any:
    return lambda checked: checked.sandbox.rule(kind, path, times=None, **settings)


def inserted(name: str, **fields: t.Any) -> t.Any:
    return lambda checked: checked.company.insert(name, **fields)


found(
    "key_unknown",
    None,
    "Whose key it is, and its scopes, are not known: /auth/test was answered with status 500.",
)(ruled("status", "/auth/test"))
found(
    "key_unknown",
    None,
    "Whose key it is, and its scopes, are not known: /auth/test was answered with status 200 and "
    "content type application/json, but does not tell the scopes of the key.",
)(ruled("status", "/auth/test", status=200, body={"hello": PERSON}))
found(
    "version",
    None,
    "Rotor answers as version 2.0.0; this tap asks for 1.1.0 and is made for it.",
)(
    ruled(
        "status",
        "/auth/test",
        status=200,
        body={"scopes": ["leads:read"], "rotor_api_version": "2.0.0"},
    )
)
found(
    "page_size",
    None,
    "A page holds 10 rows where 20 are asked for. Runs find that out by themselves; the costs "
    "below are for it.",
)(switched(max_limit=10))
COUNTED = (
    "they cannot overlap, so every run reads and counts whole lists, which proves less while rows "
    "move."
)
NOT_GIVEN = "Pages of other sizes than page_size are not given"
found("odd_sizes", None, f"{NOT_GIVEN} (leads: it was rejected): {COUNTED}")(
    switched(only_limit=PAGE)
)
found("odd_sizes", None, f"{NOT_GIVEN} (leads: its answer states pages of 5): {COUNTED}")(
    ruled("clamp", "/leads", page=2, limit=5)
)
found(
    "size_not_stated",
    None,
    "Answers do not state how many rows a page holds (limit): a short page that is not the last "
    "is taken for the size, and the list is begun again.",
)(switched(state_limit=False))
CLOCK = "Runs go by the slower one; set this machine's, if it is the one that is wrong."
found("clock", None, f"Rotor's clock is 3,600 s ahead of this machine's. {CLOCK}")(
    switched(date_ahead=3600)
)


@found("clock", None, f"Rotor's clock is 599 s behind this machine's. {CLOCK}")
def _(checked: Checked) -> None:
    # Within the second that a date cannot tell, less what a request takes.
    checked.sandbox.switch(date_ahead=-600)


found("no_date", None, "Answers bear no Date: counts go by this machine's clock.")(
    switched(date_header=False)
)
PIN_TYPE = {"id": "pt-1", "color": "#FF0000", "label": "Knocked"}
found(
    "cached",
    None,
    "1 answer came out of a cache, though none was asked for: runs ask again, which costs "
    "requests.",
)(answer("/pin-types", [PIN_TYPE], headers={"Age": "30"}))
found("uncompressed", None, "Answers are not compressed: loads take longer over a slow line.")(
    switched(gzip=False)
)
found(
    "limits",
    None,
    "Answers tell of a limit: x-ratelimit-remaining. The tap does not use it yet.",
)(answer("/pin-types", [PIN_TYPE], headers={"X-RateLimit-Remaining": "988"}))
found("empty", "pin_types", "It holds no row, so that nothing could be tried.")(
    lambda checked: checked.company.delete(
        "pin_types", [row["id"] for row in checked.company.rows("pin_types")]
    )
)
found(
    "no_id",
    "leads",
    "Its first page holds a row whose id is null: all others are loaded, but every run ends with "
    "status 1.",
)(inserted("leads", id=None))
ROWS: list[dict[str, t.Any]] = [
    {"id": f"job-{number}", "service_date": None} for number in range(PAGE)
]
found(
    "not_in_order",
    "service_plans",
    "It is promised newest first by created_at, and is not: every run reads and counts all of it.",
)(
    lambda checked: answer(
        "/service-plans",
        checked.company.rows("service_plans")[::-1],
        total=12,
        limit=PAGE,
        page=1,
        has_more=False,
    )(checked)
)
found(
    "undated",
    "leads",
    "Rows without a created_at that can be read: 1 of 20, in front of all others.",
)(inserted("leads", created_at=None))


@found(
    "undated",
    "leads",
    "Rows without a created_at that can be read: 1 of 20, among the others: every run reads and "
    "counts all of it.",
)
def _(checked: Checked) -> None:
    checked.company.insert("leads", created_at="soon")
    checked.company.insert("leads")


@found(
    "undated",
    "leads",
    "Rows without a created_at that can be read: 2 of 12, behind all others.",
)
def _(checked: Checked) -> None:
    rows: list[dict[str, t.Any]] = [
        {"id": f"l{n}", "created_at": f"2026-01-{20 - n}T00:00:00Z"} for n in range(10)
    ]
    rows += [{"id": "u1", "created_at": None}, {"id": "u2"}]
    answer("/leads", rows, total=12, limit=PAGE, page=1, has_more=False)(checked)


def imported(checked: Checked) -> None:
    checked.company.step = timedelta(0)
    checked.company.insert("leads", 30)


found(
    "one_moment",
    "leads",
    "All 20 rows of its first page bear the same created_at, as an import makes them: such rows "
    "are read twice.",
)(imported)
AGREE = "it is proven only by two readings that agree, and nothing is deleted in the target."


@found("total", "service_plans", f"Its one page shows 14 rows, and its total is 12: {AGREE}")
def _(checked: Checked) -> None:
    checked.sandbox.switch(stale_total=True)
    checked.company.insert("service_plans", 2)


@found("last_page", "pins", f"Its last page shows 8 rows where its total of 100 leaves 5: {AGREE}")
def _(checked: Checked) -> None:
    checked.sandbox.switch(stale_total=True)
    checked.company.insert("pins", 3)


found(
    "has_more",
    "service_plans",
    "A page states that there are more, and its total that it is the last: runs look behind the "
    "end, and delete nothing in the target where they doubt it.",
)(ruled("contradict", "/service-plans", page=1))
found(
    "short_page",
    "serviced_jobs",
    "A page of 20 shows 19 rows, and there are more: its pages are taken for shorter ones, which "
    "costs requests.",
)(answer("/serviced-jobs", ROWS[1:], total=40, limit=PAGE, page=1, has_more=True))
found(
    "repeats",
    "serviced_jobs",
    "A page shows 1 row twice. Each is loaded once; a list that does so for good is proven only by "
    "two readings that agree.",
)(answer("/serviced-jobs", [*ROWS[1:], ROWS[1]], total=20, limit=PAGE, page=1, has_more=False))
found(
    "places",
    "leads",
    "Page 2 of 9 rows begins as page 1 does: no run can read beyond a page.",
)(ruled("repeat_page", "/leads", page=2))
found(
    "places",
    "leads",
    "Page 2 of 9 rows shows none of the rows that stand there on a page of 20: page and size do "
    "not say which rows come.",
)(
    answer(
        "/leads",
        [{"id": f"other-{number}"} for number in range(9)],
        total=50,
        limit=9,
        page=2,
        has_more=True,
    )
)


@found(
    "moves",
    "leads",
    "Rows change places between two answers, as they may where their dates are equal.",
)
def _(checked: Checked) -> None:
    checked.sandbox.switch(unstable_ties=True)
    imported(checked)


@found("let_in", "leads", "archived=true adds 4 of its 50 rows.")
def _(checked: Checked) -> None:
    checked.company.archive(checked.company.rows("leads", archived=False)[0]["id"])


@found(
    "let_in",
    "leads",
    "archived=true adds no row: there is none, or it is not heeded.",
)
def _(checked: Checked) -> None:
    archived = [row["id"] for row in checked.company.rows("leads") if row["archived"]]
    checked.company.unarchive(archived)


found(
    "unknown_fields",
    "leads",
    "Fields that the schema does not know go to extra_fields: mood (1) and 1 more.",
)(inserted("leads", mood=PERSON, **{PERSON: 1}))
found(
    "unknown_fields",
    "leads",
    "Fields that the schema does not know go to extra_fields: 1 name that cannot be shown.",
)(inserted("leads", **{PERSON: 1}))
found(
    "misfits",
    "leads",
    "Values that do not fit their type go to extra_fields: projected_value (1).",
)(inserted("leads", projected_value=PERSON))
found(
    "unseen_fields",
    "customers",
    "No row has a field has_payment_method: its column stays empty.",
)(lambda _: None)


@pytest.mark.parametrize(
    ("code", "prepare", "stream", "sentence"),
    [(code, *case) for code, cases in FOUND.items() for case in cases],
)
def test_a_finding(checked, code, prepare, stream, sentence):
    prepare(checked)
    findings = checked.json()["findings"]
    expected = {"code": code, "sentence": sentence, "stream": stream}
    assert [one for one in findings if one["code"] == code and one["stream"] == stream] == [
        expected
    ]


def test_each_finding_is_tried_and_explained():
    explained = (ROOT / "docs/check.md").read_text(encoding="utf-8")
    assert set(FOUND) == set(CODES)
    assert re.findall(r"^\| `(\w+)` \|", explained, re.MULTILINE) == list(CODES)


def test_a_list_in_another_order_is_said_to_be_counted(checked, monkeypatch):
    cut = RotorPages.cut

    def backwards(*args: t.Any) -> t.Any:
        rows, *others = cut(*args)
        return [*reversed(rows)], *others

    monkeypatch.setattr(RotorPages, "cut", backwards)
    report = checked.json()
    assert report["lists"]["leads"]["order"] == "not newest first"
    assert report["lists"]["leads"]["proof"] == "count"
    assert report["costs"]["leads"] == {"whole": 3, "nightly": 3, "hourly": None}


USED_UP = "The key's requests for today are used up (status 429). Check again when its day is over"


@pytest.mark.parametrize(
    ("prepare", "requests", "sentence"),
    [
        (
            lambda checked: checked.sandbox.keys.clear(),
            1,
            (
                "Rotor does not accept the API key (status 401). Check the setting api_key; a key "
                "is made in Rotor under Settings, Integrations."
            ),
        ),
        (
            lambda checked: setattr(checked.sandbox.keys[KEY], "quota", 0),
            1,
            USED_UP,
        ),
        (
            lambda checked: setattr(checked.sandbox.keys[KEY], "quota", 3),
            4,
            USED_UP,
        ),
        (
            ruled("html", "*"),
            2,
            (
                "/leads was answered with status 200 and content type text/html, but is no JSON "
                "object. It is not Rotor that answers: check the setting api_url"
            ),
        ),
        (
            ruled("status", "*", status=200, body={"items": []}),
            2,
            (
                "/leads was answered with status 200 and content type application/json, but holds "
                "no list of rows. It is not Rotor that answers: check the setting api_url"
            ),
        ),
        (
            ruled("status", "*", status=404, body="<html>"),
            2,
            "/leads does not exist on 127.0.0.1 (status 404). Check the setting api_url.",
        ),
        (ruled("reset", "/pins"), 3, "127.0.0.1 broke the connection"),
    ],
)
def test_what_ends_a_check(checked, prepare, requests, sentence):
    prepare(checked)
    run = checked.text()
    assert run.status == 1
    assert run.last_line == f"ERROR Failed. {sentence}"
    assert sentence in " ".join(run.stdout.split())
    assert "Schedule" not in run.stdout
    assert checked.sandbox.count() == requests


@pytest.mark.parametrize(
    ("prepare", "stream", "sentence"),
    [
        (
            lambda checked: checked.sandbox.keys[KEY].scopes.remove("pins:read"),
            "pins",
            (
                "/pins was refused: the API key lacks the scope pins:read (it has leads:read, "
                "leads:write, customers:read, customers:write, pin_types:read, service_plans:read, "
                "serviced_jobs:read). Give it the scope in Rotor, or deselect the stream"
            ),
        ),
        (
            ruled("status", "/pins", status=404),
            "pins",
            (
                "/pins does not exist on 127.0.0.1 (status 404), though Rotor answers other "
                "requests: this key or company may not have it. Ask Rotor, or deselect the stream"
            ),
        ),
        (
            ruled("status", "/leads", status=503, page=2),
            "leads",
            "/leads was answered with status 503",
        ),
    ],
)
def test_a_list_that_cannot_be_read_leaves_the_others(checked, prepare, stream, sentence):
    prepare(checked)
    report = checked.json(status=1)
    assert report["failures"] == [f"{stream}: {sentence}"]
    assert [name for name, one in report["lists"].items() if not one["readable"]] == [stream]
    assert report["requests"] == MOST_REQUESTS
    assert stream not in report["costs"]


def test_requests_that_are_left_look_at_the_ends_of_further_lists(checked):
    checked.sandbox.keys[KEY].scopes.remove("pins:read")
    looks = checked.json(status=1)["lists"]
    assert {name: [*looks[name].get("looks", {})] for name in ("customers", "serviced_jobs")} == {
        "customers": ["first", "without", "last"],
        "serviced_jobs": ["first"],
    }


def test_what_the_api_says_of_a_key_moves_no_cursor(checked):
    body = {"scopes": ["leads:read\x1b[2J"], "company_id": "acme\n\r" + "x" * 100}
    checked.sandbox.rule("status", "/auth/test", status=200, body=body)
    printed = checked.text().stdout
    assert (
        f"  company  acme\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}{'x' * 54}\n" in printed
    )
    assert "  scopes   leads:read\N{REPLACEMENT CHARACTER}[2J\n" in printed


def test_a_request_budget_is_kept(checked):
    run = checked.text(request_budget=3)
    assert (run.status, run.problems, checked.sandbox.count()) == (0, [], 3)
    assert "Not all was asked: the setting request_budget allows no more.\n" in run.stdout
    assert re.search(r"^  customers +- +not asked$", run.stdout, re.MULTILINE)


def test_a_request_budget_that_leaves_questions_is_said_to(checked):
    assert checked.json(request_budget=8)["stopped_by_budget"]
    assert checked.sandbox.count() == 8
    assert not checked.json(request_budget=100)["stopped_by_budget"]


def test_only_what_is_selected_is_asked_for(checked):
    run = checked.tap.run("leads", args=["--check"])
    assert run.status == 0
    assert {request.path for request in checked.sandbox.requests} == {"/auth/test", "/leads"}


def test_requests_of_today_are_told_if_there_is_a_state(checked):
    state = checked.tap.succeed("leads").state
    day, before = state["requests_today"]
    assert f", {before + 12} today with this state\n" in checked.text(state=state).stdout
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", day)


def test_answers_that_take_long_are_told(checked):
    checked.sandbox.switch(latency=0.1)
    looks = checked.json()["lists"]["leads"]["looks"]
    assert all(look["seconds"] >= 0.1 for look in looks.values())


def test_bad_settings_are_told_as_elsewhere(checked):
    run = checked.text(page_size=0)
    assert (run.status, run.stdout) == (1, "")
    assert run.last_line == "ERROR The setting page_size must be from 1 to 1,000, and is 0"
    assert checked.sandbox.count() == 0


def test_an_unknown_form_is_a_wrong_command_line(checked):
    run = checked.run("--check=xml")
    assert (run.status, run.stdout) == (2, "")


def test_nothing_that_a_company_or_a_host_is_known_by_stands_in_json(checked):
    report = json.dumps(checked.json())
    assert checked.company.id not in report
    assert "127.0.0.1" not in report
    assert KEY not in report


def test_nobodys_data_is_shown_of_rows_that_fit_nothing(checked):
    for field in ("email", "created_at", "location", "tags", "archived"):
        checked.company.insert("leads", **{field: {"who": [PERSON]}})
    checked.company.insert("customers", address=PERSON, **{PERSON: PERSON})
    checked.company.insert("pins", created_by={"name": {"of": PERSON}, PERSON: 1})
    for option in ("--check", "--check=json"):
        printed = checked.run(option).stdout
        assert "Zerlina" not in printed


def test_the_other_tap_has_it_too(tmp_path):
    with NexusSandbox(hourly_organisation(leads=250)) as sandbox:
        tap = Tap(tmp_path, sandbox, of=TapNexusErp)
        run = tap.run(args=["--check"])
        assert sandbox.count() == 3
    assert run.status == 0
    assert "  leads                  250   by something else     count" in run.stdout
    assert "                        every run\n  leads                         3\n" in run.stdout
    assert "Schedule" not in run.stdout
