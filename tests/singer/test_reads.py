"""The stream `reads`: for each way in which a run can end, the rows that tell of it."""

from __future__ import annotations

import hashlib
import signal
import typing as t
from unittest.mock import ANY

import pytest

from paged_rest.timestamps import before, timestamp
from tap_nexus_erp.tap import TapNexusErp
from tests.harness.catalog import discovered, entries, root, selecting
from tests.harness.companies import HOUR, hourly, hourly_organisation
from tests.harness.run import READS
from tests.harness.streams import NAMES
from tests.harness.tap import KEY, Tap
from tools.harness import log
from tools.sandbox import NexusSandbox, Sandbox

if t.TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.harness.run import Message, Run
    from tools.sandbox import Company

FIELDS = (
    *("run_id", "stream", "started_at", "ended_at", "outcome", "reason", "detail", "proof"),
    *("scope", "read_since", "passes", "requests", "rows_read", "rows_sent", "repeats"),
    *(
        "rows_listed_first",
        "rows_listed_last",
        "newest",
        "bookmark_before",
        "bookmark_after",
        "last_whole_read_at",
    ),
    *("id_checksum", "settings", "tap_version"),
)
NOTHING = dict.fromkeys(FIELDS)
NOTHING_READ: t.Any = {"requests": 0, "rows_read": 0, "rows_sent": 0}
NOT_A_LIST = dict.fromkeys(("passes", "repeats", "rows_listed_first", "rows_listed_last"))
NOT_SELECTED = "The stream reads is not selected: what this run proves is not written to the target"


@pytest.fixture
def company() -> Company:
    return hourly(leads=25, pins=3, customers=12)


@pytest.fixture
def sandbox(company: Company) -> Iterator[Sandbox]:
    with Sandbox(company) as server:
        yield server


@pytest.fixture
def tap(sandbox: Sandbox, tmp_path: Path) -> Tap:
    return Tap(tmp_path, sandbox, page_size=10, lookback_days=0, retry_minutes=0)


def read(tap: Tap, *streams: str, **options: t.Any) -> Run:
    """Run a tap over some streams and `reads`."""
    return tap.run(catalog=selecting(*streams, READS, of=tap.of), **options)


def checksum(ids: t.Iterable[str]) -> int:
    return sum(int(hashlib.md5(i.encode()).hexdigest()[:8], 16) for i in ids)


def row(stream: str, outcome: str, reason: str, detail: str, **others: t.Any) -> Message:
    """Return a row; of what every one has, anything will do."""
    always = dict.fromkeys(("run_id", "ended_at", "settings", "tap_version"), ANY)
    said = {"stream": stream, "outcome": outcome, "reason": reason, "detail": detail}
    return {**NOTHING, **always, **said, **others}


def counts(first: int, *, requests: int, read: int, sent: int, **others: t.Any) -> Message:
    """Return what a row says of a list that was read in one pass, and stood still."""
    return {
        "started_at": ANY,
        "passes": 1,
        "requests": requests,
        "rows_read": read,
        "rows_sent": sent,
        "repeats": read - sent,
        "rows_listed_first": first,
        "rows_listed_last": first,
        **others,
    }


def test_a_complete_run(tap, company, sandbox):
    run = read(tap, "leads", "pin_types", "customers")
    newest = timestamp(company.rows("leads")[0]["created_at"])
    leads, pin_types, customers = run.reads.values()
    complete = "complete, proven by"
    assert leads == row(
        *("leads", "proven", "complete", f"{complete} chain"),
        **counts(25, requests=4, read=32, sent=25),
        proof="chain",
        scope="whole",
        newest=newest,
        bookmark_after=newest,
        last_whole_read_at=leads["started_at"],
        id_checksum=checksum(run.ids("leads")),
    )
    assert pin_types == row(
        *("pin_types", "proven", "complete", f"{complete} count"),
        **counts(1, requests=1, read=1, sent=1),
        proof="one_answer",
        scope="whole",
        last_whole_read_at=pin_types["started_at"],
        id_checksum=checksum(run.ids("pin_types")),
    )
    assert customers == row(
        *("customers", "proven", "complete", f"{complete} count"),
        **counts(12, requests=2, read=12, sent=12),
        proof="count",
        scope="whole",
        last_whole_read_at=customers["started_at"],
        id_checksum=checksum(run.ids("customers")),
    )
    assert sandbox.count() == 7
    for of in run.of_type("RECORD", "leads"):
        assert leads["started_at"] <= of["time_extracted"] <= leads["ended_at"]


def test_it_is_a_table_and_nothing_else(tap):
    """No version, no bookmark, and the last STATE comes after it."""
    run = tap.succeed(emit_activate_version_messages=True)
    assert list(run.reads) == list(NAMES)
    (schema,) = run.of_type("SCHEMA", READS)
    assert schema["key_properties"] == ["run_id", "stream"]
    properties = schema["schema"]["properties"]
    assert tuple(properties) == FIELDS
    required = [name for name, of in properties.items() if "null" not in of["type"]]
    assert required == ["run_id", "stream"]
    messages = [message for message in run.messages if message.get("stream") == READS]
    assert {message["type"] for message in messages} == {"SCHEMA", "RECORD"}
    assert not any("version" in message for message in messages)
    assert [message["type"] for message in run.messages[-2:]] == ["RECORD", "STATE"]
    assert list(run.state["bookmarks"]) == list(NAMES)
    assert tap.succeed(state=run.state).reads["leads"]["run_id"] != run.reads["leads"]["run_id"]


def test_a_state_of_its_own_is_left_out(tap):
    run = tap.succeed("leads", state={"bookmarks": {READS: {"replication_key_value": 1}}})
    assert (READS in run.state["bookmarks"], run.warnings) == (False, [])


def test_nothing_new_since_the_bookmark(tap, sandbox):
    first = read(tap, "leads")
    run = read(tap, "leads", state=first.state)
    former, leads = first.reads["leads"], run.reads["leads"]
    assert leads == row(
        *("leads", "proven", "complete", "complete, proven by chain"),
        **{**counts(25, requests=1, read=10, sent=1), "repeats": 0},
        proof="chain",
        scope="since_bookmark",
        # Less what may come late.
        read_since=before(former["newest"], minutes=5),
        newest=former["newest"],
        bookmark_before=former["newest"],
        bookmark_after=former["newest"],
        last_whole_read_at=former["started_at"],
        id_checksum=checksum(run.ids("leads")),
    )
    assert sandbox.count() == 1


def test_from_a_start_date_on(tap, company):
    """Of what was sent there is a checksum, whether the list or the setting ends it."""
    start = company.rows("leads")[10]["created_at"]
    first = read(tap, "leads", start_date=start)
    again = read(tap, "leads", start_date=start, state=first.state)
    assert [
        (leads["scope"], leads["rows_sent"], leads["id_checksum"])
        for leads in (first.reads["leads"], again.reads["leads"])
    ] == [
        ("since_start_date", 11, checksum(first.ids("leads"))),
        ("since_bookmark", 1, checksum(again.ids("leads"))),
    ]


def test_an_empty_list(tap):
    plans = read(tap, "service_plans").reads["service_plans"]
    assert plans == row(
        *("service_plans", "proven", "complete", "complete, proven by chain"),
        **counts(0, requests=1, read=0, sent=0),
        proof="chain",
        scope="whole",
        last_whole_read_at=plans["started_at"],
        id_checksum=0,
    )


def test_a_budget_that_is_spent_and_the_run_that_goes_on(tap):
    first = read(tap, "leads", "pins", request_budget=2)
    detail = (
        "leads: the run has made the 2 requests of its request_budget after 2 requests of this "
        "run: 16 rows of leads read, 9 still to read; the next run goes on"
    )
    assert (first.status, first.warnings) == (0, [detail])
    leads, pins = first.reads.values()
    assert leads == row(
        *("leads", "stopped", "budget_spent", detail),
        **counts(25, requests=2, read=18, sent=16),
        scope="whole",
        newest=ANY,
    )
    assert pins == row(
        *("pins", "not_read", "budget_spent", f"not read, as the run had stopped ({detail})"),
        **NOTHING_READ,
    )
    # By which alone a query can tell of what day it is.
    assert pins["ended_at"] >= leads["ended_at"]
    run = read(tap, "leads", state=first.state)
    second = run.reads["leads"]
    assert (second["outcome"], second["scope"], second["id_checksum"]) == (
        *("proven", "resumed"),
        checksum(run.ids("leads")),
    )
    assert second["last_whole_read_at"] is None


def test_a_budget_that_is_too_small(tap):
    run = read(tap, "customers", request_budget=1)
    customers = run.reads["customers"]
    assert (run.status, customers["outcome"], customers["reason"]) == (
        *(1, "stopped"),
        "budget_too_small",
    )


def test_a_quota_that_ends_in_the_middle(tap, sandbox):
    sandbox.keys[KEY].quota = 2
    run = read(tap, "leads", "pins")
    leads, pins = run.reads.values()
    assert (run.status, run.errors) == (1, [f"Failed. {leads['detail']}"])
    assert leads == row(
        *("leads", "stopped", "quota_spent", leads["detail"]),
        **counts(25, requests=3, read=18, sent=16),
        scope="whole",
        newest=ANY,
    )
    assert (pins["outcome"], pins["reason"]) == ("not_read", "quota_spent")


def test_what_cannot_be_proven(tap, sandbox):
    sandbox.rule("repeat_page", "/leads", page=2, times=None)
    leads = read(tap, "leads").reads["leads"]
    assert (leads["outcome"], leads["reason"], leads["proof"]) == ("unproven", "unproven", None)
    assert leads["detail"].startswith("leads: it is not certain that all rows were read: ")
    assert (leads["bookmark_after"], leads["id_checksum"]) == (None, None)


FAILURES: dict[str, t.Callable[[Sandbox], object]] = {
    "scope_missing": lambda api: api.keys[KEY].scopes.remove("customers:read"),
    "server_errors": lambda api: api.rule("status", "/customers", status=500, times=None),
    "list_denied": lambda api: api.rule("status", "/customers", status=404),
    "request_rejected": lambda api: api.rule("status", "/customers", status=400, times=None),
    "row_without_id": lambda api: api.company.edit(
        "customers", api.company.rows("customers")[3]["id"], id=None
    ),
}


@pytest.mark.parametrize("code", FAILURES)
def test_a_list_that_fails_alone(tap, sandbox, code):
    FAILURES[code](sandbox)
    run = read(tap, "pins", "customers", "service_plans")
    pins, customers, plans = run.reads.values()
    assert (pins["outcome"], plans["outcome"]) == ("proven", "proven")
    outcome = "unproven" if code == "row_without_id" else "failed"
    assert (customers["outcome"], customers["reason"]) == (outcome, code)
    assert run.errors == [f"Failed. {customers['detail']}"]


@pytest.mark.parametrize(
    ("code", "settings"),
    [
        ("key_refused", {"api_key": "rotor_wrong_key"}),
        ("address_wrong", {"api_url": "{}/v2"}),
        ("unreachable", {"api_url": "http://127.0.0.1:9"}),
    ],
)
def test_a_run_that_can_read_nothing(tap, code, settings):
    settings = {name: value.format(tap.sandbox.url) for name, value in settings.items()}
    leads, pins = read(tap, "leads", "pins", **settings).reads.values()
    assert (leads["outcome"], leads["reason"]) == ("failed", code)
    assert (pins["outcome"], pins["reason"]) == ("not_read", code)


def test_a_signal_in_the_middle(tap, sandbox):
    sandbox.before("/leads", 2, lambda: signal.raise_signal(signal.SIGTERM))
    run = read(tap, "leads", "pins")
    leads, pins = run.reads.values()
    assert (run.status, leads["outcome"], leads["reason"]) == (143, "stopped", "interrupted")
    assert (leads["detail"], leads["rows_sent"]) == ("Stopped by SIGTERM", len(run.ids("leads")))
    assert (pins["outcome"], pins["reason"]) == ("not_read", "interrupted")
    assert run.messages[-1]["type"] == "STATE"


def test_a_stream_map_that_fails_in_the_middle(tap):
    run = read(tap, "leads", "pins", stream_maps={"leads": {"length": "1 / 0"}})
    leads, pins = run.reads.values()
    assert (run.status, run.errors) == (1, [leads["detail"]])
    assert (leads["outcome"], leads["reason"]) == ("failed", "map_failed")
    assert (pins["outcome"], pins["reason"]) == ("not_read", "map_failed")


def test_what_was_not_foreseen(tap):
    code = """
from tap_rotor.streams import Pins
from tap_rotor.tap import TapRotor
Pins._params = lambda self, read: 1 / 0
TapRotor.cli()
"""
    with tap.start(code=code, catalog=selecting("leads", "pins", "pin_types", READS)) as running:
        run = running.result()
    leads, pins, pin_types = run.reads.values()
    detail = "an error that was not foreseen (ZeroDivisionError): its log has more"
    assert (run.status, leads["outcome"]) == (1, "proven")
    assert [pins[name] for name in ("outcome", "reason", "detail")] == ["failed", "crashed", detail]
    assert (pin_types["outcome"], pin_types["reason"]) == ("not_read", "crashed")


def test_a_stream_that_maps_leave_out(tap):
    run = read(tap, "leads", "pins", stream_maps={"leads": "__NULL__"})
    assert run.reads["leads"] == row(
        *("leads", "not_read", "left_out", "not read, as stream maps leave it out"),
        **NOTHING_READ,
    )
    assert run.reads["pins"]["outcome"] == "proven"


@pytest.mark.parametrize(
    "settings",
    [
        {"lead_tags": ["VIP"]},
        {"stream_maps": {"leads": {"__filter__": "stage != 'x'"}}},
    ],
)
def test_a_list_that_is_filtered(tap, settings):
    leads = read(tap, "leads", **settings).reads["leads"]
    assert (leads["outcome"], leads["scope"], leads["id_checksum"]) == ("proven", "filtered", None)
    assert leads["last_whole_read_at"] is None


def test_leads_by_id(tap, company):
    ids = [lead["id"] for lead in company.rows("leads")[:2]]
    leads = read(tap, "leads", lead_ids=ids).reads["leads"]
    assert leads == row(
        *("leads", "proven", "complete", "2 asked for by id"),
        **{**counts(0, requests=2, read=2, sent=2), **NOT_A_LIST},
        proof="one_answer",
        scope="filtered",
    )


def test_a_start_date(tap, company):
    start = company.rows("leads")[4]["created_at"]
    leads = read(tap, "leads", start_date=start).reads["leads"]
    assert [leads[name] for name in ("outcome", "scope", "read_since", "rows_sent")] == [
        *("proven", "since_start_date", timestamp(start)),
        5,
    ]


def test_deselected(tap):
    run = tap.succeed("leads")
    assert (run.reads, run.of_type("SCHEMA", READS)) == ({}, [])
    assert NOT_SELECTED in run.logged("INFO")
    assert NOT_SELECTED not in tap.succeed().logged("INFO")


def test_an_older_catalog_does_not_name_it(tap):
    catalog = selecting("leads")
    catalog["streams"] = [of for of in catalog["streams"] if of["tap_stream_id"] != READS]
    run = tap.succeed(catalog=catalog)
    assert (run.reads, NOT_SELECTED in run.logged("INFO")) == ({}, True)


def test_a_catalog_changes_neither_its_key_nor_its_method(tap):
    catalog = discovered()
    entry = entries(catalog)[READS]
    entry.update(key_properties=[], replication_key="ended_at", replication_method="INCREMENTAL")
    root(entry).update({"selected": True, "replication-method": "INCREMENTAL"})
    entry["metadata"].append(
        {"breadcrumb": ["properties", "detail"], "metadata": {"selected": False}}
    )
    run = tap.succeed(catalog=catalog)
    (schema,) = run.of_type("SCHEMA", READS)
    assert schema["key_properties"] == ["run_id", "stream"]
    assert "bookmark_properties" not in schema
    assert all({*FIELDS} - {*of} == {"detail"} for of in run.records(READS))


def test_it_can_be_mapped(tap):
    maps = {
        READS: {"__alias__": "proofs", "run_id": "run_id", "stream": "stream", "__else__": None}
    }
    run = tap.succeed(stream_maps=maps)
    assert [of["stream"] for of in run.records("proofs")] == list(NAMES)


def test_a_pattern_of_stream_maps_means_the_lists(tap):
    """What holds for each of them need not hold for `reads`."""
    rules = {"copy": "id", "__key_properties__": ["copy", "id"], "__filter__": "id != ''"}
    run = read(tap, "leads", "pins", stream_maps={"*": rules})
    assert (run.status, [*run.reads]) == (0, ["leads", "pins"])
    assert all("copy" in of for of in run.records("pins"))
    assert run.of_type("SCHEMA", READS)[0]["key_properties"] == ["run_id", "stream"]


def test_a_map_of_it_that_fails(tap):
    run = read(tap, "leads", stream_maps={READS: {"length": "1 / 0"}})
    assert (run.status, run.errors) == (
        1,
        ["reads: the stream map of length fails on a record (ZeroDivisionError)"],
    )


def test_a_checksum_is_that_of_the_ids_in_the_table(tap):
    """So there is none where a stream map may have made others of them."""
    maps = {"leads": {"id": "md5(id)"}}
    assert read(tap, "leads", stream_maps=maps).reads["leads"]["id_checksum"] is None
    flat = read(tap, "leads", flattening_enabled=True, flattening_max_depth=1)
    assert flat.reads["leads"]["id_checksum"] == checksum(flat.ids("leads"))


def test_of_the_other_tap(tmp_path):
    with NexusSandbox(hourly_organisation(12)) as sandbox:
        tap = Tap(tmp_path, sandbox, of=TapNexusErp, page_size=10)
        run = tap.succeed()
    leads = run.reads["leads"]
    newest = run.bookmark("leads")["replication_key_value"]
    assert leads == row(
        *("leads", "proven", "complete", "complete, proven by count"),
        **counts(12, requests=2, read=12, sent=12),
        proof="count",
        scope="whole",
        newest=newest,
        bookmark_after=newest,
        last_whole_read_at=leads["started_at"],
        id_checksum=checksum(run.ids("leads")),
    )


# A full refresh that did not come to its end


def waits(run: Run) -> list[str]:
    return [warning for warning in run.warnings if "the last reading of the whole list" in warning]


def merged(former: Message, new: Message) -> Message:
    """Return what Meltano makes of a state and of one that a full refresh leaves."""
    bookmarks = {
        name: {**former["bookmarks"].get(name, {}), **new["bookmarks"].get(name, {})}
        for name in {*former["bookmarks"], *new["bookmarks"]}
    }
    return {"bookmarks": bookmarks}


def refresh_that_fails(tap: Tap, first: Run, failing: t.Callable[[], object]) -> Message:
    """Run a full refresh of leads that fails; return the state that Meltano has then."""
    failing()
    refresh = read(tap, "leads")
    assert tap.sandbox
    tap.sandbox.faults.clear()
    assert (refresh.status, waits(refresh)) == (1, [])
    return merged(first.state, refresh.state)


def test_a_failed_full_refresh_is_told_until_one_succeeds(tap, sandbox, company):
    first = read(tap, "leads")
    since = first.reads["leads"]["started_at"]
    state = refresh_that_fails(
        tap, first, lambda: sandbox.rule("status", "/leads", status=500, times=None)
    )
    began = state["bookmarks"]["leads"]["whole_read_began"]
    for _ in range(2):
        company.advance(HOUR)
        run = read(tap, "leads", state=state)
        state = merged(state, run.state)
        assert run.reads["leads"]["scope"] == "since_bookmark"
        assert run.reads["leads"]["last_whole_read_at"] == since
        (warning,) = waits(run)
        assert warning == (
            f"leads: the last reading of the whole list, begun at {began}, did not end complete. "
            f"What was deleted since {since}, and edits of old rows, wait for the next one that "
            "does; start it with --full-refresh"
        )
    refresh = read(tap, "leads")
    state = merged(state, refresh.state)
    run = read(tap, "leads", state=state)
    assert waits(refresh) == waits(run) == []
    assert run.reads["leads"]["last_whole_read_at"] == refresh.reads["leads"]["started_at"]


def test_a_full_refresh_that_another_run_finishes_has_deleted_nothing(tap, sandbox):
    first = read(tap, "leads")
    state = refresh_that_fails(
        tap, first, lambda: sandbox.rule("status", "/leads", page=3, status=500, times=None)
    )
    run = read(tap, "leads", state=state)
    assert (run.reads["leads"]["outcome"], run.reads["leads"]["scope"]) == ("proven", "resumed")
    assert len(waits(run)) == 1


def test_a_full_refresh_that_never_comes_to_a_stream(tap, sandbox):
    first = read(tap, "leads", "pins")
    sandbox.keys[KEY].quota = sandbox.count() + 2
    refresh = read(tap, "leads", "pins")
    assert refresh.reads["pins"]["outcome"] == "not_read"
    sandbox.keys[KEY].quota = 1000
    run = read(tap, "pins", state=merged(first.state, refresh.state))
    assert [warning.partition(":")[0] for warning in waits(run)] == ["pins"]


def test_a_list_that_every_run_reads_whole(tap, sandbox):
    first = read(tap, "customers")
    sandbox.rule("status", "/customers", status=500, times=None)
    failed = read(tap, "customers", state=first.state)
    sandbox.faults.clear()
    since = first.reads["customers"]["started_at"]
    assert failed.reads["customers"]["last_whole_read_at"] == since
    (warning,) = waits(failed)
    assert warning.endswith(
        f"What was deleted since {since}, and edits of old rows, wait for the next one that does"
    )
    assert waits(read(tap, "customers", state=failed.state)) == []


def test_a_first_load_over_several_runs_owes_nothing(tap):
    first = read(tap, "leads", request_budget=2)
    second = read(tap, "leads", state=first.state)
    third = read(tap, "leads", state=second.state)
    assert waits(first) == waits(second) == waits(third) == []
    assert third.reads["leads"]["last_whole_read_at"] is None


# What programs read of the log


@pytest.fixture
def structured(tmp_path: Path) -> dict[str, str]:
    """The environment in which the SDK logs as Meltano has it log."""
    return log.structured(tmp_path)


def fields(run: Run) -> list[dict[str, t.Any]]:
    """Return what the lines of the log say that carry a code."""
    return log.fields(log.lines(run.stderr))


def test_the_last_lines_of_a_complete_run(tap, structured):
    leads, pins, whole = fields(read(tap, "leads", "pins", env=structured))
    common = {"code": "complete", "outcome": "proven"}
    assert leads == {**common, "stream": "leads", "proof": "chain", "rows": 25, "requests": 4}
    assert pins == {**common, "stream": "pins", "proof": "chain", "rows": 3, "requests": 1}
    assert whole == {**common, "rows": 28, "requests": 5}


def test_the_last_lines_of_a_run_that_fails(tap, sandbox, structured):
    sandbox.rule("status", "/customers", status=400, times=None)
    pins, customers, *whole = fields(read(tap, "pins", "customers", env=structured))
    assert pins["outcome"] == "proven"
    failed = {"code": "request_rejected", "outcome": "failed"}
    assert customers == {**failed, "stream": "customers", "proof": None, "rows": 0, "requests": 1}
    assert whole == [{**failed, "rows": 3, "requests": 2}] * 2


def test_the_last_lines_of_a_run_that_is_stopped(tap, sandbox, structured):
    budget = fields(read(tap, "leads", "pins", request_budget=2, env=structured))
    stopped = {"code": "budget_spent", "outcome": "stopped"}
    assert budget == [
        {"code": "budget_spent", "stream": "leads"},
        {**stopped, "stream": "leads", "proof": None, "rows": 16, "requests": 2},
        {**stopped, "rows": 16, "requests": 2},
    ]
    sandbox.before("/leads", 2, lambda: signal.raise_signal(signal.SIGTERM))
    *_, last = fields(read(tap, "leads", env=structured))
    assert last == {"code": "interrupted", "outcome": "stopped", "rows": ANY, "requests": 2}


def test_the_last_lines_of_a_run_that_crashes(tap, structured):
    code = """
from tap_rotor.streams import Pins
from tap_rotor.tap import TapRotor
Pins._params = lambda self, read: 1 / 0
TapRotor.cli()
"""
    catalog = selecting("leads", "pins")
    with tap.start(code=code, catalog=catalog, env=structured) as running:
        leads, pins, *whole = fields(running.result())
    assert [(one["stream"], one["code"]) for one in (leads, pins)] == [
        ("leads", "complete"),
        ("pins", "crashed"),
    ]
    crashed = {"code": "crashed", "outcome": "failed", "rows": 25, "requests": 4}
    assert whole == [crashed] * 2


def test_the_last_line_of_bad_settings(tap, structured):
    assert fields(tap.run(page_size=0, env=structured)) == [
        {"code": "bad_settings", "outcome": "failed"}
    ]
