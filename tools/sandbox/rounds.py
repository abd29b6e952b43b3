"""A round of changes, whatever the API: some hours pass, and rows are drawn for it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tools.sandbox.rows import Level

if TYPE_CHECKING:
    from tools.sandbox.store import Store

MINUTES = (60, 300)


class Round:
    """One round of changes; nothing happens twice to a row."""

    def __init__(self, store: Store) -> None:
        """Let some hours pass."""
        self.store = store
        self.touched: set[str] = set()
        store.advance(timedelta(minutes=store.inventor.between(*MINUTES)))

    def enter(self, name: str, count: int) -> list[str]:
        """Enter rows, some seconds after each other, and return their ids."""
        ids = []
        for _ in range(count):
            self.store.advance(timedelta(milliseconds=self.store.inventor.between(0, 30_000)))
            row_id: str = self.store.insert(name)[0]["id"]
            ids.append(row_id)
        self.touched.update(ids)
        return ids

    def choose(self, name: str, count: int) -> list[str]:
        """Draw ids; fewer when the list has not as many that are untouched."""
        order, between = self.store.lists[name].order(Level.FULL), self.store.inventor.between
        chosen: dict[str, None] = {}
        for _ in range(count * 20 if order else 0):
            if len(chosen) == count:
                break
            row_id = order[between(0, len(order) - 1)].id
            if row_id not in self.touched:
                chosen[row_id] = None
        self.touched.update(chosen)
        return list(chosen)
