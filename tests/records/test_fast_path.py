"""Records that go out as they came cost less work, and are the same to the last byte."""

from __future__ import annotations

import json
import re
import typing as t
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paged_rest.http import PageReader, Response
from paged_rest.reading import PageRequest
from paged_rest.records import EXTRA_FIELDS, Conformer, TypedRows, api_properties
from paged_rest.singer.sdk import SdkStream
from tap_rotor.client import ROTOR
from tests.harness.tap import Tap, full, until
from tests.records.rows import SCHEMAS, body, values
from tools.sandbox import Company, Sandbox

encode = msgspec.json.Encoder(decimal_format="number").encode


SINGER_DECIMAL = {"type": ["string", "null"], "format": "x-singer.decimal"}


def decoded(text: bytes) -> object:
    return json.loads(text, parse_float=Decimal, object_pairs_hook=list)


def response(rows: list[dict[str, object]]) -> Response:
    about = {"total": len(rows), "has_more": False}
    page = {"data": rows, "pagination": about, "status": "success"}
    return Response(200, {}, body(page), "/x", "localhost", 0.1)


def declared(stream: str, *, decimals: bool = False) -> dict[str, t.Any]:
    """Return a schema as the tap has it, or with numbers as text and the fields turned round."""
    if not decimals:
        return SCHEMAS[stream]
    properties = {
        name: SINGER_DECIMAL if "number" in of["type"] else of
        for name, of in reversed(SCHEMAS[stream]["properties"].items())
    }
    return {"type": "object", "properties": properties}


def readers(stream: str, *, decimals: bool = False) -> tuple[PageReader, PageReader]:
    """Return the reader that takes the quick way where it can, and the one that never does."""
    schema = declared(stream, decimals=decimals)
    conformer = Conformer(schema)
    typed = TypedRows.for_properties(schema["properties"], EXTRA_FIELDS, ROTOR.success)
    assert typed is not None
    quick, general = (
        PageReader(ROTOR, conformer, way, None, None, paged=True) for way in (typed, None)
    )
    return quick, general


def records(reader: PageReader, answered: Response) -> list[object]:
    """Return the records of a page, those of them that are objects as pairs: the order counts."""
    page = reader.page(answered, PageRequest(1, 1000))
    assert page
    return [decoded(encode(row.record)) for row in page.rows]


def near(declared: dict[str, object]) -> st.SearchStrategy[object]:
    """Return values of about a declared type, so that many pages take the quick way."""
    text = json.dumps(declared)
    if "date" in text:
        moments = st.datetimes().map(lambda moment: f"{moment.isoformat('T', 'milliseconds')}Z")
        return moments | st.dates().map(str) | st.datetimes().map(str)
    items = declared.get("items")
    if isinstance(items, dict):
        return st.lists(near(items), max_size=3)
    properties = declared.get("properties")
    if isinstance(properties, dict):
        names = st.sampled_from([*sorted(properties), "new"])
        return st.dictionaries(names, st.text(max_size=3) | st.none(), max_size=3)
    if "number" in text:
        return st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    return st.booleans() if "boolean" in text else st.text(max_size=5)


@pytest.mark.slow
@pytest.mark.parametrize("stream", SCHEMAS)
@settings(max_examples=60, deadline=None)
@given(data=st.data(), decimals=st.booleans())
def test_both_ways_make_the_same_records(stream, data, decimals):
    properties = api_properties(SCHEMAS[stream])
    names = st.sampled_from(sorted(properties))
    rows = []
    for number in range(data.draw(st.integers(1, 2))):
        row = {
            name: data.draw(st.none() | near(properties[name]) | st.just(0))
            for name in data.draw(st.lists(names, max_size=5, unique=True))
        }
        if data.draw(st.integers(0, 9)) == 0:
            row[data.draw(names | st.text(max_size=3))] = data.draw(values)
        rows.append({**row, "id": f"{number}"})
    quick, general = readers(stream, decimals=decimals)
    answered = response(rows)
    assert records(quick, answered) == records(general, answered)


@pytest.mark.parametrize("decimals", [False, True])
@pytest.mark.parametrize("stream", SCHEMAS)
def test_ordinary_pages_take_the_quick_way(stream, decimals):
    quick, general = readers(stream, decimals=decimals)
    page = response(Company(30).rows(stream))
    assert quick.typed
    assert quick.typed.decode(page.content) is not None
    assert records(quick, page) == records(general, page)


@pytest.mark.parametrize(
    "row",
    [
        b'{"id": "1", "projected_value": "500"}',
        b'{"id": "1", "projected_value": -0}',
        b'{"id": "1", "projected_value": 1e5}',
        b'{"id": "1", "projected_value": NaN}',
        b'{"id": "1", "location": [41.65622, [2]]}',
        b'{"id": "1", "location": [44.9, -93]}',
        b'{"id": "1", "created_at": "2026-02-30T00:00:00.000Z"}',
        b'{"id": "1", "created_at": "2026-W01-1T00:00:00.000Z"}',
        b'{"id": "1", "created_at": "2026-01-01T24:00:00.000Z"}',
        b'{"id": "1", "name": "\\u0000"}',
        b'{"id": "1", "name": "\\\\\\u0000"}',
        b'{"id": "1", "name": "' + 3_000 * b"\\n" + b'\\u0000"}',
        b'{"id": "1", "name": "\\ud800"}',
        b'{"id": "1", "name": "\xff"}',
        b'{"id": "1", "extra_fields": null}',
        b'{"id": "1", "extra_fields": 1}',
        b'{"id": "1", "new": 1}',
        b'{"id": "1", "num_pending_jobs": 12.5}',
        b'{"id": "1", "num_pending_jobs": 9223372036854775808}',
        b'{"id": "1", "customer": {"id": "c", "phone": "555"}}',
        b'{"id": "1", "customer": {"id": 5}}',
    ],
)
def test_odd_pages_do_not(row):
    quick, general = readers("service_plans" if b"num" in row or b"customer" in row else "leads")
    about = b'{"total": 1, "has_more": false}'
    content = b'{"data": [%b], "pagination": %b}' % (row, about)
    page = Response(200, {}, content, "/x", "localhost", 0.1)
    assert quick.typed
    assert quick.typed.decode(page.content) is None
    assert records(quick, page) == records(general, page)


@pytest.mark.parametrize("versions", [False, True])
def test_both_ways_write_the_same_lines(sandbox, tmp_path, monkeypatch, versions):
    tap = Tap(tmp_path, sandbox)

    def lines() -> list[str]:
        result = tap.run(emit_activate_version_messages=versions)
        assert result.status == 0
        other = re.compile('"type":"STATE"|"stream":"reads"')
        kept = [line for line in result.stdout.splitlines() if not other.search(line)]
        texts = (line.partition(',"time_extracted"')[0] for line in kept)
        return [re.sub(r'"version":\d+', '"version":1', text) for text in texts]

    quick = lines()
    monkeypatch.setattr(SdkStream, "uses_fast_path", False)
    assert lines() == quick
    assert sum('"type":"RECORD"' in line for line in quick) > len(SCHEMAS)
    assert any('"version"' in line for line in quick) is versions


@pytest.mark.slow
def test_the_next_page_comes_while_one_is_written_and_no_page_after_that(tmp_path):
    company = Company(3_000)
    with (
        Sandbox(company) as sandbox,
        Tap(tmp_path, sandbox, page_size=1000).start("leads") as tap,
    ):
        until(lambda: sandbox.count("/leads") == 2)
        until(lambda: full(tap.stdout))
        assert sandbox.count("/leads") == 2
        result = tap.result()
        assert result.status == 0
        assert len(result.of_type("RECORD")) == 3_000
        assert sandbox.count("/leads") == 4


@pytest.mark.parametrize("name", ["first name", "first-name", "a.b", "class"])
def test_a_field_of_any_name_is_decoded(name):
    schema = {"properties": {"id": {"type": "string"}, name: {"type": ["string", "null"]}}}
    typed = TypedRows.for_properties(schema["properties"], EXTRA_FIELDS, {})
    reader = PageReader(ROTOR, Conformer(schema), typed, None, None, paged=True)
    (record,) = records(reader, response([{"id": "1", name: "x"}]))
    assert record == [("id", "1"), (name, "x")]
