"""Pages of leads, and the filters (sections 2.1 and 2.3)."""

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
    from tools.sandbox.parameters import Query, Test
    from tools.sandbox.rows import Record

UNASSIGNED = "unassigned"


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
        self, query: Query, limit: int, total: int, _length: int, rule: Rule | None
    ) -> dict[str, Any]:
        """Return the six fields; all of them follow from the total that is stated."""
        kind = rule.kind if rule else None
        pages = -(-total // limit) or self.switches.empty_total_pages
        return {
            "page": query.page + (kind == "wrong_page"),
            "pageSize": limit,
            "total": total,
            "totalPages": pages,
            "hasNextPage": (query.page < pages) != (kind == "contradict"),
            "hasPrevPage": query.page > 1,
        }

    @override
    def test(self, _list_name: str, query: Query) -> Test:
        """Return what tells whether a lead passes all filters."""
        tests = [_TESTS[name](value) for name, value in query.values]
        return lambda row: all(test(row) for test in tests)


def _status(value: str) -> Test:
    return lambda row: row.get("status") == value


def _assigned(value: str) -> Test:
    wanted = None if value == UNASSIGNED else value
    return lambda row: row.get("assignedToId") == wanted


def _search(value: str) -> Test:
    wanted = value.casefold()

    def test(row: Record) -> bool:
        many = (*(row.get("phones") or ()), *(row.get("emails") or ()))
        texts = (row.get("name"), row.get("company"), *many)
        return any(wanted in str(text or "").casefold() for text in texts)

    return test


_TESTS = {"status": _status, "assignedToId": _assigned, "search": _search}
