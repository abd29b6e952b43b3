"""tap-nexus-erp over a real socket: complete on an unstable order, incremental by updatedAt."""

from __future__ import annotations

import typing as t
from datetime import timedelta

import pytest

from tap_nexus_erp.tap import TapNexusErp
from tests.harness.catalog import fixed
from tests.harness.promise import AGAIN, COUNTED, NO_BOOKMARK, ONCE_MORE
from tests.harness.tap import Tap
from tests.taps.nexus_erp.leads import assert_complete, by_id, full_table
from tools.sandbox import NexusSandbox, Organisation

if t.TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.harness.run import Run


ALL = [(0, 10), (8, 16), (14, 21), (18, 27), *COUNTED[2:]]
"""The pages of 40 leads at a page_size of 10: those without a next call come newest first."""
FAR = "2030-01-01T00:00:00.000Z"
REFUSED = (
    "ERROR Failed. leads: Nexus ERP does not accept the API key (status 401). Check the setting "
    "api_key; a key is made in Nexus ERP under Dashboard, Developer."
)


@pytest.fixture
def organisation() -> Organisation:
    organisation = Organisation(40)
    organisation.advance(timedelta(hours=1))
    return organisation


@pytest.fixture
def sandbox(organisation: Organisation) -> Iterator[NexusSandbox]:
    with NexusSandbox(organisation) as sandbox:
        yield sandbox


@pytest.fixture
def tap(sandbox: NexusSandbox, tmp_path: Path) -> Tap:
    return Tap(tmp_path, sandbox, of=TapNexusErp, page_size=10, retry_minutes=0)


def first_id(organisation: Organisation) -> str:
    return str(organisation.rows("leads")[0]["id"])


def value(run: Run) -> str:
    return str(run.bookmark("leads")["replication_key_value"])


def test_all_leads_as_the_api_gives_them(tap, sandbox, organisation):
    run = tap.run()
    assert_complete(run, organisation)
    assert tap.asked("leads") == ALL
    (request, *_) = sandbox.requests
    assert request.query == {"page": "1", "pageSize": "10"}
    assert run.streams == ["leads"]


def test_a_page_is_as_large_as_the_api_allows(tap, organisation):
    organisation.insert("leads", 70)
    organisation.advance(timedelta(hours=1))
    run = tap.run(page_size=None)
    assert_complete(run, organisation)
    assert tap.asked("leads") == [(0, 100), (100, 200)]


def test_leads_that_entered_just_now_take_a_second_reading(tap, organisation):
    """They may have become visible after the first answer, whatever they state."""
    organisation.insert("leads", 70)
    run = tap.run(page_size=None)
    assert_complete(run, organisation)
    assert tap.asked("leads") == [(0, 100), (100, 200), (0, 99), (99, 198)]


@pytest.mark.parametrize("nulls", ["first", "last"])
@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("past_end", ["empty", "404", "clamp"])
def test_whatever_the_documentation_leaves_open(tmp_path: Path, nulls, ties, past_end):
    organisation = Organisation(37, nulls=nulls)
    with NexusSandbox(organisation, unstable_ties=ties, past_end=past_end) as sandbox:
        tap = Tap(tmp_path, sandbox, of=TapNexusErp, page_size=10, retry_minutes=0)
        assert_complete(tap.run(), organisation)
        assert tap.asked("leads") == (ALL[:6] if nulls == "first" else COUNTED[:4])


@pytest.mark.parametrize("pages", [0, 1])
def test_an_organisation_without_leads(tmp_path: Path, pages):
    with NexusSandbox(Organisation(0), empty_total_pages=pages) as sandbox:
        run = Tap(tmp_path, sandbox, of=TapNexusErp).run()
    assert (run.status, run.records("leads")) == (0, [])


def test_a_server_that_gives_smaller_pages(tap, sandbox, organisation):
    sandbox.switch(max_page_size=7)
    assert_complete(tap.run(), organisation)
    assert tap.asked("leads") == [
        *[(0, 10), (5, 10), (7, 14), (12, 18), (14, 21), (18, 24)],
        *[(21, 28), (28, 35), (35, 42)],
    ]


MOVED = [*ALL[:3], (10, 20), (18, 27), *COUNTED[2:]]
"""The third page did not overlap, as a lead of those before had moved."""


@pytest.mark.parametrize(("nulls", "call"), [("first", FAR), ("last", None)])
def test_a_lead_that_is_read_already_moves_to_the_end(tmp_path: Path, nulls, call):
    """The ordinary case: its call is put off, and another slides over the boundary."""
    organisation = Organisation(40, nulls=nulls)
    organisation.advance(timedelta(hours=1))
    with NexusSandbox(organisation) as sandbox:
        tap = Tap(tmp_path, sandbox, of=TapNexusErp, page_size=10)
        sandbox.before(
            "/leads",
            3,
            lambda: organisation.edit("leads", first_id(organisation), nextCallAt=call),
        )
        run = tap.run()
    assert run.status == 0
    assert {lead["id"] for lead in organisation.rows("leads")} == set(run.ids("leads"))
    assert tap.asked("leads") == (MOVED if nulls == "first" else COUNTED + AGAIN[:3])


def put_off(organisation: Organisation, sandbox: NexusSandbox, call: str | None) -> None:
    """Have the first lead's call put off or called off before the third page of two passes."""
    for nth in (1, 2):
        sandbox.before(
            "/leads",
            3,
            lambda: organisation.edit("leads", first_id(organisation), nextCallAt=call),
            nth=nth,
        )


def test_what_one_pass_missed_another_may_have_read(tmp_path: Path):
    """A call is off in both passes; together they have seen every lead of the beginning."""
    organisation = Organisation(40, nulls="last")
    organisation.advance(timedelta(hours=1))
    with NexusSandbox(organisation) as sandbox:
        put_off(organisation, sandbox, None)
        tap = Tap(tmp_path, sandbox, of=TapNexusErp, page_size=10)
        run = tap.run()
    assert run.status == 0
    assert {lead["id"] for lead in organisation.rows("leads")} == set(run.ids("leads"))
    assert tap.asked("leads") == COUNTED + AGAIN[:3]


def test_pages_that_overlap_miss_no_lead_that_is_put_off(tap, sandbox, organisation):
    put_off(organisation, sandbox, FAR)
    run = tap.run()
    assert run.status == 0
    assert {lead["id"] for lead in organisation.rows("leads")} == set(run.ids("leads"))
    assert tap.asked("leads") == MOVED


@pytest.mark.parametrize("past_end", ["404", "clamp"])
def test_the_list_ends_so_in_every_pass(tmp_path: Path, past_end):
    """Once more than it is read again for, and the run says so: the address is not to blame."""
    organisation = Organisation(40, nulls="last")
    organisation.advance(timedelta(hours=1))

    counts = iter((10, 5, 2))

    def remove() -> None:
        gone = organisation.rows("leads")[-next(counts) :]
        organisation.delete("leads", [lead["id"] for lead in gone])

    with NexusSandbox(organisation, past_end=past_end) as sandbox:
        for nth in (1, 2, 3):
            sandbox.before("/leads", 4, remove, nth=nth)
        tap = Tap(tmp_path, sandbox, of=TapNexusErp, page_size=10, retry_minutes=0)
        run = tap.run()
    assert run.status == 1
    assert tap.asked("leads") == COUNTED[:4] + AGAIN[:4] + ONCE_MORE[:4]
    assert run.last_line == (
        "ERROR Failed. leads: it is not certain that all rows were read: it ended before a page "
        "that it had promised"
    )
    assert run.bookmark("leads")["replication_key_value"] in NO_BOOKMARK


@pytest.mark.parametrize(
    ("past_end", "again"),
    [("empty", COUNTED[1:4]), ("404", AGAIN[:4]), ("clamp", AGAIN[:4])],
)
def test_the_list_ends_before_a_page_that_it_had_promised(
    tap, sandbox, organisation, past_end, again
):
    sandbox.switch(past_end=past_end)
    gone = [lead["id"] for lead in organisation.rows("leads")[:10]]
    sandbox.before("/leads", 4, lambda: organisation.delete("leads", gone))
    run = tap.run()
    assert run.status == 0
    assert {lead["id"] for lead in organisation.rows("leads")} <= set(run.ids("leads"))
    assert tap.asked("leads") == [*ALL[:6], *again]


def test_a_list_that_never_rests_is_not_called_complete(tap, sandbox, organisation):
    def swap() -> None:
        # Whether a lead that is not read yet left the list or was skipped, nobody can tell.
        organisation.delete("leads", organisation.rows("leads")[-1]["id"])
        organisation.insert("leads", nextCallAt=None)

    for nth in range(2, 20):
        sandbox.before("/leads", None, swap, nth=nth)
    run = tap.run()
    assert run.status == 1
    assert run.last_line.startswith(
        "ERROR Failed. leads: it is not certain that all rows were read"
    )
    assert run.bookmark("leads")["replication_key_value"] in NO_BOOKMARK
    assert tap.asked("leads") == [
        *[(0, 10), (8, 16), (14, 21), (18, 27), (24, 32), (30, 40), (40, 50)],
        *AGAIN,
        *ONCE_MORE,
    ]


# Incremental


def test_a_second_run_sends_just_what_was_updated(tap, organisation):
    first = tap.succeed()
    organisation.advance(timedelta(hours=1))
    (new,) = organisation.insert("leads")
    edited = organisation.edit("leads", first_id(organisation), status="LOST")
    second = tap.succeed(state=first.state)
    assert {new["id"], edited["id"]} <= set(second.ids("leads"))
    # What is newer than the bookmark, and what was changed in the five minutes before it.
    newest = max(lead["updatedAt"] for lead in first.records("leads"))
    again = set(second.ids("leads")) - {new["id"], edited["id"]}
    assert [lead["updatedAt"] for lead in first.records("leads") if lead["id"] in again] == [newest]
    assert tap.asked("leads") == ALL
    assert value(second) == fixed(edited["updatedAt"]) > value(first)


def test_a_lookback_sends_older_ones_again(tap):
    first = tap.succeed()
    second = tap.succeed(state=first.state, lookback_days=36500)
    assert by_id(second.records("leads")) == by_id(first.records("leads"))


def test_the_start_date_is_one_of_updates(tap, organisation):
    updates = sorted(lead["updatedAt"] for lead in organisation.rows("leads"))
    run = tap.succeed(start_date=updates[30])
    assert sorted(lead["updatedAt"] for lead in run.records("leads")) == list(
        map(fixed, updates[30:])
    )
    assert tap.asked("leads") == ALL


def test_an_update_while_the_list_is_read_comes_with_the_next_run(tap, sandbox, organisation):
    """The bookmark is no later than the first answer: what is read already may change then."""
    lead_id = organisation.rows("leads")[0]["id"]

    def update() -> None:
        organisation.advance(timedelta(hours=1))
        organisation.insert("leads", nextCallAt=FAR)
        organisation.edit("leads", lead_id, notes="Called back")

    sandbox.before("/leads", None, update, nth=6)
    began = organisation.now
    first = tap.run()
    assert first.status == 0
    assert value(first) <= fixed(began + timedelta(seconds=1))
    second = tap.succeed(state=first.state)
    assert by_id(second.records("leads"))[lead_id]["notes"] == "Called back"


def test_an_edit_of_a_contact_needs_full_table(tap, organisation):
    """It may leave updatedAt alone; then only FULL_TABLE sees it."""
    first = tap.succeed()
    organisation.advance(timedelta(days=1))
    lead = organisation.rows("leads")[0]
    organisation.edit_contact(lead["contactId"], phones=["+442079460018"])
    incremental = tap.succeed(state=first.state)
    assert all(record["phones"] != ["+442079460018"] for record in incremental.records("leads"))
    whole = tap.run(catalog=full_table(), state=incremental.state)
    assert_complete(whole, organisation)
    assert by_id(whole.records("leads"))[lead["id"]]["phones"] == ["+442079460018"]


def test_deletions_show_after_full_table_only(tap, organisation):
    options: dict[str, t.Any] = {"emit_activate_version_messages": True}
    first = tap.succeed(catalog=full_table(), **options)
    organisation.delete("leads", first_id(organisation))
    incremental = tap.run(state=tap.succeed(**options).state, **options)
    assert (incremental.status, incremental.of_type("ACTIVATE_VERSION")) == (0, [])
    second = tap.run(catalog=full_table(), state=first.state, **options)
    assert len(second.of_type("ACTIVATE_VERSION")) == 1
    assert_complete(second, organisation)


# Filters


@pytest.mark.parametrize(
    ("setting", "parameter"),
    [({"status": "LOST"}, "status"), ({"assigned_to_id": "unassigned"}, "assignedToId")],
)
def test_a_narrowed_list_is_proven_by_a_second_reading(
    tap, sandbox, organisation, setting, parameter
):
    (wanted,) = setting.values()
    field = {"unassigned": None}.get(wanted, wanted)
    expected = {lead["id"] for lead in organisation.rows("leads") if lead[parameter] == field}
    run = tap.run(page_size=5, emit_activate_version_messages=True, **setting)
    assert (run.status, set(run.ids("leads"))) == (0, expected)
    assert {request.query[parameter] for request in sandbox.requests} == {wanted}
    assert tap.asked("leads") == [
        *[(0, 5), (5, 10), (10, 15)],
        *[(0, 4), (4, 8), (8, 12), (12, 16)],
    ]
    assert run.of_type("ACTIVATE_VERSION") == []


def test_a_search(tap, organisation):
    (lead,) = organisation.insert("leads", company="Zephyr Joinery")
    run = tap.run(search="zephyr")
    assert (run.status, run.ids("leads")) == (0, [lead["id"]])


# Errors


@pytest.mark.parametrize("whole", [False, True])
def test_a_key_that_expires_in_the_middle_never_means_that_the_rest_is_gone(
    tap, sandbox, organisation, whole
):
    catalog = full_table() if whole else None
    tap.settings["emit_activate_version_messages"] = True
    first = tap.succeed(catalog=catalog)
    assert len(first.of_type("ACTIVATE_VERSION")) == 1
    sandbox.add_key("sk_testing1_" + "1" * 32, lifetime=timedelta(hours=1))
    sandbox.before("/leads", 3, lambda: organisation.advance(timedelta(hours=1)))
    run = tap.run(catalog=catalog, state=first.state, api_key="sk_testing1_" + "1" * 32)
    assert (run.status, run.last_line) == (1, REFUSED)
    assert run.of_type("ACTIVATE_VERSION") == []
    assert tap.asked("leads") == ALL[:3]
    assert run.bookmark("leads").get("replication_key_value") == first.bookmark("leads").get(
        "replication_key_value"
    )


def test_an_interrupted_full_refresh_begins_again(tap, sandbox, organisation):
    """Meltano merges its state into that of before, whose bookmark must not come back."""
    first = tap.succeed()
    organisation.advance(timedelta(days=1))
    sandbox.rule("status", "/leads", status=401, nth=3)
    refresh = tap.run()
    assert (refresh.status, tap.asked("leads")) == (1, ALL[:3])
    merged = {**first.bookmark("leads"), **refresh.bookmark("leads")}
    assert_complete(tap.run(state={"bookmarks": {"leads": merged}}), organisation)


def test_a_wrong_key(tap):
    run = tap.run(api_key="sk_testing2_" + "2" * 32)
    assert (run.status, run.last_line, tap.asked("leads")) == (1, REFUSED, [(0, 10)])


def test_a_login_in_netrc_does_not_take_the_place_of_the_key(
    tap, organisation, tmp_path, monkeypatch
):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password secret\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    assert_complete(tap.run(), organisation)


def test_a_missing_scope(tap, sandbox):
    sandbox.add_key("sk_testing3_" + "3" * 32, scopes=())
    run = tap.run(api_key="sk_testing3_" + "3" * 32)
    assert run.status == 1
    assert run.last_line == (
        "ERROR Failed. leads: /leads was refused: the API key lacks the scope leads.read, or its "
        "organisation the feature DEVELOPER_API. Give it the scope in Nexus ERP, or deselect the "
        "stream (meltano select --exclude tap-nexus-erp leads '*')"
    )


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ({"kind": "status", "status": 404}, "/leads does not exist on 127.0.0.1 (status 404). "),
        ({"kind": "status", "status": 403, "body": "<html>"}, "/leads was refused with status 403"),
        ({"kind": "status", "status": 400}, "/leads was rejected with status 400"),
        ({"kind": "status", "status": 500}, "/leads was answered with status 500"),
        ({"kind": "status", "status": 429}, "/leads was answered with status 429"),
        ({"kind": "html"}, "/leads was answered with status 200 and content type text/html, but"),
        ({"kind": "no_data"}, "/leads was answered with status 200 and content type application/"),
        ({"kind": "wrong_page"}, "/leads was answered with status 200 and content type applicat"),
        ({"kind": "reset"}, "127.0.0.1 broke the connection"),
    ],
)
def test_errors_by_the_same_table(tap, sandbox, rule, sentence):
    sandbox.rule(path="/leads", times=None, **rule)
    run = tap.run()
    assert run.status == 1
    assert run.last_line.startswith(f"ERROR Failed. leads: {sentence}")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"api_url": None},
            (
                "The setting api_url is missing. It is an address as in https://erp.example.com/"
                "api/v1; set it as TAP_NEXUS_ERP_API_URL or in the config file"
            ),
        ),
        (
            {"api_key": None},
            (
                "The setting api_key is missing. A key is made in Nexus ERP under Dashboard, "
                "Developer; set it as TAP_NEXUS_ERP_API_KEY or in the config file"
            ),
        ),
        ({"page_size": 101}, "The setting page_size must be from 1 to 100, and is 101"),
        ({"lead_stage": "x"}, "There is no setting 'lead_stage'"),
    ],
)
def test_settings_that_cannot_be_used(tap, settings, sentence):
    run = tap.run(**settings)
    assert (run.status, run.stdout, run.last_line) == (1, "", f"ERROR {sentence}")
    assert tap.asked("leads") == []


def test_a_status_that_there_is_not(tap):
    run = tap.run(status="WON")
    assert run.status == 1
    assert run.last_line == (
        "ERROR The setting status must be one of NOT_CONTACTED, CONTACTED, QUALIFIED, "
        "CONVERTED, LOST"
    )


def test_no_message_holds_the_key_or_a_persons_data(tap, sandbox, organisation):
    organisation.insert("leads", 20, name="Zerlina Quax", emails=["zerlina@quax.example", 5])
    sandbox.rule("status", "/leads", status=400, body={"error": "zerlina@quax.example"}, page=2)
    run = tap.run(search="zerlina", env={"LOGLEVEL": "DEBUG"})
    assert run.status == 1
    assert any("Zerlina" in record["name"] for record in run.records("leads"))
    assert "zerlina" not in run.stderr.lower()
    assert tap.settings["api_key"] not in run.stderr
