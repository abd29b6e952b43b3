"""What is written, what becomes of it, and what the receipts say."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.harness.documents import blocks
from tests.harness.tap import until
from tests.harness.target import lines, record, state
from tools.harness.project import PROGRAMS, clean_environment

UNKNOWN = "00000000-0000-4000-a000-000000000000"


def test_only_what_is_asked_for_is_written(target, sandbox, company):
    first, second = company.rows("leads")[:2]
    wishes = {
        "property_city": "Duluth",
        "lead_source": "Flyer",
        "stage": "Won",
        "projected_value": 12.5,
        "follow_up_date": "2026-12-01",
        "priority": "high",
        "tags": ["vip"],
    }
    result = target.write(
        {"id": first["id"], **wishes, "notes": None, "_sdc_batched_at": "2026-01-01"},
        {"id": second["id"].upper(), "email": "New@Example.com"},
    )
    assert (result.status, result.states) == (0, ["end"])
    sent = [json.loads(body) for _, body in sandbox.posted]
    assert sent[0].keys() == {
        *("id", "address_city", "source", "stage", "projected_value", "follow_up_date"),
        *("priority", "tags"),
    }
    tags = [*first["tags"], *({"vip"} - {*first["tags"]})]
    assert company.row("leads", first["id"]) == {**first, **wishes, "tags": tags}
    assert company.row("leads", second["id"]) == {**second, "email": "New@Example.com"}
    one, two = result.receipts
    assert [name for name in one if one[name] is None] == [
        *("reason", "fields_changed", "fields_ignored")
    ]
    assert (one["stream"], one["row_number"], one["rotor_id"]) == ("leads", 1, first["id"])
    assert (one["outcome"], one["status"]) == ("updated", 200)
    assert one["fields_sent"] == (
        "address_city, follow_up_date, priority, projected_value, source, stage, tags"
    )
    assert two["fields_sent"] == "email"
    assert one["payload_hash"] != two["payload_hash"]
    # No value is in the file.
    text = target.file.read_text()
    assert not [word for word in ("Duluth", "Flyer", "Won", "New@Example.com") if word in text]


def test_customers(target, company):
    row = company.rows("customers")[0]
    address = {**row["address"], "city": "Fargo"}
    result = target.write(
        {"id": row["id"], "address": address, "billing_zip": "55401", "status": "inactive"},
        stream="rotor_outbox-customers",
    )
    assert (result.status, result.states) == (0, ["end"])
    new = {**row, "address": address, "status": "inactive"}
    assert company.row("customers", row["id"]) == new
    assert company.hidden("customers", row["id"])["billing_zip"] == "55401"
    assert [row["outcome"] for row in result.receipts] == ["updated"]


def test_by_phone_or_email(target, company):
    (row,) = company.insert("leads", phone="612-555-0100")
    by_phone, new = {"phone": "612-555-0100", "stage": "Won"}, {"email": "x@b.co", "name": "X"}
    result = target.write(by_phone, new, match="id_phone_email", max_creates=2)
    assert result.status == 0
    assert company.row("leads", row["id"])["stage"] == "Won"
    made = company.rows("leads")[0]
    assert (made["email"], made["name"]) == ("x@b.co", "X")
    assert [(one["outcome"], one["rotor_id"]) for one in result.receipts] == [
        ("updated", row["id"]),
        ("created", made["id"]),
    ]
    # Sent again, it finds what it has made.
    result = target.write(new, match="id_phone_email", max_creates=1)
    assert [one["outcome"] for one in result.receipts[2:]] == ["updated"]


def test_what_rotor_shows_is_compared_with_what_was_sent(target, sandbox, company):
    sandbox.switch(upsert_unknown_stage="ignore", upsert_contacts="plain", upsert_null="ignore")
    (row,) = company.insert("leads", stage="New", notes="old")
    key = {"id": row["id"]}
    ignored = {**key, "stage": "Wno"}
    result = target.write(
        {**key, "phone": "(612) 555-0100", "email": "A@B.co"},
        {**ignored, "priority": "low"},
        write_nulls=True,
    )
    # Two rows for one id.
    assert [one["outcome"] for one in result.receipts] == ["refused", "refused"]
    for wishes in ({**key, "phone": "(612) 555-0100", "email": "A@B.co"}, ignored):
        result = target.write(wishes)
        assert result.status == 0
    result = target.write({**key, "notes": "", "priority": "low"}, write_nulls=True)
    found = [
        (one["outcome"], one["fields_changed"], one["fields_ignored"])
        for one in result.receipts[2:]
    ]
    assert found == [
        ("updated", None, None),
        ("unchanged", "stage", None),
        ("updated", None, "notes"),
    ]


def test_a_null_clears_only_when_asked_to(target, sandbox, company):
    (row,) = company.insert("leads", notes="old", stage="New")
    wish = {"id": row["id"], "notes": None, "name": "", "stage": "Won", "tags": None}
    assert target.write(wish).status == 0
    assert company.row("leads", row["id"])["notes"] == "old"
    assert target.write(wish, write_nulls=True).status == 0
    assert json.loads(sandbox.posted[1][1]) == {
        "id": row["id"],
        "name": None,
        "notes": None,
        "stage": "Won",
    }


def test_an_unknown_id_is_refused(target, sandbox):
    result = target.write({"id": UNKNOWN, "stage": "Won"})
    assert (result.status, result.states) == (1, ["end"])
    assert result.last_line == (f"ERROR Failed: 1 row refused. Receipts are in {target.file}")
    (one,) = result.receipts
    assert (one["outcome"], one["status"], one["reason"]) == (
        *("refused", 404, "id is unknown to Rotor"),
    )
    # Once it is known to be Rotor that says so.
    assert [request.path for request in sandbox.requests] == ["/leads", "/auth/test"]


def test_ids_of_another_company_stop_the_run(target, sandbox, company):
    ids = [row["id"] for row in company.rows("leads")[:4]]
    company.delete("leads", ids)
    result = target.write(*({"id": key, "stage": "Won"} for key in ids))
    assert (result.status, result.states, sandbox.count("/leads")) == (1, [], 3)
    assert result.last_line == (
        "ERROR Failed: 3 ids in a row are unknown to Rotor: does the key belong to the company "
        f"that they are from?; 3 rows refused; 1 row not sent. Receipts are in {target.file}"
    )


@pytest.mark.parametrize("unknown", ["create", "create_anew"])
def test_a_creation_beyond_the_limit_stops_the_run_at_once(target, sandbox, company, unknown):
    sandbox.switch(upsert_unknown_id=unknown)
    other = company.rows("leads")[0]
    result = target.run(
        record(id=UNKNOWN, stage="Won"),
        state("behind the first"),
        record(id=other["id"], stage="Won"),
        state("end"),
    )
    assert (result.status, result.states) == (1, ["behind the first"])
    assert sandbox.count() == 1
    assert result.last_line == (
        "ERROR Failed: Rotor created 1 row, and max_creates is 0; 1 row not sent. Receipts are in "
        f"{target.file}"
    )
    assert [one["outcome"] for one in result.receipts] == ["created"]


def test_a_state_is_passed_on_once_the_rows_before_it_are_done(target, sandbox, company):
    first, second = company.rows("leads")[:2]
    sandbox.rule("hang", "/leads", nth=2)
    messages = (
        state("begin"),
        record(id=first["id"], stage="Won"),
        state("first"),
        record(id=second["id"], stage="Won"),
        state("second"),
    )
    with target.start(*messages) as running:
        until(lambda: sandbox.count() == 2)
        assert running.stdout.readline() == b'{"bookmark": "begin"}\n'
        assert running.stdout.readline() == b'{"bookmark": "first"}\n'
        sandbox.release()
        result = running.result()
    assert (result.status, result.stdout) == (0, '{"bookmark": "second"}\n')


def test_what_the_outbox_hashed_is_in_the_receipt(target, company):
    row = company.rows("leads")[0]
    result = target.write({"id": row["id"], "stage": "Won", "_payload_hash": "abc"})
    assert [one["payload_hash"] for one in result.receipts] == ["abc"]


def test_nothing_to_write(target, sandbox):
    result = target.run(state("end"))
    assert (result.status, result.states, result.receipts) == (0, ["end"], [])
    assert sandbox.count() == 0


def test_in_a_pipe(target, company, tmp_path):
    """As docs/write-back.md has it, with a program that prints messages as the tap."""
    (block,) = blocks("docs/write-back.md", "Without Meltano")
    row = company.rows("leads")[0]
    messages = lines([record("rotor_outbox-leads", id=row["id"], stage="Won"), state("end")])
    (tmp_path / "messages.jsonl").write_text(messages)
    (tmp_path / "target.json").write_text(json.dumps(target.settings))
    (tmp_path / "tap-postgres").write_text("#!/bin/sh\nexec cat messages.jsonl\n")
    (tmp_path / "tap-postgres").chmod(0o755)
    path = f"{tmp_path}:{PROGRAMS}:/usr/bin:/bin"
    subprocess.run(
        ["/bin/sh", "-e", "-c", block.text],
        check=True,
        cwd=tmp_path,
        env={**clean_environment(), "PATH": path},
    )
    assert (tmp_path / "state.jsonl").read_text() == '{"bookmark": "end"}\n'
    assert company.row("leads", row["id"])["stage"] == "Won"
