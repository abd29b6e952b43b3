"""The made-up company behind the stand-in API: its rows, its clock, its changes.

No HTTP in here. Tests hold a `Company` beside the server and use it as the oracle:
`rows()` is what a complete and correct reader must have in the end.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, Literal

from typing_extensions import override

from tools.sandbox import changes
from tools.sandbox.create import LISTS, fill
from tools.sandbox.draw import timestamp
from tools.sandbox.invent import Inventor
from tools.sandbox.placing import HIDDEN_FIELDS, ORDERED_BY, CustomersOrder, Order, level_of
from tools.sandbox.rows import Level, Record, Row, Rows, moment_of
from tools.sandbox.store import START, Store, Summary, no_collection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

PaymentField = Literal["is_auto_pay", "has_payment_method"]


class Company(Store):
    """Six lists of rows, a clock, and ways to change both; safe to use from threads.

    Lists: leads, customers, pins, pin_types, service_plans, serviced_jobs.
    Same arguments and same calls: same bytes.
    """

    created = "created_at"
    ordered_by = ORDERED_BY
    hidden_fields = HIDDEN_FIELDS
    inventor: Inventor

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
        self.order = Order(customers_order, ties, nulls)
        self.id = Inventor(Random(f"{seed}/company"), payment_field).uuid()
        super().__init__(
            {name: Rows(newest_first=self.order.newest_first(name)) for name in LISTS},
            Inventor(Random(f"{seed}/later"), payment_field),
            start,
        )
        with no_collection():
            fill(self, seed, {"leads": leads, **sizes})

    @override
    def rows(
        self,
        list_name: str,
        archived: bool = True,
        *,
        only_completed: bool = True,
    ) -> list[Record]:
        """Return a list's rows as the API shows them, in the list's order.

        `archived` is for leads and customers, `only_completed` for serviced jobs.
        """
        whole = not only_completed if list_name == "serviced_jobs" else archived
        return self._rows(list_name, Level.FULL if whole else Level.USUAL)

    @override
    def invent(self, list_name: str, created_at: str) -> tuple[Record, Record]:
        """Make a row for a list, and what is hidden of it; nothing enters the list."""
        return changes.invent(self, list_name, created_at)

    @override
    def key(self, list_name: str, record: Record, hidden: Record, sequence: int) -> Any:
        """Return what a row is sorted by."""
        return self.order.key(list_name, record, hidden, sequence, self.now)

    @override
    def rank(self, list_name: str) -> Callable[[Row], Any] | None:
        """Return the time of creation where a list falls by it."""
        newest_first = self.lists[list_name].newest_first
        return (lambda row: -moment_of(row)) if newest_first else None

    @override
    def level(self, list_name: str, record: Record, hidden: Record) -> Level:
        """Tell in which readings of its list a row is."""
        return level_of(list_name, record, hidden)

    def archive(self, ids: Iterable[str] | str, /) -> None:
        """Archive leads, customers or serviced jobs (each list knows its ids).

        A lead says so in its row. A customer does not: it shows with `archived=true`
        only. A job leaves its list.
        """
        self._set_archived(ids, archived=True)

    def unarchive(self, ids: Iterable[str] | str, /) -> None:
        """Undo `archive`."""
        self._set_archived(ids, archived=False)

    @override
    def change(
        self,
        inserts: int | None = None,
        edits: int | None = None,
        archives: int | None = None,
        deletes: int | None = None,
    ) -> Summary:
        """Let some hours pass with realistic changes over all lists.

        The numbers are for all lists together, spread by the lists' lengths; None
        takes a share of the company's size. Returns the ids by list and kind:
        `{"leads": {"inserted": [...], "edited": [...], "archived": [...],
        "deleted": [...]}, ...}`.
        """
        with self.changing():
            return changes.play(self, inserts, edits, archives, deletes)

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
