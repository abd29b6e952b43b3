"""The loader of `load/`: COPY stores what target-postgres' own INSERT stores, value by value."""

from __future__ import annotations

import json
import typing as t

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.harness.loader import messages, numbered

if t.TYPE_CHECKING:
    from tests.harness.loader import Loader, Message


MOMENT = {"type": ["string", "null"], "format": "date-time"}
TEXT = {"type": ["string", "null"]}
OBJECT = {"type": ["object", "null"]}
NUMBERS = {"type": ["array", "null"], "items": {"type": ["number", "null"]}}
TEXTS = {"type": ["array", "null"], "items": {"type": ["string", "null"]}}
OBJECTS = {"type": ["array", "null"], "items": {"type": ["object", "null"]}}
ODD_TEXT = "\t\\N \\. \"'{},\r\n\\\\ %s :a NULL é😀"

# By kind of column: its schema, and values of every kind that INSERT takes in it.
CASES: dict[str, tuple[Message, list[t.Any]]] = {
    "moments": (
        MOMENT,
        [
            *("2026-01-02T10:00:00Z", "2026-01-02T10:00:00.1Z", "2026-01-02T10:00:00.123456Z"),
            *("2026-01-02T10:00:00+02:00", "2026-01-02T23:30:00.5-08:30", "2026-01-02T10:00:00"),
            *("2026-01-02T10:00:00.1234567Z", "2026-01-02T10:00:00.9999999Z", "20260102T100000Z"),
            *("2026-01-02T10:00:00+00:00", "2026-01-02T10:00:00-00:00", "2026-01-02 10:00:00Z"),
            *("2026-01-02", "2026-01-02T10Z", "2026-W01-5T10:00Z", "2026-01-02T10:00:00+05:30:15"),
            *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2024-02-29T00:00:00Z", None),
            *("0001-01-01T00:00:00+02:00", "9999-12-31T23:59:59-02:00"),
        ],
    ),
    "text": (TEXT, ["", ODD_TEXT, "x" * 100_000, 5, -(10**20), True, False, 1.5, None]),
    "anything": ({}, ["", ODD_TEXT, 5, True, 1.5, {"a": [1.5, None]}, [1, "a"], None]),
    "text or number": ({"type": ["string", "number", "boolean"]}, ["a", 1, 1.50, -0.0, True]),
    "numbers": ({"type": "number"}, [1, -(10**30), 0.1, 1e-7, 1e25, float("nan"), None]),
    "infinite numbers": ({"type": "number"}, [float("inf"), float("-inf")]),
    "whole numbers": ({"type": "integer"}, [0, -(2**63), 2**63 - 1, 7.5, -0.5, "12", None]),
    "small numbers": ({"type": "integer", "minimum": 0, "maximum": 200}, [0, 200, "7"]),
    "booleans": ({"type": ["boolean", "null"]}, [True, False, 0, 1, None]),
    "dates": (
        {"type": ["string", "null"], "format": "date"},
        ["2026-01-02", "0001-01-01", "9999-12-31", "20260102", None],
    ),
    "times": (
        {"type": ["string", "null"], "format": "time"},
        ["10:00:00", "23:59:59.999999", "10:00:00+02:00", "10:00:00Z", None],
    ),
    "uuids": (
        {"type": ["string", "null"], "format": "uuid"},
        ["A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a0eebc999c0b4ef8bb6d6bb9bd380a12", None],
    ),
    "objects": (OBJECT, [{}, {"a": ODD_TEXT, "n": [0.1, 10**20]}, "x", 1.5, True, [1], None]),
    "lists of numbers": (NUMBERS, [[], [1, 2], [0.1, None], [None], None]),
    "lists of texts": (TEXTS, [[], [ODD_TEXT, "", "NULL", None], [1, 2], [True], [["a"], ["b"]]]),
    "lists of objects": (OBJECTS, [[], [{"a": ODD_TEXT}, None, "x", 1.5], [[1, 2], [3, 4]], None]),
    "lists of anything": ({"type": ["array", "null"]}, [[], [1, "a", {"b": None}], [[1], 2], None]),
    "lists of moments": ({**TEXTS, "items": MOMENT}, [["2026-01-02T10:00:00+02:00", None], []]),
    "bytes": ({"type": "string", "contentEncoding": "base16"}, ["0x00ff", "\\xabc", "", None]),
    "decimals": (
        {"type": ["string", "null"], "format": "x-singer.decimal", "precision": 38, "scale": 9},
        ["1.10", "12345678901234567890123456789.123456789", "0.1234567891", "1e3", None],
    ),
}


def test_every_kind_of_value(loader: Loader) -> None:
    streams = [
        message
        for name, (schema, values) in CASES.items()
        for message in messages({"a": schema}, numbered(values), stream=name)
    ]
    tables = loader.both(streams, interpret_content_encoding=True)
    assert {name: len(rows) - 1 for name, rows in tables.items()} == {
        name: len(values) for name, (_, values) in CASES.items()
    }


# Whole numbers of a JSON text, and such that a reader might take for something else.
NUMERALS = st.one_of(
    st.integers(-(10**30), 10**30).map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=12).map(str),
    st.sampled_from(["0.0", "-0", "-0.0", "1E5", "1e-7", "1.0E+2", "1.10", "12345678.90"]),
)
TEXTS_OF_ALL_KINDS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8
) | st.text("\\\t\n\r\"'{},N.x \x08\x1f\x7f", max_size=6)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS_OF_ALL_KINDS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXTS_OF_ALL_KINDS, inner, max_size=3)
    ),
    max_leaves=6,
)
OFFSETS = st.sampled_from(["Z", "+00:00", "-00:00", "+02:00", "-09:30", "+0530", ""])
MOMENTS = st.builds(
    lambda moment, digits, offset: moment.isoformat(timespec="seconds") + digits + offset,
    st.datetimes(),
    st.from_regex(r"(\.[0-9]{1,8})?", fullmatch=True),
    OFFSETS,
)
COLUMNS: dict[str, tuple[Message, st.SearchStrategy[str]]] = {
    "a": (MOMENT, MOMENTS.map(json.dumps)),
    "b": (TEXT, TEXTS_OF_ALL_KINDS.map(json.dumps)),
    "c": ({"type": ["number", "null"]}, NUMERALS),
    "d": (OBJECT, JSON.map(json.dumps)),
    "e": (TEXTS, st.lists(st.none() | TEXTS_OF_ALL_KINDS, max_size=3).map(json.dumps)),
    "f": (OBJECTS, st.lists(st.dictionaries(TEXTS_OF_ALL_KINDS, JSON), max_size=2).map(json.dumps)),
    "g": ({"type": ["string", "integer", "boolean", "null"]}, st.booleans().map(json.dumps)),
    "h": ({"type": ["array", "null"]}, st.lists(JSON, max_size=3).map(json.dumps)),
}
RECORDS = st.fixed_dictionaries({}, optional={name: of for name, (_, of) in COLUMNS.items()})


@pytest.mark.long
@settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rows=st.lists(RECORDS, min_size=40, max_size=60))
def test_any_values(loader: Loader, rows: list[dict[str, str]]) -> None:
    """Lines as text, as no JSON writer of ours must decide how a number is written."""
    schema = {name: of for name, (of, _) in COLUMNS.items()}
    fields = ["".join(f',"{name}":{text}' for name, text in row.items()) for row in rows]
    lines = [
        f'{{"type":"RECORD","stream":"s","record":{{"id":{number}{more}}}}}'
        for number, more in enumerate(fields)
    ]
    (head,) = messages(schema, [])
    loader.both([head, *lines])
