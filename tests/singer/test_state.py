"""What a stream remembers, and what of it holds for a run with other settings."""

from __future__ import annotations

import pytest

from paged_rest.reading import Bookmark, Stretch
from paged_rest.singer.state import StreamState, sanitize
from tests.harness.promise import NO_BOOKMARK

MOMENT = "2026-05-01T00:00:00.000000Z"


def test_a_start_date_that_no_reading_went_down_to_is_not_remembered():
    entry = StreamState({}, "created_at", "now", "2020").with_stretch(None).entry
    assert entry["replication_key_value"] in NO_BOOKMARK
    state = StreamState(entry, "created_at", "now", "2025")
    entry = state.with_bookmark(Bookmark(MOMENT, 0), restarted=False).entry
    outdated = StreamState(entry, "created_at", "now", "2020").outdated
    assert outdated == "start_date is earlier than it was"


@pytest.mark.parametrize(("restarted", "start"), [(False, "2020"), (True, "2025")])
def test_a_start_date_counts_down_to_where_all_was_read(restarted, start):
    state = StreamState({}, "created_at", "now", "2020")
    entry = state.with_bookmark(Bookmark(MOMENT, 0), restarted=False).entry
    state = StreamState(entry, "created_at", "now", "2025")
    entry = state.with_bookmark(Bookmark(MOMENT, 0), restarted=restarted).entry
    assert entry["start_date"] == start


def test_a_merged_state_does_not_bring_back_the_bookmark_of_other_settings():
    state = StreamState({}, "created_at", "former", "")
    former = state.with_bookmark(Bookmark(MOMENT, 7), restarted=False).entry
    refresh = StreamState({}, "created_at", "now", "").with_stretch(None).entry
    merged = StreamState({**former, **refresh}, "created_at", "now", "")
    assert merged.recall() == (None, None)


def test_a_bookmark_of_another_key_is_never_taken_over():
    entry = {
        "replication_key": "updated_at",
        "replication_key_value": "2026-06-15T00:00:00.000000Z",
    }
    state = StreamState(entry, "created_at", "fingerprint", "")
    assert state.outdated == "its replication key was another"
    state = state.with_stretch(None)
    assert state.recall() == (None, None)
    state = state.with_stretch(Stretch(MOMENT, MOMENT, 0, "", 5))
    assert state.recall() == (None, Stretch(MOMENT, MOMENT, 0, "", 5))


def test_every_key_that_is_written_is_taken_again():
    state = StreamState({}, "created_at", "now", "2020").with_stretch(None)
    state = state.with_bookmark(Bookmark(MOMENT, 7), restarted=False).with_full_read()
    assert sanitize(state.entry, MOMENT) == (state.entry, None)
    assert len(state.entry) == 7
