"""Over a limit nothing is sent at all, and no STATE is written."""

from __future__ import annotations

import typing as t

import pytest

from target_rotor.plan import MOST_ROWS
from tests.harness.target import Target, record
from tools.sandbox import Company, Sandbox

WHY = {
    "max_writes": "3 rows to send, and max_writes is 2",
    "max_creates": "Rotor may create 3 rows, as so many have no id, and max_creates is 2",
    "request_budget": (
        "3 requests to make, and request_budget is 2: the API allows a key 1,000 a day, and "
        "the tap needs some of them unless target-rotor has a key of its own"
    ),
}


@pytest.mark.parametrize("limit", WHY)
def test_over_a_limit(target, sandbox, limit):
    rows = [{"email": f"{name}@b.co", "stage": "Won"} for name in "abc"]
    settings = {"match": "id_phone_email", "max_creates": 3, limit: 2}
    result = target.write(*rows, **settings)
    assert (result.status, result.states, result.receipts) == (1, [], [])
    assert result.last_line == f"ERROR Nothing is sent: {WHY[limit]}"
    assert sandbox.count() == 0


@pytest.mark.long
def test_a_thousand_updates_fit_into_the_day_of_a_key_of_their_own(tmp_path):
    company = Company(leads=1000)
    with Sandbox(company) as sandbox:
        target = Target(tmp_path, sandbox)
        rows = [{"id": row["id"], "notes": "x"} for row in company.rows("leads")]
        limits: dict[str, t.Any] = {"max_writes": len(rows), "request_budget": len(rows)}
        result = target.write(*rows, **limits)
        assert (result.status, result.states, sandbox.spent()) == (0, ["end"], len(rows))
        # Beside the tap's schedules, on one key, they do not: the default says so at once.
        del limits["request_budget"]
        assert target.write(*rows, **limits).last_line == (
            "ERROR Nothing is sent: 1,000 requests to make, and request_budget is 400: the API "
            "allows a key 1,000 a day, and the tap needs some of them unless target-rotor has a "
            "key of its own"
        )
        assert sandbox.count() == 0


def test_more_rows_than_can_ever_be_sent(target, sandbox):
    row = record(id="x", notes="y")
    result = target.run(*[row] * (MOST_ROWS + 1), dry_run=True)
    assert result.status == 1
    assert result.last_line == (
        "ERROR The input has more than 10,000 rows, and a key is allowed 1,000 requests a day. "
        "Nothing is sent: give target-rotor only the rows that differ"
    )
    assert sandbox.count() == 0
