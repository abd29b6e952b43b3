"""What stands behind a stand-in API: lists of rows, a clock, and changes of both. No HTTP."""

from __future__ import annotations

import gc
from abc import ABC, abstractmethod
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import TYPE_CHECKING, Any, ClassVar, Final

from tools.sandbox.draw import Draw, timestamp
from tools.sandbox.rows import Draft, Key, Level, Record, Row, Rows, encode

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping

Summary = dict[str, dict[str, list[str]]]
"""Ids by list and by what happened to the rows."""

START = datetime(2026, 6, 30, 12, tzinfo=UTC)
MISSING: Final = object()
"""As the value of a field: the row does not have the field at all."""


@contextmanager
def no_collection() -> Generator[None]:
    """Make many objects without walking them again and again for cycles they cannot have."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class Store(ABC):
    """Lists of rows, a clock, and ways to change both; safe to use from threads."""

    created: ClassVar[str]
    """The field that says when a row was created."""
    ordered_by: ClassVar[frozenset[str]]
    """An edit of another field leaves a row where it is."""
    hidden_fields: ClassVar[Mapping[str, frozenset[str]]] = {}
    """What the API keeps to itself, by list."""

    def __init__(self, lists: dict[str, Rows], draw: Draw, start: datetime) -> None:
        """Begin at `start` with `lists`; what is invented later comes from `draw`."""
        self.lock = RLock()
        self.now = start.astimezone(UTC)
        self.step = timedelta(seconds=1)
        """How far the clock moves at each new row; zero makes ties."""
        self.lists = lists
        self.inventor = draw
        self._touched: set[str] | None = None

    # What differs from one API to the other

    @abstractmethod
    def invent(self, list_name: str, created_at: str) -> Draft:
        """Make a row for a list, and what is hidden of it; nothing enters the list."""

    @abstractmethod
    def key(self, list_name: str, record: Record, hidden: Record, sequence: int) -> Key:
        """Return what a row is sorted by; `sequence` is the row's number in its list."""

    def level(self, list_name: str, record: Record, hidden: Record) -> Level:  # noqa: ARG002
        """Tell in which readings of its list a row is."""
        return Level.USUAL

    # Looking

    def rows(self, list_name: str, *args: Any, **kwargs: Any) -> list[Record]:  # noqa: ARG002
        """Return a list's rows as the API shows them, in the list's order."""
        return self._rows(list_name, Level.FULL)

    def _rows(self, list_name: str, level: Level) -> list[Record]:
        with self.lock:
            found = list(self.lists[list_name].order(level))
        with no_collection():
            return [row.decoded() for row in found]

    def row(self, list_name: str, row_id: str, /) -> Record | None:
        """Return one row as the API shows it, None if there is none."""
        with self.lock:
            found = self.lists[list_name].by_id.get(row_id)
        return found.decoded() if found else None

    def hidden(self, list_name: str, row_id: str, /) -> Record:
        """Return what the API does not show of a row."""
        with self.lock:
            return dict(self.lists[list_name].by_id[row_id].hidden or {})

    # Changing

    def advance(self, by: timedelta) -> datetime:
        """Move the clock and return the new time."""
        with self.lock:
            self.now += by
            return self.now

    def insert(self, list_name: str, /, n: int = 1, **fields: Any) -> list[Record]:
        """Enter `n` new rows, made up but for `fields`, and return them.

        A row is created at the clock's time after one `step`; given its time of
        creation, the clock stands still (an import). `fields` may hold what the API does
        not know, values of the wrong type, `MISSING`, and what is not shown (`hidden_fields`).
        """
        with self.changing():
            return [self._insert(list_name, fields).decoded() for _ in range(n)]

    def edit(self, list_name: str, row_id: str, /, **fields: Any) -> Record:
        """Change fields of a row and return it; see `insert` for what is possible."""
        with self.changing():
            rows = self.lists[list_name]
            old = rows.by_id[row_id]
            record, hidden = old.decoded(), dict(old.hidden or {})
            self._merge(list_name, record, hidden, fields)
            row = self._make_row(list_name, record, hidden, row_id)
            if not fields.keys() & self.ordered_by:
                row.key = old.key
            self._touch(list_name)
            rows.remove(row_id)
            rows.add(row)
            return row.decoded()

    def delete(self, list_name: str, ids: Iterable[str] | str, /) -> None:
        """Take rows out of a list for good."""
        with self.changing():
            self._touch(list_name)
            for row_id in [ids] if isinstance(ids, str) else list(ids):
                self.lists[list_name].remove(row_id)

    @contextmanager
    def changing(self) -> Generator[None]:
        """Hold the lock and make everything inside one change for the readers."""
        with self.lock:
            if self._touched is not None:
                yield
                return
            self._touched = set()
            try:
                yield
            finally:
                self._touched = None

    def _touch(self, list_name: str) -> None:
        """Begin the list's part of the change that is going on, once."""
        if self._touched is not None and list_name not in self._touched:
            self._touched.add(list_name)
            self.lists[list_name].begin()

    # Placing

    def fill(self, list_name: str, drafts: Iterable[Draft]) -> None:
        """Put the first rows into a list, in any order."""
        self.lists[list_name].fill(
            self._make_row(list_name, record, hidden, record["id"]) for record, hidden in drafts
        )

    def _make_row(self, list_name: str, record: Record, hidden: Record, row_id: str) -> Row:
        """Encode a row and compute where it stands."""
        rows = self.lists[list_name]
        rows.sequence += 1
        return Row(
            row_id,
            self.key(list_name, record, hidden, rows.sequence),
            self.level(list_name, record, hidden),
            encode(record),
            hidden or None,
        )

    def _insert(self, list_name: str, fields: Record) -> Row:
        if self.created not in fields:
            self.now += self.step
        rows = self.lists[list_name]
        record, hidden = self.invent(list_name, timestamp(self.now))
        row_id = record["id"]
        self._merge(list_name, record, hidden, fields)
        if isinstance(record.get("id"), str):
            row_id = record["id"]
        if row_id in rows.by_id:
            message = f"{list_name} has a row {row_id} already."
            raise ValueError(message)
        row = self._make_row(list_name, record, hidden, row_id)
        self._touch(list_name)
        rows.add(row)
        return row

    def _merge(self, list_name: str, record: Record, hidden: Record, fields: Record) -> None:
        kept_back = self.hidden_fields.get(list_name, frozenset())
        for name, value in fields.items():
            target = hidden if name in kept_back else record
            if value is MISSING:
                target.pop(name, None)
            elif isinstance(value, datetime):
                target[name] = timestamp(value)
            else:
                target[name] = value
