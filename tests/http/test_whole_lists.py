"""A list that comes in one response, and what says that it does not."""

from __future__ import annotations

import json

import pytest

from paged_rest.errors import Retriable
from paged_rest.http import PageReader, Response
from paged_rest.records import Conformer
from tap_rotor.client import ROTOR

ROWS = [{"id": "1"}, {"id": "2"}]


def read(**pagination: object):
    reader = PageReader(
        ROTOR, Conformer({"properties": {"id": {"type": "string"}}}), None, None, None, paged=False
    )
    content = json.dumps({"data": ROWS, **({"pagination": pagination} if pagination else {})})
    return reader.page(Response(200, {}, content.encode(), "/pin-types", "localhost", 0.1), 1)


@pytest.mark.parametrize("pagination", [{}, {"total": 2}, {"has_more": False}, {"page": 7}])
def test_a_whole_list_is_one_page(pagination):
    page = read(**pagination)
    assert [row.id for row in page.rows] == ["1", "2"]
    assert (page.total, page.has_more) == (2, False)


@pytest.mark.parametrize("pagination", [{"total": 120}, {"has_more": True}, {"total": 0}])
def test_a_page_of_several_is_no_whole_list(pagination):
    """It would be taken for all there is, and the target told to remove the rest."""
    with pytest.raises(Retriable, match="is one page of several, where a whole list was expected"):
        read(**pagination)
