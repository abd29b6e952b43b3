"""Rows as an API might send them: their schemas, and any values."""

from __future__ import annotations

import json
import typing as t

from hypothesis import strategies as st

from tests.harness.catalog import schemas

SCHEMAS = schemas()


def body(value: t.Any) -> bytes:
    return json.dumps(value).encode()


texts = st.text(st.characters(codec=None), max_size=8)
numbers = st.integers() | st.floats() | st.integers(10**95, 10**105)
moments = st.datetimes().map(str) | st.datetimes().map(lambda moment: f"{moment.isoformat()}Z")
values = st.recursive(
    st.none() | st.booleans() | numbers | texts | moments,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
