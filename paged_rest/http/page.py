"""What the body of a good answer holds: a page of rows, or one row."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from operator import attrgetter, itemgetter

from paged_rest.http import status as errors
from paged_rest.reading.walk import Page
from paged_rest.records.typed_rows import LONGEST_ID

if t.TYPE_CHECKING:
    from collections.abc import Sequence

    from paged_rest.http.api import Api
    from paged_rest.http.status import Answer
    from paged_rest.reading.walk import Row
    from paged_rest.records.conform import Conformer
    from paged_rest.records.typed_rows import TypedRows

    Record = dict[str, t.Any]

# Where a row, which is what the reading needs to know of it, holds its record.
RECORD = "record"


@dataclass(frozen=True)
class Reader:
    """Makes rows of one stream of what an answer holds.

    Attributes:
        api: Where the answers come from.
        conform: Makes a record of any row.
        typed: Makes records of pages that are all as declared, if such records will do.
        key: The field that rows are replicated by, if there is one.
        created: The field that says when a row was created, if there is one.
    """

    api: Api
    conform: Conformer
    typed: TypedRows | None
    key: str | None
    created: str | None

    def rows(self, answer: Answer) -> tuple[list[Row], object]:
        """Return the rows of a page, each with its record, and the page's `pagination`.

        Raises:
            errors.Retriable: The answer holds no list of rows.
        """
        decoded = self.typed.decode(answer.content) if self.typed is not None else None
        records, pagination = decoded or self._any_records(answer)
        field: t.Any = attrgetter if decoded else itemgetter
        key, created = self.key or "id", self.created or "id"
        columns = [map(field(name), records) for name in ("id", key, created)]
        return [
            {"id": i, key: at, created: since, RECORD: record}
            for i, at, since, record in zip(*columns, records, strict=True)
        ], pagination

    def _any_records(self, answer: Answer) -> tuple[Sequence[t.Any], object]:
        body = answer.body
        if body is None:
            raise errors.broken(answer, "is no JSON object")
        data = body.get("data")
        success = self.api.success
        failed = any(body.get(name, value) != value for name, value in success.items())
        if failed or not isinstance(data, list):
            raise errors.broken(answer, "holds no list of rows")
        return [_record(answer, item, self.conform) for item in data], body.get("pagination")


def page(answer: Answer, number: int, reader: Reader, *, paged: bool) -> Page:
    """Return the page that an answer holds, as `{data, pagination}`.

    Args:
        answer: An answer of status 200.
        number: The page that was asked for.
        reader: Makes rows of it, each with its record.
        paged: Whether the list comes in pages; else the answer holds all of it.

    Raises:
        errors.NotFound: It holds the last page in place of one behind the end.
        errors.Retriable: It holds no page, or another one.
    """
    rows, pagination = reader.rows(answer)
    if not paged:
        return Page(number, rows, len(rows), max(1, len(rows)), has_more=False)
    stated, api = pagination if isinstance(pagination, dict) else {}, reader.api
    total, has_more = _whole(stated.get(api.total)), stated.get(api.more)
    if total is None or not isinstance(has_more, bool):
        raise errors.broken(answer, "does not say how many rows there are")
    stated_number = stated.get(api.page, number)
    if stated_number != number:
        if not has_more and 0 < (_whole(stated_number) or 0) < number:
            message = f"{answer.path} has no page {number}"
            raise errors.NotFound(message)
        raise errors.broken(answer, "is another page than the one that was asked for")
    return Page(
        number=number,
        rows=rows,
        total=total,
        limit=_whole(stated.get(api.size)) or 0,
        has_more=has_more,
        date=answer.date,
        asked=answer.asked,
    )


def row(answer: Answer, conform: Conformer) -> Record:
    """Return the record of the one row that an answer holds, as `{data}`.

    Raises:
        errors.Retriable: It holds no row.
    """
    return _record(answer, (answer.body or {}).get("data"), conform)


def _record(answer: Answer, item: object, conform: Conformer) -> Record:
    if not isinstance(item, dict):
        raise errors.broken(answer, "holds a row that is no object")
    row_id = item.get("id")
    if not isinstance(row_id, str) or not 0 < len(row_id) <= LONGEST_ID:
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
