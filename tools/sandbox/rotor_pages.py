"""Pages of Rotor's lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typing_extensions import override

from tools.sandbox.pages import Pages
from tools.sandbox.parameters import Query
from tools.sandbox.query import MAX_LIMIT, PATHS
from tools.sandbox.rows import Level, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.sandbox.switches import Switches


class RotorPages(Pages):
    """Makes the pages of a company's lists."""

    form = b'{"data":[%b],"pagination":%b,"status":"success"}'
    switches: Switches

    @override
    def pagination(
        self, query: Query, limit: int, total: int, length: int, fault: str | None
    ) -> dict[str, Any]:
        """Return `has_more`, `limit`, `page`, `total`."""
        end = total if self.switches.has_more_from == "total" else length
        has_more = query.page * limit < end
        pagination = {
            "has_more": has_more != (fault == "contradict"),
            "limit": limit,
            "page": query.page + (fault == "wrong_page"),
            "total": total,
        }
        if not self.switches.state_limit:
            del pagination["limit"]
        return pagination

    @override
    def cut(
        self, list_name: str, query: Query, start: int, stop: int
    ) -> tuple[Sequence[Row], int, int]:
        """Return rows, the total to state and the length that pages are cut from."""
        rows, total, length = super().cut(list_name, query, start, stop)
        if list_name == "serviced_jobs" and self.switches.service_date_filter == "page":
            whole = self.ordered(list_name, query.level)
            rows = [row for row in whole[start:stop] if query.passes(row.decoded())]
            length = len(whole)
        return rows, total, length

    def precompress(self) -> None:
        """Compress all pages of 1,000 rows of every list."""
        for list_name in PATHS.values():
            for level in (Level.USUAL, Level.FULL):
                length = len(self.store.lists[list_name].order(level))
                for page in range(1, -(-length // MAX_LIMIT) + 1):
                    self.keep_compressed(list_name, Query(page, MAX_LIMIT, level))
