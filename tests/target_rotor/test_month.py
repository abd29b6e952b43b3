"""A month of write-backs to a company that is edited by hand, through faults and kills.

The warehouse and the outbox are a few lines of Python here, by the rules of `transform/macros/
outbox.sql`; tap and target are the real ones.
"""

from __future__ import annotations

import hashlib
import json
import signal
import typing as t
from collections import Counter
from datetime import timedelta
from random import Random

import pytest

from tests.harness.companies import hourly
from tests.harness.tap import Tap
from tests.harness.target import Row, Target, receipts, record, state
from tools.sandbox import Sandbox

if t.TYPE_CHECKING:
    from pathlib import Path

    from tools.sandbox import Company

pytestmark = pytest.mark.long

DAY = timedelta(days=1)
DAYS = 30
LEADS = 300
REFRESH = 7
FAULTS = ("reset", "cut_rst", "cut_fin", "error_200", "html", "status")
# Taken, as far as Rotor takes them, or refused.
TAKEN, OVER = {"created", "updated"}, {"unchanged", "refused"}


class Warehouse:
    """What the tap has read, what is wished for, and what became of it."""

    def __init__(self, tap: Tap) -> None:
        self.tap = tap
        self.rows: dict[str, Row] = {}
        self.wishes: dict[str, Row] = {}
        self._state: Row | None = None

    def read(self, *, whole: bool) -> None:
        run = self.tap.succeed("leads", state=None if whole else self._state, lookback_days=1)
        for message in run.of_type("RECORD", "leads"):
            row = message["record"]
            self.rows[row["id"]] = {**row, "read_at": message["time_extracted"]}
        self._state = run.state

    def outbox(self, written: list[Row]) -> list[Row]:
        """Return the rows that differ and are not held back by what became of them."""
        of_phone = {row["phone"]: row for row in self.rows.values() if row["phone"]}
        last = {row["payload_hash"]: row for row in sorted(written, key=lambda r: r["started_at"])}
        asked = []
        for wish in self.wishes.values():
            known = self.rows.get(wish.get("id", "")) or of_phone.get(wish.get("phone"))
            asked.append((wish, known, reduced(wish, known)))
        shared = Counter(known["id"] for _, known, _ in asked if known)
        found = []
        for _, known, sent in asked:
            if sent:
                row = {**sent, "_is_ambiguous": bool(known and shared[known["id"]] > 1)}
                row |= {"id": known["id"]} if known else {}
                text = json.dumps(row, sort_keys=True).encode()
                row["_payload_hash"] = hashlib.md5(text).hexdigest()
                receipt = last.get(row["_payload_hash"], {"outcome": "none"})
                read_at = known["read_at"] if known else ""
                held = receipt["outcome"] in TAKEN and not receipt["ended_at"] < read_at
                if not held and receipt["outcome"] not in OVER:
                    found.append(row)
        return found


def reduced(wish: Row, known: Row | None) -> Row:
    """Return what of a wish is not so yet."""
    return {name: value for name, value in wish.items() if differs(name, value, known)}


def differs(name: str, value: t.Any, known: Row | None) -> bool:
    if name == "id":
        return False
    if known is None:
        return True
    if name == "tags":
        return not {*value} <= {*known["tags"]}
    return bool(known[name] != value)


class Month:
    """The company, its API, and who writes."""

    def __init__(self, company: Company, sandbox: Sandbox, folder: Path, seed: int) -> None:
        self.random = Random(seed)
        self.company = company
        self.sandbox = sandbox
        self.warehouse = Warehouse(Tap(folder, sandbox))
        limits = {"max_writes": 1000, "max_creates": 1000, "request_budget": 1000}
        self.target = Target(folder, sandbox, match="id_phone_email", **limits)
        self.edits: Counter[str] = Counter()

    def wish(self) -> None:
        """Ask for something of some leads, and for a lead that is not there yet."""
        pick = self.random.choice
        for lead in self.random.sample(self.company.rows("leads"), 12):
            wishes: Row = {
                "stage": pick(["Won", "Lost", "Nonsense"]),
                "priority": pick(["low", "high"]),
            }
            wishes["tags"] = [pick(["vip", "callback"])]
            chosen = self.random.sample([*wishes], 2)
            self.warehouse.wishes.setdefault(
                lead["id"], {"id": lead["id"], **{name: wishes[name] for name in chosen}}
            )
        phone = f"612555{len(self.warehouse.wishes):04}"
        self.warehouse.wishes[phone] = {"phone": phone, "name": f"New {phone}", "stage": "New"}

    def edit(self) -> None:
        """Let people change leads by hand, those that were written among them."""
        for lead in self.random.sample(self.company.rows("leads"), 10):
            self.company.edit(
                "leads", lead["id"], stage=self.random.choice(["Quoted", "Contacted"])
            )
            self.edits[lead["id"]] += 1

    def write(self, *, kill: bool = False) -> None:
        """Write the outbox back."""
        rows = self.warehouse.outbox(receipts(self.target.file))
        messages = [*(record(**row) for row in rows), state("end")]
        sent = sum(not row["_is_ambiguous"] for row in rows)
        if not kill or not sent:
            self.target.run(*messages)
            return
        with self.target.start(*messages) as running:
            nth = self.random.randint(1, sent)
            self.sandbox.before("/leads", None, lambda: running.send(signal.SIGKILL), nth=nth)
            assert running.result().status == -signal.SIGKILL
        self.sandbox.faults.clear()

    def day(self, number: int) -> None:
        self.company.advance(DAY)
        self.wish()
        self.edit()
        self.warehouse.read(whole=number % REFRESH == 0)
        kill = number % REFRESH == 3
        for _ in range(0 if kill else self.random.randint(0, 3)):
            kind = self.random.choice(FAULTS)
            status = self.random.choice([500, 503, 429, 408])
            options = {"status": status} if kind == "status" else {}
            self.sandbox.rule(kind, "/leads", nth=self.random.randint(1, 12), **options)
        self.write(kill=kill)
        self.sandbox.faults.clear()


@pytest.mark.parametrize("seed", [1, 2])
def test_a_month(tmp_path, seed):
    company = hourly(leads=LEADS)
    with Sandbox(company, upsert_unknown_stage="refuse" if seed == 1 else "ignore") as sandbox:
        month = Month(company, sandbox, tmp_path, seed)
        for number in range(DAYS):
            month.day(number)
        # Two quiet days: all is read, and written.
        for _ in range(2):
            company.advance(DAY)
            month.warehouse.read(whole=True)
            month.write()
        month.warehouse.read(whole=True)
        check(month)


def check(month: Month) -> None:
    """See that nothing is left to do, that no lead is there twice, and what was sent how often."""
    written = receipts(month.target.file)
    assert month.warehouse.outbox(written) == []
    over = {row["payload_hash"] for row in written if row["outcome"] in OVER}
    unfulfilled = month.warehouse.outbox([])
    assert {row["_payload_hash"] for row in unfulfilled} <= over
    refused = {row["reason"] for row in written if row["outcome"] == "refused"}
    assert refused <= {"row is one of several that are meant", "stage is rejected"}
    fulfilled = len(month.warehouse.wishes) - len(unfulfilled)
    assert fulfilled > len(unfulfilled) > 0
    assert {row["outcome"] for row in written} >= {"created", "updated", "failed", "unknown"}
    phones = Counter(lead["phone"] for lead in month.company.rows("leads"))
    assert {phones[key] for key in month.warehouse.wishes if key.startswith("612555")} == {1}
    times = Counter(body for _, body in month.sandbox.posted)
    for body, count in times.items():
        row = json.loads(body)
        # Once more for each time that somebody has undone it.
        assert count <= 2 * (1 + month.edits[row.get("id", "")]), row
