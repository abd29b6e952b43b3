"""Pages of the lists as bytes: sliced, joined, compressed and remembered."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar
from zlib import crc32

from msgspec.structs import astuple

from tools.sandbox.answers import compress
from tools.sandbox.rows import Row, encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.sandbox.faults import Rule
    from tools.sandbox.parameters import Query, Test
    from tools.sandbox.store import Store
    from tools.sandbox.switches import Common

T = TypeVar("T")
# By list: the version of the list that something is known of, and what.
Memories = dict[str, tuple[int, dict[Any, T]]]

REMEMBERED = 16
"""So many filters' rows are remembered per list, until the list changes."""


@dataclass
class Page:
    """A page before it is written."""

    rows: Sequence[Row]
    pagination: dict[str, Any]
    form: bytes
    """The answer, with gaps for both."""

    def body(self) -> bytes:
        """Return the answer."""
        return self.form % (
            b",".join([row.data for row in self.rows]),
            encode(self.pagination),
        )


class Pages(ABC):
    """Makes the pages of a store's lists. The caller holds the store's lock."""

    form: ClassVar[bytes]
    """The answer, with gaps for rows and pagination."""

    def __init__(self, store: Store, switches: Common) -> None:
        """Read from `store` in the way that `switches` say at the time."""
        self.store = store
        self.switches = switches
        self._filtered: Memories[list[Row]] = {}
        self._compressed: Memories[bytes] = {}
        self._shuffles = 0

    @abstractmethod
    def pagination(
        self, query: Query, limit: int, total: int, length: int, rule: Rule | None
    ) -> dict[str, Any]:
        """State where a page stands: what it may say wrongly is `rule`'s.

        `limit` is the page size used, `total` what is to be stated, `length` what pages
        are cut from.
        """

    @abstractmethod
    def test(self, list_name: str, query: Query) -> Test:
        """Return what tells whether a row passes the query's filters."""

    def page(self, list_name: str, query: Query, rule: Rule | None = None) -> Page:
        """Take a page from a list, made wrong in the way that `rule` says."""
        kind = rule.kind if rule else None
        limit = limit_of(query, rule)
        page = query.page
        if kind == "repeat_page":
            page = max(1, page - 1)
        rows, total, length = self.cut(list_name, query, (page - 1) * limit, page * limit)
        if self.switches.stale_total or kind == "stale_total":
            total = self._stale(list_name, query, total)
        pagination = self.pagination(query, limit, total, length, rule)
        if kind == "no_total":
            del pagination["total"]
        return Page(rows, pagination, self.form)

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

    def cut(
        self, list_name: str, query: Query, start: int, stop: int
    ) -> tuple[Sequence[Row], int, int]:
        """Return rows, the total to state and the length that pages are cut from."""
        rows = self.store.lists[list_name]
        if self.switches.unstable_ties:
            found = self._shuffled(list_name, query)
            return found[start:stop], len(found), len(found)
        if not query.values:
            total = rows.count(query.level)
            return rows.slice(query.level, start, stop), total, total
        found = self.found(list_name, query)
        return found[start:stop], len(found), len(found)

    def found(self, list_name: str, query: Query) -> list[Row]:
        """Return all rows that pass the filters, in the list's order."""
        rows = self.store.lists[list_name]
        if not query.values:
            return rows.slice(query.level, 0, rows.count(query.level))
        memory = self._memory(self._filtered, list_name)
        key = (query.level, query.values, astuple(self.switches))
        if key not in memory:
            if len(memory) >= REMEMBERED:
                memory.clear()
            test = self.test(list_name, query)
            everything = rows.slice(query.level, 0, rows.count(query.level))
            memory[key] = [row for row in everything if test(row.decoded())]
        return memory[key]

    def _shuffled(self, list_name: str, query: Query) -> list[Row]:
        """Return the rows with those that the order leaves equal in an order of chance.

        A database promises no more than the order that it is asked for.
        """
        self._shuffles += 1
        found = self.found(list_name, query)
        rank = self.store.rank(list_name)
        if rank is None:
            return found
        salt = str(self._shuffles)
        return sorted(found, key=lambda row: (rank(row), crc32((row.id + salt).encode())))

    def _stale(self, list_name: str, query: Query, total: int) -> int:
        """Return the total before the latest change (known without filters only)."""
        if query.values:
            return total
        return self.store.lists[list_name].stale[query.level]

    def _memory(self, memories: Memories[T], list_name: str) -> dict[Any, T]:
        """Return what is remembered of a list as it is now."""
        version = self.store.lists[list_name].version
        known = memories.get(list_name)
        if known is None or known[0] != version:
            known = memories[list_name] = (version, {})
        return known[1]


def limit_of(query: Query, rule: Rule | None) -> int:
    """Return the page size that is used."""
    return min(query.limit, rule.limit) if rule and rule.kind == "clamp" else query.limit
