"""Faults of the API and the network, signals and kills: nothing lost, and nothing twice in vain."""

from __future__ import annotations

import signal
import typing as t

import pytest

from target_rotor.receipts import Receipts
from tests.harness.tap import until
from tests.harness.target import receipts, record, state

if t.TYPE_CHECKING:
    from tests.harness.target import Row


@pytest.fixture
def messages(company) -> list[Row]:
    """Three rows, each with a state behind it."""
    found = []
    for number, row in enumerate(company.rows("leads")[:3], 1):
        found += [record(id=row["id"], notes=f"note {number}"), state(number)]
    return found


def outcomes(rows: list[Row]) -> list[tuple[str, str | None]]:
    return [(row["outcome"], row["reason"]) for row in rows]


UPDATED = ("updated", None)


@pytest.mark.parametrize("fault", ["reset", "cut_rst", "cut_fin", "bad_json"])
def test_an_answer_that_is_lost_is_asked_for_again(target, sandbox, messages, fault):
    sandbox.rule(fault, "/leads", nth=2)
    result = target.run(*messages, retry_minutes=1)
    assert (result.status, result.states) == (0, [1, 2, 3])
    assert sandbox.count() == 4
    assert outcomes(result.receipts) == [UPDATED] * 3
    # Where Rotor took it before its answer was lost, it took the same twice.
    assert len(sandbox.posted) == (3 if fault == "reset" else 4)


@pytest.mark.parametrize(
    ("rule", "end"),
    [
        ({"kind": "status", "status": 503}, ("failed", "server_errors")),
        ({"kind": "error_200"}, ("failed", "server_errors")),
        ({"kind": "html"}, ("failed", "server_errors")),
        # No field is named, so that it may be about anything.
        (
            {"kind": "status", "status": 400, "body": {"status": "error", "message": "No"}},
            ("failed", "request_rejected"),
        ),
    ],
)
def test_a_row_that_fails_holds_up_the_state_and_not_the_others(
    target, sandbox, messages, rule, end
):
    sandbox.rule(path="/leads", nth=2, **rule)
    result = target.run(*messages)
    assert (result.status, result.states) == (1, [1])
    assert outcomes(result.receipts) == [UPDATED, end, UPDATED]
    assert result.last_line == f"ERROR Failed: 1 row failed. Receipts are in {target.file}"


def test_two_failures_in_a_row_stop_the_run(target, sandbox, messages):
    sandbox.rule("status", "/leads", times=None)
    result = target.run(*messages)
    assert (result.status, result.states, sandbox.count()) == (1, [], 2)
    assert result.last_line == (
        "ERROR Failed: two rows in a row failed; 2 rows failed; 1 row not sent. Receipts are in "
        f"{target.file}"
    )


@pytest.mark.parametrize(
    ("rule", "end"),
    [
        (
            {"kind": "status", "status": 429},
            (
                *("failed", "quota_spent"),
                "the key's requests for today are used up (status 429)",
            ),
        ),
        (
            {"kind": "status", "status": 401},
            (
                *("failed", "key_refused"),
                (
                    "Rotor does not accept the API key (status 401). Check the setting api_key; a "
                    "key is made in Rotor under Settings, Integrations"
                ),
            ),
        ),
        (
            {"kind": "status", "status": 403},
            (
                *("failed", "scope_missing"),
                "/leads was refused: the API key lacks the scope leads:read",
            ),
        ),
        (
            {"kind": "status", "status": 404, "body": "Not here"},
            (
                *("failed", "list_denied"),
                (
                    "/leads does not exist on 127.0.0.1 (status 404), though Rotor answers other "
                    "requests: this key or company may not have it"
                ),
            ),
        ),
        ({"kind": "reset"}, ("unknown", "unreachable", "127.0.0.1 broke the connection")),
    ],
    ids=lambda value: str(value)[:24],
)
def test_what_stops_the_run(target, sandbox, messages, rule, end):
    sandbox.rule(path="/leads", nth=2, **rule)
    result = target.run(*messages)
    assert (result.status, result.states, sandbox.count("/leads")) == (1, [1], 2)
    outcome, reason, why = end
    assert outcomes(result.receipts) == [UPDATED, (outcome, reason)]
    assert result.last_line == (
        f"ERROR Failed: {why}; 1 row {outcome}; 1 row not sent. Receipts are in {target.file}"
    )


def test_what_answers_is_not_rotor(target, messages):
    url = f"{target.settings['api_url']}/v2"
    result = target.run(*messages, api_url=url)
    assert (result.status, result.states) == (1, [])
    assert "/leads does not exist on 127.0.0.1 (status 404). Check the setting api_url; " in (
        result.last_line
    )


def test_nobody_listens(target, sandbox, messages):
    sandbox.stop()
    result = target.run(*messages)
    assert (result.status, result.states) == (1, [])
    assert outcomes(result.receipts) == [("failed", "unreachable")]


def test_retries_beyond_the_budget(target, sandbox, messages):
    sandbox.rule("status", "/leads", status=429, retry_after=0)
    result = target.run(*messages, request_budget=3, retry_minutes=1)
    assert (result.status, result.states, sandbox.count()) == (1, [1, 2], 3)
    assert outcomes(result.receipts) == [UPDATED, UPDATED, ("failed", "budget_spent")]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_lets_what_is_on_its_way_end(target, sandbox, messages, number):
    sandbox.rule("hang", "/leads", nth=2)
    with target.start(*messages) as running:
        until(lambda: sandbox.count() == 2)
        running.send(number)
        sandbox.release()
        result = running.result()
    assert result.status == 128 + number
    assert result.stdout == '{"bookmark": 1}\n{"bookmark": 2}\n'
    assert outcomes(receipts(target.file)) == [UPDATED, UPDATED]
    assert result.last_line == (
        f"ERROR Failed: stopped by {number.name}; 1 row not sent. Receipts are in {target.file}"
    )


def test_a_signal_before_the_input_has_ended(target, sandbox, messages):
    debug = {"TARGET_ROTOR_LOGLEVEL": "DEBUG"}
    with target.start(*messages, more=True, env=debug) as running:
        for line in running.stderr:
            if b"Initializing target sink for stream" in line:
                break
        running.send(signal.SIGTERM)
        result = running.result()
    assert (result.status, result.stdout, sandbox.count()) == (143, "", 0)
    assert result.last_line == "ERROR Stopped by SIGTERM; nothing was sent"
    assert not target.file.exists()


def test_a_signal_while_it_waits_for_the_next_try(target, sandbox, messages):
    sandbox.rule("status", "/leads", nth=2, status=429, retry_after=100, times=None)
    with target.start(*messages, retry_minutes=10) as running:
        for line in running.stderr:
            if b"trying again in" in line:
                break
        running.send(signal.SIGTERM)
        result = running.result()
    assert (result.status, result.stdout) == (143, '{"bookmark": 1}\n')
    assert outcomes(receipts(target.file)) == [UPDATED, ("unknown", "interrupted")]


def test_a_kill_leaves_a_receipt_and_the_next_run_says_so(target, sandbox, messages):
    sandbox.rule("hang", "/leads", nth=2)
    with target.start(*messages) as running:
        until(lambda: sandbox.count() == 2)
        running.send(signal.SIGKILL)
        result = running.result()
    sandbox.release()
    assert (result.status, result.stdout) == (-9, '{"bookmark": 1}\n')
    assert outcomes(receipts(target.file)) == [UPDATED, ("sending", None)]
    # As if it had been killed in the middle of a line.
    with target.file.open("a") as file:
        file.write('{"type": "RECORD", "rec')
    again = target.run(*messages[2:])
    assert (again.status, again.states) == (0, [2, 3])
    assert again.lines[0] == (
        "An earlier run was killed while a row was on the way: whether Rotor took it is unknown. "
        "It is sent again if the input still has it"
    )
    assert outcomes(again.receipts) == [UPDATED, ("unknown", "killed"), UPDATED, UPDATED]
    # It is said once.
    assert "killed" not in target.run(*messages[2:]).run.stderr


def test_nobody_takes_the_state(target, sandbox, messages):
    sandbox.rule("hang", "/leads")
    with target.start(*messages) as running:
        until(lambda: sandbox.count() == 1)
        running.stdout.close()
        running.process.stdout = None
        sandbox.release()
        result = running.result()
    assert result.status == 1
    assert sandbox.count() == 1
    assert result.last_line == "ERROR Standard output takes no more (Broken pipe)"


def test_two_runs_do_not_share_a_file(target, sandbox, messages):
    other = Receipts(str(target.file))
    try:
        result = target.run(*messages)
    finally:
        other.close()
    assert (result.status, sandbox.count()) == (1, 0)
    assert result.last_line == (
        "ERROR Another run of target-rotor writes receipts to the same file: let it end first"
    )


def test_a_file_that_cannot_be_written(target, sandbox, messages):
    result = target.run(*messages, receipts_path=str(target.directory))
    assert (result.status, sandbox.count()) == (1, 0)
    assert result.last_line == (
        "ERROR The file of the setting receipts_path cannot be written: Is a directory"
    )


@pytest.mark.parametrize("fault", ["status", "bad_json", "reset", "html"])
def test_no_log_and_no_receipt_shows_a_value_or_the_key(target, sandbox, messages, fault):
    sandbox.rule(fault, "/leads", nth=2)
    sandbox.switch(upsert_unknown_stage="refuse")
    refused = [record(id=messages[0]["record"]["id"], stage="note 4", email="note 5")]
    result = target.run(*messages, *refused, env={"TARGET_ROTOR_LOGLEVEL": "DEBUG"})
    assert result.status == 1
    for text in (result.run.stderr, target.file.read_text()):
        assert "note " not in text
        assert sandbox.api_key not in text
