"""The made-up company behind the stand-in API: its rows, its clock, its changes.

No HTTP in here. Tests hold a `Company` beside the server and use it as the oracle:
`rows()` is what a complete and correct reader must have in the end.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from threading import RLock
from typing import TYPE_CHECKING, Any, Final, Literal

from sandbox import changes
from sandbox.create import LISTS, fill
from sandbox.invent import Inventor, timestamp
from sandbox.placing import HIDDEN_FIELDS, ORDERED_BY, CustomersOrder, Order, level_of
from sandbox.rows import Level, Record, Row, Rows, encode

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

PaymentField = Literal["is_auto_pay", "has_payment_method"]

START = datetime(2026, 6, 30, 12, tzinfo=UTC)
MISSING: Final = object()
"""As the value of a field: the row does not have the field at all."""


@contextmanager
def _no_collection() -> Generator[None]:
    """Make many objects without walking them again and again for cycles they cannot have."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class Company:
    """Six lists of rows, a clock, and ways to change both; safe to use from threads.

    Lists: leads, customers, pins, pin_types, service_plans, serviced_jobs.
    Same arguments and same calls: same bytes.
    """

    def __init__(  # noqa: PLR0913
        self,
        leads: int = 5000,
        seed: int = 1,
        start: datetime = START,
        *,
        customers_order: CustomersOrder = "name",
        payment_field: PaymentField = "is_auto_pay",
        ties: Literal["newest", "oldest"] = "newest",
        nulls: Literal["first", "last"] = "first",
        **sizes: int,
    ) -> None:
        """Invent a company; `sizes` gives the lengths of the other lists by name.

        The switches answer what the documentation leaves open: `customers_order`
        (none is promised), `payment_field` (its two variants of the same version),
        `ties` (which of two equal `created_at` comes first: the row that was entered
        later or earlier) and `nulls` (where rows without `created_at` stand; first is
        what PostgreSQL does in a falling order).
        """
        if unknown := sizes.keys() - set(LISTS):
            message = f"No such list: {', '.join(sorted(unknown))}."
            raise TypeError(message)
        self.lock = RLock()
        self.now = start.astimezone(UTC)
        self.step = timedelta(seconds=1)
        """How far the clock moves at each new row; zero makes ties."""
        self.order = Order(customers_order, ties, nulls)
        self.random = Random(f"{seed}/later")
        self.inventor = Inventor(self.random, payment_field)
        self.id = Inventor(Random(f"{seed}/company"), payment_field).uuid()
        self.lists = {name: Rows(newest_first=self.order.newest_first(name)) for name in LISTS}
        self._touched: set[str] | None = None
        with _no_collection():
            fill(self, seed, {"leads": leads, **sizes})

    # Looking

    def rows(
        self,
        list_name: str,
        archived: bool = True,  # noqa: FBT001, FBT002
        *,
        only_completed: bool = True,
    ) -> list[Record]:
        """Return a list's rows as the API shows them, in the list's order.

        `archived` is for leads and customers, `only_completed` for serviced jobs.
        """
        whole = not only_completed if list_name == "serviced_jobs" else archived
        level = Level.FULL if whole else Level.USUAL
        with self.lock:
            rows = self.lists[list_name]
            found = rows.slice(level, 0, rows.count(level))
        with _no_collection():
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

        A row's `created_at` is the clock's time after one `step`; given one, the
        clock stands still (an import). `fields` may hold what the API does not know,
        values of the wrong type, `MISSING`, and for serviced jobs and customers what
        is not shown: `created_at`, `status`, `archived`.
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
            row = self.make_row(list_name, record, hidden, row_id)
            if not fields.keys() & ORDERED_BY:
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

    def archive(self, ids: Iterable[str] | str, /) -> None:
        """Archive leads, customers or serviced jobs (each list knows its ids).

        A lead says so in its row. A customer does not: it shows with `archived=true`
        only. A job leaves its list.
        """
        self._set_archived(ids, archived=True)

    def unarchive(self, ids: Iterable[str] | str, /) -> None:
        """Undo `archive`."""
        self._set_archived(ids, archived=False)

    def change(
        self,
        inserts: int | None = None,
        edits: int | None = None,
        archives: int | None = None,
        deletes: int | None = None,
    ) -> changes.Summary:
        """Let some hours pass with realistic changes over all lists.

        The numbers are for all lists together, spread by the lists' lengths; None
        takes a share of the company's size. Returns the ids by list and kind:
        `{"leads": {"inserted": [...], "edited": [...], "archived": [...],
        "deleted": [...]}, ...}`.
        """
        with self.changing():
            return changes.play(self, inserts, edits, archives, deletes)

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

    def make_row(self, list_name: str, record: Record, hidden: Record, row_id: str) -> Row:
        """Encode a row and compute where it stands."""
        rows = self.lists[list_name]
        return Row(
            row_id,
            self.order.key(list_name, record, hidden, rows.next_sequence(), self.now),
            level_of(list_name, record, hidden),
            encode(record),
            hidden or None,
        )

    def _insert(self, list_name: str, fields: Record) -> Row:
        if "created_at" not in fields:
            self.now += self.step
        rows = self.lists[list_name]
        record, hidden = changes.invent(self, list_name, timestamp(self.now))
        row_id = record["id"]
        self._merge(list_name, record, hidden, fields)
        if isinstance(record.get("id"), str):
            row_id = record["id"]
        if row_id in rows.by_id:
            message = f"{list_name} has a row {row_id} already."
            raise ValueError(message)
        row = self.make_row(list_name, record, hidden, row_id)
        self._touch(list_name)
        rows.add(row)
        return row

    def _merge(self, list_name: str, record: Record, hidden: Record, fields: Record) -> None:
        kept_back = HIDDEN_FIELDS.get(list_name, frozenset())
        for name, value in fields.items():
            target = hidden if name in kept_back else record
            if value is MISSING:
                target.pop(name, None)
            elif isinstance(value, datetime):
                target[name] = timestamp(value)
            else:
                target[name] = value

    def _set_archived(self, ids: Iterable[str] | str, *, archived: bool) -> None:
        with self.changing():
            for row_id in [ids] if isinstance(ids, str) else list(ids):
                for name in ("leads", "customers", "serviced_jobs"):
                    if row_id in self.lists[name].by_id:
                        break
                else:
                    raise KeyError(row_id)
                fields: Record = {"archived": archived}
                if name == "leads":
                    fields["archived_at"] = timestamp(self.now) if archived else None
                self.edit(name, row_id, **fields)
