"""Pages of the lists as bytes: sliced, joined, compressed and remembered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from zlib import crc32

from sandbox.answers import compress
from sandbox.query import MAX_LIMIT, Query, test_of
from sandbox.rows import Level, Row, encode, moment_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.company import Company
    from sandbox.faults import Rule
    from sandbox.switches import Switches

T = TypeVar("T")
# By list: the version of the list that something is known of, and what.
Memories = dict[str, tuple[int, dict[Any, T]]]

PAGED = ("leads", "customers", "pins", "service_plans", "serviced_jobs")
REMEMBERED = 16
"""So many filters' rows are remembered per list, until the list changes."""


@dataclass
class Page:
    """A page before it is written."""

    rows: Sequence[Row]
    pagination: dict[str, Any]

    def body(self) -> bytes:
        """Return the answer."""
        return b'{"data":[%b],"pagination":%b,"status":"success"}' % (
            b",".join([row.data for row in self.rows]),
            encode(self.pagination),
        )


class Pages:
    """Makes the pages of a company's lists. The caller holds the company's lock."""

    def __init__(self, company: Company, switches: Switches) -> None:
        """Read from `company` in the way that `switches` say at the time."""
        self.company = company
        self.switches = switches
        self._filtered: Memories[list[Row]] = {}
        self._compressed: Memories[bytes] = {}
        self._shuffles = 0

    def page(self, list_name: str, query: Query, rule: Rule | None = None) -> Page:
        """Take a page from a list, made wrong in the way that `rule` says."""
        kind = rule.kind if rule else None
        limit = query.limit
        if rule and kind == "clamp":
            limit = min(limit, rule.limit)
        page = query.page
        if kind == "repeat_page":
            page = max(1, page - 1)
        start, stop = (page - 1) * limit, page * limit
        rows, total, length = self._slice(list_name, query, start, stop)
        if self.switches.stale_total or kind == "stale_total":
            total = self._stale(list_name, query, total)
        has_more = query.page * limit < length
        pagination = {
            "has_more": has_more != (kind == "contradict"),
            "limit": limit,
            "page": query.page + (kind == "wrong_page"),
            "total": total,
        }
        if not self.switches.state_limit:
            del pagination["limit"]
        if kind == "no_total":
            del pagination["total"]
        return Page(rows, pagination)

    def compressed(self, list_name: str, page: Page) -> bytes:
        """Return the page compressed, from memory if it was asked for before."""
        if self.switches.unstable_ties:
            return compress(page.body())
        memory = self._memory(self._compressed, list_name)
        # Rows are compared by identity: an edit makes another one.
        key = (tuple(page.rows), encode(page.pagination))
        if key not in memory:
            memory[key] = compress(page.body())
        return memory[key]

    def precompress(self) -> int:
        """Compress all pages of 1,000 rows of every list and return how many."""
        count = 0
        limit = min(MAX_LIMIT, self.switches.max_limit)
        for list_name in PAGED:
            for level in (Level.USUAL, Level.FULL):
                number = self.company.lists[list_name].count(level)
                for page in range(1, -(-number // limit) + 1):
                    query = Query(page, limit, level, ())
                    self.compressed(list_name, self.page(list_name, query))
                    count += 1
        return count

    def _slice(
        self, list_name: str, query: Query, start: int, stop: int
    ) -> tuple[Sequence[Row], int, int]:
        """Return rows, the total to state and the length that pages are cut from."""
        rows = self.company.lists[list_name]
        if self.switches.unstable_ties:
            found = self._shuffled(list_name, query)
            return found[start:stop], len(found), len(found)
        if not query.values:
            total = rows.count(query.level)
            return rows.slice(query.level, start, stop), total, total
        found = self._found(list_name, query)
        if list_name == "serviced_jobs" and self.switches.service_date_filter == "page":
            test = test_of(list_name, query, self.switches)
            fetched = rows.slice(query.level, start, stop)
            passed = [row for row in fetched if test(row.decoded())]
            return passed, len(found), rows.count(query.level)
        return found[start:stop], len(found), len(found)

    def _found(self, list_name: str, query: Query) -> list[Row]:
        """Return all rows that pass the filters, in the list's order."""
        rows = self.company.lists[list_name]
        if not query.values:
            return rows.slice(query.level, 0, rows.count(query.level))
        memory = self._memory(self._filtered, list_name)
        switches = (self.switches.stage_match, self.switches.customer_tags)
        key = (query.level, query.values, switches)
        if key not in memory:
            if len(memory) >= REMEMBERED:
                memory.clear()
            test = test_of(list_name, query, self.switches)
            everything = rows.slice(query.level, 0, rows.count(query.level))
            memory[key] = [row for row in everything if test(row.decoded())]
        return memory[key]

    def _shuffled(self, list_name: str, query: Query) -> list[Row]:
        """Return the rows with those of equal `created_at` in an order of chance.

        A database that sorts by one column alone promises no more.
        """
        self._shuffles += 1
        found = self._found(list_name, query)
        if not self.company.lists[list_name].newest_first:
            return found
        salt = str(self._shuffles)
        return sorted(
            found,
            key=lambda row: (-moment_of(row), crc32((row.id + salt).encode())),
        )

    def _stale(self, list_name: str, query: Query, total: int) -> int:
        """Return the total before the latest change (known without filters only)."""
        if query.values:
            return total
        return self.company.lists[list_name].stale[query.level]

    def _memory(self, memories: Memories[T], list_name: str) -> dict[Any, T]:
        """Return what is remembered of a list as it is now."""
        version = self.company.lists[list_name].version
        known = memories.get(list_name)
        if known is None or known[0] != version:
            known = memories[list_name] = (version, {})
        return known[1]
