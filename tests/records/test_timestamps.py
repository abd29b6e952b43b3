"""Timestamps in their fixed form, however they are written."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paged_rest.timestamps import before, from_setting, http_date, timestamp, timestamps


@pytest.mark.parametrize("read", [timestamp, from_setting])
@pytest.mark.parametrize(
    ("value", "fixed"),
    [
        ("2026-01-31", "2026-01-31T00:00:00.000000Z"),
        ("2026-01-31T10:20Z", "2026-01-31T10:20:00.000000Z"),
        ("2026-01-31T10:20:30", "2026-01-31T10:20:30.000000Z"),
        ("2026-01-31t10:20:30.123z", "2026-01-31T10:20:30.123000Z"),
        ("2026-01-31T10:20:30.123Z", "2026-01-31T10:20:30.123000Z"),
        ("2026-01-31 10:20:30,5+02:00", "2026-01-31T08:20:30.500000Z"),
        ("2026-01-31T10:20:30.1234567-0530", "2026-01-31T15:50:30.123456Z"),
        ("0001-01-01T00:00:00+00", "0001-01-01T00:00:00.000000Z"),
    ],
)
def test_every_form_becomes_one(read, value, fixed):
    assert read(value) == fixed


@pytest.mark.parametrize("read", [timestamp, from_setting])
@pytest.mark.parametrize(
    "value",
    [
        *("", "2026", "2026-W05-1", "20260131", "31.01.2026", "now", "2026-01-31T10", "10:20"),
        *("2026-02-30", "2026-01-31T24:00:00Z", "2026-01-31T24:00:00.000Z", "2026-01-31T10:60Z"),
        *("2026-01-31T10:20:30 Z", "2026-01-31T10:20:30.123 +02:00", "2026-01-31T10:20:30+2"),
        *("0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "\u0662026-01-31"),
    ],
)
def test_anything_else_is_refused(read, value):
    with pytest.raises(ValueError):  # noqa: PT011 (what it says differs)
        read(value)


@given(
    value=st.builds(
        "{:04}-{:02}-{:02}{}{:02}:{:02}{}{}".format,
        st.sampled_from([1, 999, 2024, 2026, 9999]),
        st.integers(1, 13),
        st.integers(1, 31),
        st.sampled_from("Tt "),
        st.integers(0, 25),
        st.integers(0, 60),
        st.sampled_from(["", ":00", ":59.5", ":30,123456", ":07.1234567", ":60"]),
        st.sampled_from(["", "Z", "z", "+00:00", "-05:00", "+0530", "+14", "+23:59", "+99:99"]),
    )
)
@settings(max_examples=500, deadline=None)
def test_values_of_an_api_are_read_as_pendulum_reads_them(value):
    def read(how):
        try:
            return how(value)
        except ValueError:
            return None

    assert read(timestamp) == read(from_setting)


def test_earlier_timestamps():
    assert before("2026-03-01T00:00:00.000000Z", days=1) == "2026-02-28T00:00:00.000000Z"
    assert before("0001-01-02T00:00:00.000000Z", days=2) == "0001-01-01T00:00:00.000000Z"


@pytest.mark.parametrize("value", [None, "", "yesterday", "Sat, 31 Feb 2026 10:00:00 GMT"])
def test_no_http_date(value):
    assert http_date(value) is None


USUAL = st.datetimes().map(lambda moment: f"{moment.isoformat('T', 'milliseconds')}Z")
# Such as are no dates, or lie so in a column that their places are the usual ones.
UNUSUAL = (
    *("2026-02-30T00:00:00.000Z", "2026-01-31T24:00:00.000Z", "2026-01-31", "", "2026-01-31,10"),
    *("2026-01-31T10:20:30.12Z", "2026-01-31T10:20:30.1234Z", "2026-01-31T1,:20:30.123Z"),
)


@settings(max_examples=50)
@given(values=st.lists(USUAL | st.sampled_from(UNUSUAL), max_size=4) | st.lists(USUAL, max_size=4))
def test_many_become_what_each_becomes(values):
    try:
        expected = [timestamp(value) for value in values]
    except ValueError as refusal:
        with pytest.raises(ValueError, match=re.escape(str(refusal))):
            timestamps(values)
    else:
        assert timestamps(values) == expected
