"""What the body of a good response holds: a page of rows, or one row."""

from __future__ import annotations

import hashlib
import typing as t
from dataclasses import dataclass
from decimal import Decimal
from itertools import repeat
from operator import attrgetter, itemgetter

from paged_rest.http.response import broken
from paged_rest.reading import Page, PageRequest, Row
from paged_rest.records import LONGEST_ID

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from paged_rest.http.api import Api
    from paged_rest.http.response import Response
    from paged_rest.records import Conformer, Note, TypedRows

_KINDS = {
    type(None): "null",
    bool: "true or false",
    dict: "an object",
    list: "a list",
    Decimal: "a number that is not whole",
}


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
        rows, pagination, nameless = self._rows(response)
        stated, api = pagination if isinstance(pagination, dict) else {}, self.api
        total, has_more = _count(stated.get(api.total)), stated.get(api.has_more)
        if not self.paged:
            if has_more:
                raise broken(response, "is one page of several, where a whole list was expected")
            total = len(rows) if total is None else total
            limit = max(len(rows), total) + 1
            return Page(request, rows, total, limit, has_more=False, nameless=nameless)
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
            nameless=nameless,
        )

    def row(self, response: Response) -> Row:
        """Return the one row that a response holds, as `{data}`.

        Raises:
            errors.Retriable: It holds no row.
        """
        item, fault = _identified((response.body or {}).get("data"))
        if fault:
            raise broken(response, f"holds {fault}")
        record, notes = self.conformer(item)
        return Row(record["id"], None, None, record, notes)

    def _rows(self, response: Response) -> tuple[list[Row], object, Mapping[str, str]]:
        """Return the rows of a page, its `pagination`, and what is wrong with rows without an id.

        Such a row has its place in the list all the same. It goes by a name of its own.
        """
        decoded = self.typed.decode(response.content) if self.typed is not None else None
        if decoded:
            structs, pagination = decoded
            return self._rows_from(structs, repeat((), len(structs)), attrgetter), pagination, {}
        items, pagination = self._items(response)
        identified = [_identified(item) for item in items]
        conformed = [self.conformer(item) for item, _ in identified]
        nameless = {item["id"]: fault for item, fault in identified if fault}
        records = [record for record, _ in conformed]
        rows = self._rows_from(records, [notes for _, notes in conformed], itemgetter)
        return rows, pagination, nameless

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
        # What `Row._make` does, without a call of Python for every row.
        return list(map(tuple.__new__, repeat(Row), zip(*columns, records, notes, strict=True)))

    def _items(self, response: Response) -> tuple[list[t.Any], object]:
        body = response.body
        if body is None:
            is_page_of_site = "json" not in response.content_type
            raise broken(response, "is no JSON object", passing=is_page_of_site)
        data, pagination = body.get("data"), body.get("pagination")
        # Servers write an empty list as null, too: believed where they also say that it is empty.
        if data is None and isinstance(pagination, dict):
            data = [] if _count(pagination.get(self.api.total)) == 0 else None
        success = self.api.success
        failed = any(body.get(name, value) != value for name, value in success.items())
        if failed or not isinstance(data, list):
            raise broken(response, "holds no list of rows", passing=failed)
        return data, pagination


def _identified(item: object) -> tuple[dict[str, t.Any], str]:
    """Return a row with an id that is a text, and what is wrong with the one that it had, or "".

    A whole number counts as its text. What stands for an id that cannot be used is no other
    row's, and the same when the row is read again.
    """
    fields = item if isinstance(item, dict) else {}
    row_id = fields.get("id")
    if isinstance(row_id, str) and 0 < len(row_id) <= LONGEST_ID:
        return fields, ""
    if type(row_id) is int and len(str(row_id)) <= LONGEST_ID:
        return {**fields, "id": str(row_id)}, ""
    stand_in = f"\0{hashlib.sha256(repr(item).encode()).hexdigest()}"
    return {**fields, "id": stand_in}, _fault(item)


def _fault(item: object) -> str:
    if not isinstance(item, dict):
        return "a row that is no object"
    if "id" not in item:
        return "a row without an id"
    row_id = item["id"]
    if row_id == "":
        return "a row whose id is empty"
    too_long = f"longer than {LONGEST_ID} characters"
    return f"a row whose id is {_KINDS.get(type(row_id), too_long)}"


def _count(value: object) -> int | None:
    """Return a JSON number that counts something, or None."""
    if isinstance(value, bool | str) or not isinstance(value, t.SupportsInt):
        return None
    try:
        count = int(value)
    except (OverflowError, ValueError):
        return None
    return count if count == value and count >= 0 else None
