"""Whatever JSON object with an id comes, its record fits every target and loses nothing."""

from __future__ import annotations

import json
import typing as t
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from paged_rest.records import Conformer, decode_json
from tests.harness.streams import NAMES
from tests.records.rows import SCHEMAS, body, texts, values

EXTRA = "extra_fields"
MISSING = object()


def rows(stream: str) -> st.SearchStrategy[dict[str, t.Any]]:
    names = st.sampled_from(sorted(SCHEMAS[stream]["properties"])) | texts
    return st.dictionaries(names, values, max_size=6).map(lambda row: {**row, "id": "1"})


def strings(value: t.Any) -> t.Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def found(path: str, row_value: t.Any, column: t.Any, extra: dict[str, t.Any]) -> bool:
    """Whether all of a value of a row is in its column, or by its path in extra_fields."""
    if path in extra:
        return same(row_value, extra[path])
    if isinstance(row_value, dict):
        return isinstance(column, dict) and all(
            found(f"{path}.{name}", item, column.get(name, MISSING), extra)
            for name, item in row_value.items()
        )
    if isinstance(row_value, list):
        return isinstance(column, list) and all(
            found(f"{path}.{index}", *pair, extra)
            for index, pair in enumerate(zip(row_value, column, strict=True))
        )
    if isinstance(row_value, str) and isinstance(column, str) and column.endswith("Z"):
        return True  # A timestamp in the fixed form: see test_timestamps.py.
    return same(row_value, column)


def same(one: t.Any, other: t.Any) -> bool:
    def text(value: t.Any) -> str:
        return json.dumps(value, default=str, sort_keys=True)

    if isinstance(one, int | Decimal) and not isinstance(one, bool) and isinstance(other, str):
        return str(one) == other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if {type(one), type(other)} == {int, Decimal}:
        # A count is written as a whole number; in a list of whole and other numbers, none is.
        return one == other
    return type(one) is type(other) and text(one) == text(other)


@pytest.mark.slow
@pytest.mark.parametrize("stream", NAMES)
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_any_row_becomes_a_record_that_validates_and_loses_nothing(stream, data):
    row = decode_json(body(data.draw(rows(stream))))
    record = Conformer(SCHEMAS[stream])(row).record
    assert not any(
        "\0" in text or any("\ud800" <= char <= "\udfff" for char in text)
        for text in strings(record)
    )
    plain = json.loads(json.dumps(record, default=float))
    Draft202012Validator(SCHEMAS[stream]).validate(plain)
    extra = record[EXTRA] or {}
    for name, value in row.items():
        if name in SCHEMAS[stream]["properties"] and name != EXTRA:
            assert value is None or found(name, value, record[name], extra), name
        else:
            assert same(value, extra[name]), name


@settings(max_examples=100, deadline=None)
@given(value=values)
@example("\ud800\0")
def test_what_is_decoded_can_be_encoded(value):
    decode_json(json.dumps(decode_json(body(value)), default=str).encode()).__repr__().encode()
