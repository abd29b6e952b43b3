"""A first load of 2,500,000 leads under 1,000 requests a day, without I/O."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from paged_rest.reading import ListRead, Page, PageRequest, Row

ROWS = 2_500_000
LIMIT = 1000
QUOTA = 1000
NEW_A_DAY = 700
NEWEST = datetime(2026, 6, 30, tzinfo=UTC)


def page(request: PageRequest, new: int) -> Page:
    """Return a page of a list that made its last rows days ago and `new` rows since."""
    end = request.number * request.size
    places = range(end - request.size, min(end, ROWS + new))
    rows = [row(place - new) for place in places]
    return Page(request, rows, ROWS + new, request.size, has_more=end < ROWS + new)


def row(place: int) -> Row:
    """Return the row at a place of the first day's list; later rows have places below 0."""
    created = NEWEST - timedelta(seconds=37 * place) + timedelta(days=place < 0)
    key = created.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return Row(f"{place % (1 << 48):012x}", key, key)


@pytest.mark.long
def test_it_ends_on_the_third_day_with_hardly_a_request_more() -> None:
    handed_out: set[str] = set()
    resume, requests = None, 0
    for day in range(1, 10):
        new = (day - 1) * NEW_A_DAY
        read = ListRead(
            "2026-08-01T00:00:00.000000Z",
            LIMIT,
            created="created_at",
            newest_first=True,
            key="created_at",
            resume=resume,
        )
        while read.next_request is not None and read.requests < QUOTA:
            handed_out.update(row.id for row in read.feed(page(read.next_request, new)))
        requests += read.requests
        resume = read.resume_point
        if read.proof:
            break
    assert day == 3
    assert requests == 2603
    assert handed_out == {row(place - new).id for place in range(ROWS + new)}
    assert read.bookmark
    assert read.bookmark.value == row(-new).created
