"""Pages of leads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from tools.sandbox.answers import Refusal
from tools.sandbox.nexus.answers import error
from tools.sandbox.pages import Page, Pages, limit_of

if TYPE_CHECKING:
    from tools.sandbox.faults import Rule
    from tools.sandbox.nexus.switches import Switches
    from tools.sandbox.parameters import Query


class NexusPages(Pages):
    """Makes the pages of an organisation's leads."""

    form = b'{"data":[%b],"pagination":%b}'
    switches: Switches

    @override
    def page(self, list_name: str, query: Query, rule: Rule | None = None) -> Page:
        """Take a page; one behind the end is what the switch says."""
        past_end = self.switches.past_end
        if past_end != "empty" and query.page > 1:
            length = len(self.found(list_name, query))
            last = max(1, -(-length // limit_of(query, rule)))
            if query.page > last and past_end == "404":
                raise Refusal(error(404))
            query = replace(query, page=min(query.page, last))
        return super().page(list_name, query, rule)

    @override
    def pagination(
        self, query: Query, limit: int, total: int, _length: int, fault: str | None
    ) -> dict[str, Any]:
        """Return the six fields; all of them follow from the total that is stated."""
        pages = -(-total // limit) or self.switches.empty_total_pages
        return {
            "page": query.page + (fault == "wrong_page"),
            "pageSize": limit,
            "total": total,
            "totalPages": pages,
            "hasNextPage": (query.page < pages) != (fault == "contradict"),
            "hasPrevPage": query.page > 1,
        }
