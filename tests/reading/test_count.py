"""Ids that are counted take little memory, and are equal where they were."""

from __future__ import annotations

from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from paged_rest.reading.count import compact, compacted


def _with(odd: str, usual: str) -> str:
    return f"{usual[:5]}{odd}{usual[6:]}"


USUAL = st.uuids().map(str)
# Each a UUID but for one thing; two of them are as long as two UUIDs.
ALMOST = st.builds(
    lambda usual, way: way(usual),
    USUAL,
    st.sampled_from(
        [
            *(str.upper, lambda usual: usual[1:], lambda usual: f"{usual}0"),
            *(partial(_with, odd) for odd in ", -g\u0663"),
        ]
    ),
)


@settings(max_examples=100)
@given(ids=st.lists(USUAL, max_size=3) | st.lists(USUAL | ALMOST, max_size=3))
def test_many_become_what_each_becomes(ids):
    assert compacted(ids) == [compact(row_id) for row_id in ids]
