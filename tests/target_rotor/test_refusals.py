"""Rows that are refused before anything is sent, each with field and reason, and what follows."""

from __future__ import annotations

import json

import pytest

from target_rotor.fields import WRITABLE
from target_rotor.plan import wish
from tests.harness.target import record, state
from tools.harness.project import ROOT

ID = "00000000-0000-4000-a000-000000000000"
WRONG = [
    ("leads", {"assigned_to": "x"}, "assigned_to cannot be written"),
    ("leads", {"archived": False}, "archived cannot be written"),
    ("leads", {"value_score": 5}, "value_score cannot be written"),
    ("leads", {"location": [1, 2]}, "location cannot be written"),
    ("leads", {"stgae": "x"}, "stgae cannot be written"),
    ("leads", {"status": "active"}, "status cannot be written"),
    ("leads", {"id": "7"}, "id is no UUID"),
    ("leads", {"email": "a@b"}, "email is no e-mail address"),
    ("leads", {"phone": "none"}, "phone holds no digit"),
    ("leads", {"priority": "urgent"}, "priority is none of low, medium, high"),
    ("leads", {"projected_value": "5 dollars"}, "projected_value is no number"),
    ("leads", {"projected_value": float("nan")}, "projected_value is no finite number"),
    ("leads", {"projected_value": True}, "projected_value is no number"),
    ("leads", {"follow_up_date": "2026-02-30"}, "follow_up_date is no ISO 8601 date or moment"),
    ("leads", {"follow_up_date": "tomorrow"}, "follow_up_date is no ISO 8601 date or moment"),
    ("leads", {"notes": "x" * 2001}, "notes is longer than 2,000 characters"),
    ("leads", {"service_type": "x" * 101}, "service_type is longer than 100 characters"),
    ("leads", {"name": "x" * 501}, "name is longer than 500 characters"),
    ("leads", {"name": "a\x00"}, "name holds NUL or half a character"),
    ("leads", {"name": "a\ud800"}, "name holds NUL or half a character"),
    ("leads", {"property_zip": 55401}, "property_zip is no text"),
    ("leads", {"tags": "x"}, "tags is no list of texts"),
    ("leads", {"tags": ["x", 5]}, "tags is no text"),
    ("leads", {"source": "a", "lead_source": "b"}, "lead_source is there twice, with two values"),
    ("customers", {"status": "gone"}, "status is none of active, inactive"),
    (
        "customers",
        {"billing_same_as_property": "yes"},
        "billing_same_as_property is neither true nor false",
    ),
    ("customers", {"is_auto_pay": True}, "is_auto_pay cannot be written"),
]


@pytest.mark.parametrize(("stream", "fields", "reason"), WRONG, ids=lambda value: str(value)[:30])
def test_refused(stream, fields, reason):
    made = wish(stream, 1, {"id": ID, **fields}, match="id", write_nulls=False)
    assert [" ".join(pair) for pair in made.wrong.items()] == [reason]


@pytest.mark.parametrize(
    ("match", "fields", "reason"),
    [
        ("id", {"phone": "1", "stage": "x"}, "has no id"),
        ("id_phone_email", {"stage": "x", "phone": ""}, "has no id and no phone and no email"),
        ("id", {"id": ID, "stage": None}, "asks for nothing"),
        ("id", {"id": ID, "stage": "x", "_is_ambiguous": True}, "is one of several that are meant"),
    ],
)
def test_no_way_to_find_the_row_and_nothing_to_do(match, fields, reason):
    made = wish("leads", 1, fields, match=match, write_nulls=False)
    assert made.wrong == {"row": reason}


def test_every_field_of_the_tap_is_either_written_or_refused():
    for stream, known in WRITABLE.items():
        text = (ROOT / f"tap_rotor/schemas/{stream}.json").read_text(encoding="utf-8")
        fields = set(json.loads(text)["properties"])
        assert (
            fields - known.keys()
            == {
                "leads": {
                    *("archived", "archived_at", "assigned_to", "created_at", "extra_fields"),
                    *("location", "value_score"),
                },
                # The address goes out in its parts.
                "customers": {
                    *("address", "created_at", "extra_fields", "has_payment_method", "is_auto_pay"),
                    "location",
                },
            }[stream]
        )


def test_what_is_sent_of_numbers_dates_and_lists():
    fields = {"projected_value": "12.3456789012345678901", "follow_up_date": "2026-01-01 10:00+02"}
    made = wish("leads", 1, {"id": ID, **fields, "tags": '["a"]'}, match="id", write_nulls=False)
    assert not made.wrong
    assert made.body == (
        b'{"follow_up_date":"2026-01-01T08:00:00.000000Z","id":"%b",'
        b'"projected_value":12.3456789012345678901,"tags":["a"]}' % ID.encode()
    )


def test_rows_of_one_key(target, sandbox, company):
    ids = [row["id"] for row in company.rows("leads")[:2]]
    same = {"id": ids[0], "stage": "Won"}
    result = target.write(
        same,
        same,
        {"id": ids[1], "stage": "Won"},
        {"id": ids[1].upper(), "stage": "Lost"},
        {"phone": "612 555 0100", "stage": "Won"},
        {"phone": "6125550100", "email": "a@b.co", "stage": "Lost"},
        match="id_phone_email",
    )
    assert sandbox.count() == 1
    assert [(row["row_number"], row["reason"]) for row in result.receipts] == [
        (1, None),
        *((number, "id is that of another row too") for number in (3, 4)),
        *((number, "phone is that of another row too") for number in (5, 6)),
    ]


@pytest.mark.parametrize(
    ("on_refusal", "end"),
    [
        ("fail", (1, ["middle", "end"], 2)),
        ("skip", (0, ["middle", "end"], 2)),
        ("stop", (1, [], 0)),
    ],
)
def test_what_a_refused_row_does(target, sandbox, company, on_refusal, end):
    ids = [row["id"] for row in company.rows("leads")[:2]]
    result = target.run(
        record(id=ids[0], stage="Won"),
        record(id=ids[1], priority="urgent"),
        state("middle"),
        record(id=ids[1], stage="Won"),
        state("end"),
        on_refusal=on_refusal,
    )
    assert (result.status, result.states, sandbox.count()) == end
    if on_refusal == "stop":
        assert result.last_line == (
            "ERROR Nothing is sent: 1 row cannot be sent, and on_refusal is stop"
        )
        return
    _, refused, _ = result.receipts
    reason = "priority is none of low, medium, high"
    assert (refused["outcome"], refused["reason"]) == ("refused", reason)
    if on_refusal == "fail":
        assert result.last_line == f"ERROR Failed: 1 row refused. Receipts are in {target.file}"


def test_what_rotor_refuses(target, sandbox, company):
    sandbox.switch(upsert_unknown_stage="refuse")
    first, second = company.rows("leads")[:2]
    rows = [record(id=first["id"], stage="Wno"), state("first")]
    rows += [record(id=second["id"], stage="Won"), state("end")]
    result = target.run(*rows, on_refusal="stop")
    assert (result.status, result.states, sandbox.count()) == (1, ["first"], 1)
    assert result.last_line == (
        "ERROR Failed: a row was refused, and on_refusal is stop; 1 row refused; 1 row not sent. "
        f"Receipts are in {target.file}"
    )
    (one,) = result.receipts
    assert (one["status"], one["reason"]) == (400, "stage is rejected")
    result = target.run(*rows)
    assert (result.status, result.states, sandbox.count()) == (1, ["first", "end"], 2)
