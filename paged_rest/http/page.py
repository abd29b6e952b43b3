"""What the body of a good response holds: a page of rows, or one row."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from itertools import repeat
from operator import attrgetter, itemgetter

from paged_rest.http.response import broken
from paged_rest.reading import Page, PageRequest, Row
from paged_rest.records import LONGEST_ID

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from paged_rest.http.api import Api
    from paged_rest.http.response import Response
    from paged_rest.records import Conformed, Conformer, Note, TypedRows


@dataclass(frozen=True)
class PageReader:
    """Makes pages of one stream of what responses hold.

    Attributes:
        api: Where the responses come from.
        conformer: Makes a record of any row.
        typed: Makes records of pages that are all as declared, if such records will do.
        replication_key: The field that rows are replicated by, if there is one.
        created: The field that says when a row was created, if there is one.
        paged: Whether the list comes in pages; else a response holds all of it.
    """

    api: Api
    conformer: Conformer
    typed: TypedRows | None
    replication_key: str | None
    created: str | None
    paged: bool

    def page(self, response: Response, request: PageRequest) -> Page | None:
        """Return the page that a response holds, as `{data, pagination}`.

        Args:
            response: A response of status 200.
            request: The page that was asked for.

        Returns:
            None where it holds the last page in place of one behind the end.

        Raises:
            errors.Retriable: It holds no page, or another one.
        """
        rows, pagination = self._rows(response)
        stated, api = pagination if isinstance(pagination, dict) else {}, self.api
        total, has_more = _count(stated.get(api.total)), stated.get(api.has_more)
        if not self.paged:
            if has_more:
                raise broken(response, "is one page of several, where a whole list was expected")
            total = len(rows) if total is None else total
            return Page(request, rows, total, max(len(rows), total) + 1, has_more=False)
        if total is None or not isinstance(has_more, bool):
            raise broken(response, "does not say how many rows there are")
        stated_number = stated.get(api.page, request.number)
        if stated_number != request.number:
            if not has_more and 0 < (_count(stated_number) or 0) < request.number:
                return None
            raise broken(response, "is another page than the one that was asked for")
        return Page(
            request=request,
            rows=rows,
            total=total,
            limit=_count(stated.get(api.page_size)) or 0,
            has_more=has_more,
            date=response.date,
            asked=response.asked,
            cached=response.cached,
        )

    def row(self, response: Response) -> Row:
        """Return the one row that a response holds, as `{data}`.

        Raises:
            errors.Retriable: It holds no row.
        """
        record, notes = self._conform(response, (response.body or {}).get("data"))
        return Row(record["id"], None, None, record, notes)

    def _rows(self, response: Response) -> tuple[list[Row], object]:
        """Return the rows of a page and its `pagination`."""
        decoded = self.typed.decode(response.content) if self.typed is not None else None
        if decoded:
            structs, pagination = decoded
            return self._rows_from(structs, repeat((), len(structs)), attrgetter), pagination
        conformed, pagination = self._conform_page(response)
        records = [record for record, _ in conformed]
        return self._rows_from(records, [notes for _, notes in conformed], itemgetter), pagination

    def _rows_from(
        self,
        records: Sequence[t.Any],
        notes: Iterable[Sequence[Note]],
        getter: Callable[[str], Callable[[t.Any], t.Any]],
    ) -> list[Row]:
        """Return rows, a column at a time; `getter` makes what reads a field of a record."""

        def column(field: str | None) -> Iterable[t.Any]:
            return map(getter(field), records) if field else repeat(None, len(records))

        columns = (column("id"), column(self.replication_key), column(self.created))
        return list(map(Row._make, zip(*columns, records, notes, strict=True)))

    def _conform_page(self, response: Response) -> tuple[list[Conformed], object]:
        body = response.body
        if body is None:
            raise broken(response, "is no JSON object")
        data = body.get("data")
        success = self.api.success
        failed = any(body.get(name, value) != value for name, value in success.items())
        if failed or not isinstance(data, list):
            raise broken(response, "holds no list of rows")
        return [self._conform(response, item) for item in data], body.get("pagination")

    def _conform(self, response: Response, item: object) -> Conformed:
        if not isinstance(item, dict):
            raise broken(response, "holds a row that is no object")
        row_id = item.get("id")
        if not isinstance(row_id, str) or not 0 < len(row_id) <= LONGEST_ID:
            raise broken(response, "holds a row without an id")
        return self.conformer(item)


def _count(value: object) -> int | None:
    """Return a JSON number that counts something, or None."""
    if isinstance(value, bool | str) or not isinstance(value, t.SupportsInt):
        return None
    try:
        count = int(value)
    except (OverflowError, ValueError):
        return None
    return count if count == value and count >= 0 else None
