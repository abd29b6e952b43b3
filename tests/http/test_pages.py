"""From a response to a page: what is a row, and what is the whole of a list."""

from __future__ import annotations

import json
import typing as t

import pytest

from paged_rest.errors import Retriable
from paged_rest.http import PageReader, Response
from paged_rest.reading import PageRequest
from paged_rest.records import EXTRA_FIELDS, Conformer, TypedRows, api_properties
from tap_rotor.client import ROTOR

TEXT = {"type": ["string", "null"]}
SCHEMA = {"properties": {"id": {"type": "string"}, "record": TEXT, "key": TEXT, "created": TEXT}}
FIRST = PageRequest(1, 10)
ROWS = [{"id": "1"}, {"id": "2"}]
TYPED = TypedRows.for_properties(api_properties(SCHEMA), EXTRA_FIELDS, {})


def response(rows: list[dict[str, str]], pagination: dict[str, t.Any]) -> Response:
    content = json.dumps({"data": rows, "pagination": pagination or None})
    return Response(200, {}, content.encode(), "/list", "localhost", 0.1)


@pytest.mark.parametrize("field", ["record", "key", "created", "id"])
@pytest.mark.parametrize(
    "typed", [TypedRows.for_properties(api_properties(SCHEMA), EXTRA_FIELDS, {}), None]
)
def test_a_key_of_any_name_leaves_the_record_alone(field, typed):
    """A row was a dictionary once, in which a key named `record` took the place of the record."""
    sent = {"id": "1", "record": "r", "key": "k", "created": "c"}
    reader = PageReader(ROTOR, Conformer(SCHEMA), typed, field, field, paged=True)
    page = reader.page(response([sent], {"total": 1, "has_more": False}), FIRST)
    assert page
    (row,) = page.rows
    assert (row.id, row.key, row.created) == ("1", sent[field], sent[field])
    record = row.record if isinstance(row.record, dict) else vars_of(row.record)
    assert record == sent


def vars_of(struct: t.Any) -> dict[str, t.Any]:
    return {name: getattr(struct, name) for name in struct.__struct_fields__}


def read_whole(**pagination: t.Any):
    reader = PageReader(ROTOR, Conformer(SCHEMA), None, None, None, paged=False)
    return reader.page(response(ROWS, pagination), FIRST)


@pytest.mark.parametrize("pagination", [{}, {"total": 2}, {"has_more": False}, {"page": 7}])
def test_a_whole_list_is_one_page(pagination):
    page = read_whole(**pagination)
    assert [row.id for row in page.rows] == ["1", "2"]
    assert (page.total, page.has_more) == (2, False)


def test_a_page_of_several_is_no_whole_list():
    """It would be taken for all there is, and the target told to remove the rest."""
    with pytest.raises(Retriable, match="is one page of several, where a whole list was expected"):
        read_whole(has_more=True)


@pytest.mark.parametrize("total", [0, 1, 120])
def test_a_total_that_is_not_the_number_of_rows_is_kept(total):
    """The count finds that it is another one, and the target is not told to remove the rest."""
    page = read_whole(total=total)
    assert [row.id for row in page.rows] == ["1", "2"]
    assert (page.total, page.has_more) == (total, False)


@pytest.mark.parametrize("paged", [True, False])
def test_an_empty_list_that_is_written_as_null(paged):
    """Servers written in Go write a list without rows so."""
    body = json.dumps({"data": None, "pagination": {"total": 0, "has_more": False}})
    reader = PageReader(ROTOR, Conformer(SCHEMA), TYPED, None, None, paged=paged)
    page = reader.page(Response(200, {}, body.encode(), "/list", "localhost", 0.1), FIRST)
    assert page
    assert (page.rows, page.total, page.has_more) == ([], 0, False)
