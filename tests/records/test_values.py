"""Every value of an answer is in the record, in its column or in extra_fields, fit for a target."""

from __future__ import annotations

import copy
import json
import typing as t
from datetime import timedelta
from decimal import Decimal

import pytest

from paged_rest.reading import Row
from paged_rest.records import Conformer, Note, as_utf8, decode_json
from paged_rest.singer.log import StreamSummary
from tests.harness.catalog import fixed
from tests.harness.tap import Tap
from tests.records.rows import SCHEMAS, body

REPLACED = "\ufffd"
EXTRA = "extra_fields"
ADDRESS = dict.fromkeys(["street1", "street2", "city", "state", "zip", "country"])


def conform(stream: str, row: dict[str, t.Any]) -> dict[str, t.Any]:
    return Conformer(SCHEMAS[stream])(row).record


# Decoding


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b'"a\\u0000b"', f"a{REPLACED}b"),
        (b'{"a\\u0000": "\\u0000"}', {f"a{REPLACED}": REPLACED}),
        (b'["\\ud800"]', [REPLACED]),
        (b'{"\\udfff": {"\\ud83d": ["\\ud83dx"]}}', {REPLACED: {REPLACED: [f"{REPLACED}x"]}}),
        (b'"\\ud83d\\ude00"', "😀"),
        (b'["\\ud800", "\\ud83d\\ude00"]', [REPLACED, "😀"]),
        ('"😀 né"'.encode(), "😀 né"),
        (b'"\xff"', REPLACED),
        (b'"\\\\u0000"', "\\u0000"),
        (b"[1.10, 1e2]", [Decimal("1.10"), Decimal("1e2")]),
        (b"1234567890123456.78", Decimal("1234567890123456.78")),
        (b"0.123456789012345678", Decimal("0.123456789012345678")),
        (b"9007199254740993", 9007199254740993),
        (b"true", True),
        (b"[NaN, Infinity, -Infinity]", ["NaN", "Infinity", "-Infinity"]),
    ],
)
def test_decoded(text, value):
    decoded = decode_json(text)
    assert decoded == value
    assert repr(decoded) == repr(value)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'"n\xc3\xa9"', "application/json"),
        (b'"n\xc3\xa9"', 'application/json; charset="UTF-8"'),
        (b'\xef\xbb\xbf"n\xc3\xa9"', "application/json"),
        (b'\xef\xbb\xbf"n\xc3\xa9"', "application/json; charset=ISO-8859-1"),
        (b'"n\xe9"', "application/json; Charset = 'iso-8859-1'; x=y"),
        ('"n\xe9"'.encode("utf-16"), "application/json"),
        ('"n\xe9"'.encode("utf-32"), "application/json; charset=utf-32"),
        ('"n\xe9"'.encode("utf-16-be"), "application/json; charset=utf-16be"),
        # What is not so, or not known, is not believed.
        (b'"n\xc3\xa9"', "application/json; charset=us-ascii"),
        (b'"n\xc3\xa9"', "application/json; charset=ISO-8859-1"),
        (b'"n\xc3\xa9"', "application/json; charset=utf-16"),
        (b'"n\xc3\xa9"', "application/json; charset=klingon"),
        (b'"n\xc3\xa9"', "application/json; charset=hex"),
    ],
)
def test_a_text_in_any_charset(body, content_type):
    assert decode_json(as_utf8(body, content_type)) == "n\xe9"


@pytest.mark.parametrize("text", [b"", b"<html>", b"{", b'{"a": }', b"[1] x", b'"\xff'])
def test_not_json(text):
    with pytest.raises(ValueError, match=r"."):
        decode_json(text)


def test_nested_beyond_all_measure_is_not_json():
    with pytest.raises(ValueError, match="nested too deeply"):
        decode_json(b"[" * 100_000 + b"]" * 100_000)


# Columns


@pytest.mark.parametrize(
    ("stream", "field", "value", "column"),
    [
        ("leads", "name", "x" * 5000, "x" * 5000),
        ("leads", "notes", "😀\n\t\"'", "😀\n\t\"'"),
        ("leads", "notes", "", ""),
        ("leads", "projected_value", 500, 500),
        ("leads", "projected_value", 12.5, Decimal("12.5")),
        ("leads", "projected_value", -7, -7),
        ("leads", "archived", False, False),
        ("leads", "tags", [], []),
        ("leads", "tags", ["a", None], ["a", None]),
        # PostgreSQL's driver takes no list of whole and other numbers.
        ("leads", "location", [44.9, -93, None], [Decimal("44.9"), Decimal("-93.0"), None]),
        ("leads", "location", [44, -93], [44, -93]),
        ("leads", "created_at", "2026-02-03", "2026-02-03T00:00:00.000000Z"),
        ("leads", "created_at", "2026-02-03T10:11:12+01:00", "2026-02-03T09:11:12.000000Z"),
        ("leads", "created_at", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
        ("leads", "created_at", "9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999000Z"),
        ("service_plans", "num_pending_jobs", 3, 3),
        ("service_plans", "num_pending_jobs", 3.0, 3),
        ("service_plans", "num_pending_jobs", -(2**63), -(2**63)),
        ("customers", "address", {"zip": "1", "city": "X"}, {**ADDRESS, "city": "X", "zip": "1"}),
        ("customers", "address", {}, ADDRESS),
    ],
)
def test_a_value_that_fits_is_in_its_column(stream, field, value, column):
    row = decode_json(body({"id": "1", field: value}))
    record = conform(stream, row)
    assert record[field] == column
    assert repr(record[field]) == repr(column)
    assert record[EXTRA] is None
    assert list(record) == list(SCHEMAS[stream]["properties"])


MISFITS = [
    ("leads", "name", 5),
    ("leads", "name", ["a"]),
    ("leads", "name", {"first": "A"}),
    ("leads", "name", True),
    ("leads", "archived", "yes"),
    ("leads", "archived", 1),
    ("leads", "archived", 0),
    ("leads", "projected_value", "500"),
    ("leads", "projected_value", True),
    ("leads", "projected_value", ""),
    ("leads", "tags", "vip"),
    ("leads", "tags", {"a": 1}),
    ("leads", "location", "44.9,-93"),
    ("leads", "created_at", "soon"),
    ("leads", "created_at", ""),
    ("leads", "created_at", 1770113472),
    ("leads", "created_at", "2026-02-30T00:00:00Z"),
    ("leads", "created_at", "2026-02-03T24:61:00Z"),
    ("leads", "created_at", "2016-12-31T23:59:60Z"),
    ("leads", "created_at", "10000-01-01T00:00:00Z"),
    ("leads", "created_at", "0000-01-01T00:00:00Z"),
    ("leads", "created_at", "0001-01-01T00:00:00+01:00"),
    ("leads", "created_at", "2026-W06-2"),
    ("leads", "created_at", "2026-034"),
    ("leads", "created_at", "2026-01-01T00:00:00Z/2026-02-01T00:00:00Z"),
    ("leads", "created_at", "10:11:12"),
    ("customers", "address", "1 Main St"),
    ("customers", "address", [1]),
    ("service_plans", "num_pending_jobs", 12.5),
    ("service_plans", "num_pending_jobs", 2**63),
    ("service_plans", "num_pending_jobs", True),
    ("service_plans", "num_pending_jobs", "3"),
]


def without(stream: str, *paths: str) -> dict[str, t.Any]:
    schema = copy.deepcopy(SCHEMAS[stream])
    for path in paths:
        *parents, name = path.split(".")
        inner = schema
        for parent in parents:
            inner = inner["properties"][parent]
        del inner["properties"][name]
    return schema


def test_what_is_known_but_does_not_leave_is_left_out_and_nothing_else_is():
    schema = without("customers", "phone", "address.city", "tags")
    conformer = Conformer(schema, [SCHEMAS["customers"]])
    row = {"id": "1", "phone": 5, "address": {"city": 5, "state": 5, "flat": 1}, "tags": [[5]]}
    record, notes = conformer(row)
    assert (list(record), conformer.leaves_out) == (list(schema["properties"]), True)
    assert list(record["address"].items()) == [(name, None) for name in ADDRESS if name != "city"]
    assert record[EXTRA] == {"address.state": 5, "address.flat": 1}
    assert notes == (Note("misfit", "address.state"), Note("unknown", "address.flat"))


def test_without_extra_fields_only_the_note_is_left():
    conformer = Conformer(without("leads", EXTRA), [SCHEMAS["leads"]])
    record, notes = conformer({"id": "1", "ssn": "x", "stage": 5})
    assert (EXTRA in record, record["stage"]) == (False, None)
    assert notes == (Note("unknown", "ssn"), Note("misfit", "stage"))


def test_nested_fields_that_the_schema_does_not_know_are_kept_under_their_path():
    row = {
        "customer": {"id": "c", "phone": "555-0100"},
        "technicians": [{"name": "A", "home": {"phone": "1"}}, {"home": None}],
    }
    record, notes = Conformer(SCHEMAS["serviced_jobs"])({"id": "1", **row})
    nobody = dict.fromkeys(["user_id", "name", "email"])
    assert record["customer"] == {
        "id": "c",
        "company_name": None,
        "first_name": None,
        "last_name": None,
    }
    assert record["technicians"] == [{**nobody, "name": "A"}, nobody]
    assert record[EXTRA] == {
        "customer.phone": "555-0100",
        "technicians.0.home": {"phone": "1"},
        "technicians.1.home": None,
    }
    assert {note.kind for note in notes} == {"unknown"}


AS_TEXT = [
    ("projected_value", b"12.50", "12.50"),
    ("projected_value", b"9007199254740993", "9007199254740993"),
    ("projected_value", b'"12,5"', "12,5"),
    ("archived", b"true", "true"),
    ("archived_at", b'"soon"', "soon"),
    ("tags", b'["a", null]', '["a",null]'),
    ("location", b"[41.65622, 1.10]", "[41.65622,1.10]"),
    ("tags", b"null", None),
    ("ssn", b"5", "5"),
]


@pytest.mark.parametrize(("field", "value", "text"), AS_TEXT)
def test_whatever_is_declared_as_text_is_sent_as_the_api_has_it(field, value, text):
    schema = copy.deepcopy(SCHEMAS["leads"])
    schema["properties"][field] = {"type": ["string", "null"]}
    record, notes = Conformer(schema, [SCHEMAS["leads"], schema])(
        decode_json(b'{"id": "1", "%b": %b}' % (field.encode(), value))
    )
    assert (record[field], notes) == (text, ())


SINGER_DECIMAL = {"type": ["string", "null"], "format": "x-singer.decimal"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"12.50", "12.50"),
        (b"500", "500"),
        (b"-0", "0"),
        (b"1e5", "100000"),
        (b"1e-9", "0.000000001"),
        (b"-" + b"9" * 29 + b".123456789", "-" + "9" * 29 + ".123456789"),
        (b"9" * 30, None),
        (b"0.1234567891", None),
        (b"1e400", None),
        (b'"12.5"', None),
    ],
)
def test_a_singer_decimal_is_the_whole_number_as_text_or_a_misfit(value, text):
    properties = {"id": {"type": "string"}, "n": SINGER_DECIMAL, EXTRA: {"type": "object"}}
    record = Conformer({"properties": properties})(decode_json(b'{"id": "1", "n": %b}' % value))[0]
    assert record["n"] == text
    assert (record[EXTRA] is None) == (text is not None)


@pytest.mark.parametrize(("stream", "field", "value"), MISFITS)
def test_a_misfit_is_null_and_kept(stream, field, value):
    conformer = Conformer(SCHEMAS[stream])
    record, notes = conformer(decode_json(body({"id": "1", field: value})))
    assert record[field] is None
    assert record[EXTRA] == {field: value}
    assert notes == (Note("misfit", field),)


@pytest.mark.parametrize(
    ("stream", "field", "value", "column", "extra"),
    [
        ("leads", "tags", ["a", 5, "b"], ["a", None, "b"], {"tags.1": 5}),
        ("leads", "location", [1, "2"], [1, None], {"location.1": "2"}),
        ("leads", "tags", [["a"]], [None], {"tags.0": ["a"]}),
        (
            "customers",
            "address",
            {"city": 5, "zip": "1"},
            {**ADDRESS, "zip": "1"},
            {"address.city": 5},
        ),
    ],
)
def test_a_misfit_inside_is_null_there_and_kept(stream, field, value, column, extra):
    record = conform(stream, decode_json(body({"id": "1", field: value})))
    assert record[field] == column
    assert record[EXTRA] == extra


@pytest.mark.parametrize("order", [1, -1])
def test_a_field_named_like_a_path_loses_nothing(order):
    fields = [("tags", [5]), ("tags.0", "x")][::order]
    record = conform("leads", {"id": "1", **dict(fields)})
    assert '"x"' in json.dumps(record)
    assert "5" in json.dumps(record[EXTRA])


def test_unknown_fields_are_kept_and_counted():
    conformer = Conformer(SCHEMAS["leads"])
    summary = StreamSummary("leads")
    for _ in range(3):
        row = {"id": "1", "new": [{"a": None}], "other": None, EXTRA: {"x": 1}}
        record, notes = conformer(row)
        summary.count([Row("1", None, None, record, notes)])
    assert record[EXTRA] == {"new": [{"a": None}], "other": None, EXTRA: {"x": 1}}
    assert summary.unknown == {"new": 3, "other": 3, EXTRA: 3}


@pytest.mark.parametrize(
    "text", ["1e400", "-1e131072", "1e-20000", "9" * 200, "9" * 5000, "NaN", "-Infinity"]
)
@pytest.mark.parametrize("field", ["projected_value", "new"])
def test_a_number_that_no_database_holds_is_kept_as_text(text, field):
    record = conform("leads", decode_json(f'{{"id": "1", "{field}": {text}}}'.encode()))
    assert record.get("projected_value") is None
    kept = record[EXTRA][field]
    assert isinstance(kept, str)
    assert Decimal(kept).compare_total(Decimal(text)) == 0


def depth(value: t.Any) -> int:
    levels, deepest = [(value, 0)], 0
    while levels:
        item, level = levels.pop()
        deepest = max(deepest, level)
        if isinstance(item, dict | list):
            inner = item.values() if isinstance(item, dict) else item
            levels += [(value, level + 1) for value in inner]
    return deepest


@pytest.mark.parametrize("levels", [90, 300, 600])
@pytest.mark.parametrize(
    ("stream", "field"), [("leads", "new"), ("leads", "tags"), ("customers", "address")]
)
def test_deep_nesting_never_reaches_a_target(stream, field, levels):
    value = b'{"city":' * levels + b'"end"' + b"}" * levels
    record = conform(stream, decode_json(b'{"id":"1","%b":%b}' % (field.encode(), value)))
    assert depth(record) < 500
    assert '"end"' in json.dumps(record).replace("\\", "")


# On the command line

HARD: dict[str, t.Any] = {
    "notes": "😀" * 5000,
    "name": "a\0b\ud83dc",
    "projected_value": 1234567890123.25,
    "stage": 12,
    "tags": ["a", 5, 6],
    "score": {"a\0": ["secret", 1.5, None]},
    "deep": json.loads('{"x":' * 300 + "1" + "}" * 300),
    "created_at": "2026-07-01T10:00:00+02:00",
}


@pytest.fixture
def told(sandbox, company, tmp_path):
    company.advance(timedelta(days=3))
    for _ in range(3):
        company.insert("leads", **HARD)
    return Tap(tmp_path, sandbox, retry_minutes=0).succeed("leads")


def test_hard_values_arrive_whole(told):
    assert told.status == 0
    record = told.records("leads")[0]
    assert record["notes"] == "😀" * 5000
    assert record["name"] == f"a{REPLACED}b{REPLACED}c"
    assert record["projected_value"] == 1234567890123.25
    assert record["created_at"] == fixed(HARD["created_at"])
    assert (record["stage"], record["tags"]) == (None, ["a", None, None])
    deep = record[EXTRA].pop("deep")
    assert record[EXTRA] == {
        "stage": 12,
        "tags.1": 5,
        "tags.2": 6,
        "score": {f"a{REPLACED}": ["secret", 1.5, None]},
    }
    assert depth(deep) < 500


def test_each_is_named_once_with_its_count_and_without_a_value(told):
    unknown, misfits = told.problems
    assert unknown == (
        "leads: kept in extra_fields, as fields that the schema does not know: score (3), deep (3)"
    )
    assert misfits == (
        "leads: kept in extra_fields, as values that do not fit their type: "
        "stage (3), tags.1 (3), tags.2 (3)"
    )
    assert "secret" not in told.stderr


def test_decimals_keep_every_digit(sandbox, company, tmp_path):
    text = "1234567890123456.78"
    company.edit("leads", company.rows("leads")[0]["id"], projected_value="@")
    row = company.lists["leads"].by_id[company.rows("leads")[0]["id"]]
    row.data = row.data.replace(b'"@"', text.encode())
    run = Tap(tmp_path, sandbox).succeed("leads")
    assert f'"projected_value":{text},' in run.stdout
