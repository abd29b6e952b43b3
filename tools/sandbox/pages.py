"""Cuts the lists into pages, applies faults to them, encodes and compresses them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar

from tools.sandbox.answers import compress
from tools.sandbox.rows import Row, encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.sandbox.faults import Rule
    from tools.sandbox.parameters import Query
    from tools.sandbox.rows import Level
    from tools.sandbox.store import Store
    from tools.sandbox.switches import Common


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
        self._compressed: dict[object, bytes] = {}
        self._shuffles = 0

    @abstractmethod
    def pagination(
        self, query: Query, limit: int, total: int, length: int, fault: str | None
    ) -> dict[str, Any]:
        """Return the pagination object, made wrong by `fault`, the kind of a rule.

        `limit` is the page size used, `total` the total to state, `length` the number of
        rows that the pages are cut from.
        """

    def page(self, list_name: str, query: Query, rule: Rule | None = None) -> Page:
        """Take a page from a list, made wrong in the way that `rule` says."""
        kind = rule.kind if rule else None
        limit = limit_of(query, rule)
        page = query.page
        if kind == "repeat_page":
            page = max(1, page - 1)
        start, stop = (page - 1) * limit, page * limit
        rows, total, length = self.cut(list_name, query, start, stop)
        # What was before the latest change is known without filters only.
        former = None if query.filters else self.store.lists[list_name].former[query.level]
        if former is not None and (self.switches.stale_total or kind == "stale_total"):
            total = len(former)
        if former is not None and (self.switches.stale_rows or kind == "stale_rows"):
            rows, length = former[start:stop], len(former)
        pagination = self.pagination(query, limit, total, length, kind)
        if kind == "no_total":
            del pagination["total"]
        return Page(rows, pagination, self.form)

    def cut(
        self, list_name: str, query: Query, start: int, stop: int
    ) -> tuple[Sequence[Row], int, int]:
        """Return rows, the total to state and the length that pages are cut from."""
        found = self.found(list_name, query)
        return found[start:stop], len(found), len(found)

    def found(self, list_name: str, query: Query) -> Sequence[Row]:
        """Return all rows that pass the filters, in the order of this answer."""
        rows = self.ordered(list_name, query.level)
        return [row for row in rows if query.passes(row.decoded())] if query.filters else rows

    def ordered(self, list_name: str, level: Level) -> Sequence[Row]:
        """Return a list in its order; with `unstable_ties`, ties are in random order.

        A database promises no more than the order that it is asked for.
        """
        rows = self.store.lists[list_name].order(level)
        if not self.switches.unstable_ties:
            return rows
        self._shuffles += 1
        # Independent from answer to answer, unlike checksums of ids: those differ in the same
        # bits, and keep the same rows together. The id makes it another order in each company.
        first = rows[0].id if rows else ""
        shuffled = Random(f"{self._shuffles}/{first}").sample(rows, len(rows))
        return sorted(shuffled, key=lambda row: row.key[:-1])

    def keep_compressed(self, list_name: str, query: Query) -> None:
        """Compress a page in advance; it is used until the page changes."""
        page = self.page(list_name, query)
        self._compressed[_identity(page)] = compress(page.body())

    def compressed(self, page: Page) -> bytes:
        """Return the page compressed, now or in advance."""
        if not self._compressed:
            return compress(page.body())
        # Who compresses in advance means to be fast for pages of any size, from the second time on.
        identity = _identity(page)
        if identity not in self._compressed:
            self._compressed[identity] = compress(page.body())
        return self._compressed[identity]


def _identity(page: Page) -> object:
    # Rows are compared by identity: an edit makes a new one.
    return tuple(page.rows), encode(page.pagination)


def limit_of(query: Query, rule: Rule | None) -> int:
    """Return the page size that is used."""
    return min(query.limit, rule.limit) if rule and rule.kind == "clamp" else query.limit
