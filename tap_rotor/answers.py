"""What the body of a good answer holds: a page of rows, or one row."""

from __future__ import annotations

import typing as t

from tap_rotor import errors
from tap_rotor.timestamps import http_date
from tap_rotor.walk import Page

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from tap_rotor.errors import Answer

    Record = dict[str, t.Any]
    Conform = Callable[[Record], Record]

# No database takes much longer keys; the API's are UUIDs.
_LONGEST_ID = 255


def page(answer: Answer, number: int, conform: Conform, *, paged: bool) -> Page:
    """Return the page that an answer holds, as `{data, pagination, status}`.

    Args:
        answer: An answer of status 200.
        number: The page that was asked for.
        conform: Makes a record of a row.
        paged: Whether the list comes in pages; else the answer holds all of it.

    Raises:
        errors.Retriable: It holds no page, or another one.
    """
    body = answer.body
    if body is None:
        raise errors.broken(answer, "is no JSON object")
    data = body.get("data")
    if body.get("status", "success") != "success" or not isinstance(data, list):
        raise errors.broken(answer, "holds no list of rows")
    rows = [_record(answer, item, conform) for item in data]
    if not paged:
        return Page(number, rows, len(rows), max(1, len(rows)), has_more=False)
    pagination = body.get("pagination")
    stated = pagination if isinstance(pagination, dict) else {}
    total, has_more = _whole(stated.get("total")), stated.get("has_more")
    if total is None or not isinstance(has_more, bool):
        raise errors.broken(answer, "does not say how many rows there are")
    if stated.get("page", number) != number:
        raise errors.broken(answer, "is another page than the one that was asked for")
    return Page(
        number=number,
        rows=rows,
        total=total,
        limit=_whole(stated.get("limit")) or 0,
        has_more=has_more,
        date=http_date(answer.headers.get("Date")),
    )


def row(answer: Answer, conform: Conform) -> Record:
    """Return the record of the one row that an answer holds, as `{data, status}`.

    Raises:
        errors.Retriable: It holds no row.
    """
    return _record(answer, (answer.body or {}).get("data"), conform)


def _record(answer: Answer, item: object, conform: Conform) -> Record:
    if not isinstance(item, dict):
        raise errors.broken(answer, "holds a row that is no object")
    row_id = item.get("id")
    if not isinstance(row_id, str) or not 0 < len(row_id) <= _LONGEST_ID:
        raise errors.broken(answer, "holds a row without an id")
    return conform(item)


def _whole(value: object) -> int | None:
    """Return a JSON number that counts something, or None."""
    if isinstance(value, bool | str) or not isinstance(value, t.SupportsInt):
        return None
    try:
        count = int(value)
    except (OverflowError, ValueError):
        return None
    return count if count == value and count >= 0 else None
