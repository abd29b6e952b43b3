"""Pages of Rotor's lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typing_extensions import override

from tools.sandbox.pages import Pages
from tools.sandbox.parameters import Query, Test
from tools.sandbox.query import MAX_LIMIT, test_of
from tools.sandbox.rows import Level, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.sandbox.faults import Rule
    from tools.sandbox.switches import Switches

PAGED = ("leads", "customers", "pins", "service_plans", "serviced_jobs")


class RotorPages(Pages):
    """Makes the pages of a company's lists."""

    form = b'{"data":[%b],"pagination":%b,"status":"success"}'
    switches: Switches

    @override
    def pagination(
        self, query: Query, limit: int, total: int, length: int, rule: Rule | None
    ) -> dict[str, Any]:
        """Return `has_more`, `limit`, `page`, `total`."""
        kind = rule.kind if rule else None
        has_more = query.page * limit < length
        pagination = {
            "has_more": has_more != (kind == "contradict"),
            "limit": limit,
            "page": query.page + (kind == "wrong_page"),
            "total": total,
        }
        if not self.switches.state_limit:
            del pagination["limit"]
        return pagination

    @override
    def test(self, list_name: str, query: Query) -> Test:
        """Return what tells whether a row passes the query's filters."""
        return test_of(list_name, query, self.switches)

    @override
    def cut(
        self, list_name: str, query: Query, start: int, stop: int
    ) -> tuple[Sequence[Row], int, int]:
        """Return rows, the total to state and the length that pages are cut from."""
        within_page = list_name == "serviced_jobs" and self.switches.service_date_filter == "page"
        if self.switches.unstable_ties or not (query.values and within_page):
            return super().cut(list_name, query, start, stop)
        rows = self.store.lists[list_name]
        test = self.test(list_name, query)
        passed = [row for row in rows.slice(query.level, start, stop) if test(row.decoded())]
        return passed, len(self.found(list_name, query)), rows.count(query.level)

    def precompress(self) -> int:
        """Compress all pages of 1,000 rows of every list and return how many."""
        count = 0
        limit = min(MAX_LIMIT, self.switches.max_limit)
        for list_name in PAGED:
            for level in (Level.USUAL, Level.FULL):
                number = self.store.lists[list_name].count(level)
                for page in range(1, -(-number // limit) + 1):
                    query = Query(page, limit, level, ())
                    self.compressed(list_name, self.page(list_name, query))
                    count += 1
        return count
