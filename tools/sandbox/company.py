"""The made-up company behind the stand-in API: its rows, its clock, its order.

No HTTP in here. Tests hold a `Company` beside the server and use it as the oracle:
`rows()` is what a complete and correct reader must have in the end.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Literal

from typing_extensions import override

from tools.sandbox import vocabulary as words
from tools.sandbox.create import LISTS, first_drafts
from tools.sandbox.draw import timestamp
from tools.sandbox.invent import Inventor, customer_reference
from tools.sandbox.leads import leads as invent_leads
from tools.sandbox.rows import Draft, Key, Level, Record, Rows, instant, microseconds
from tools.sandbox.store import START, Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

PARTS = ("city", "country", "state", "street1", "street2", "zip")
BILLING = tuple(f"billing_{part}" for part in PARTS)


class Company(Store):
    """Six lists of rows, a clock, and ways to change both; safe to use from threads.

    Lists: leads, customers, pins, pin_types, service_plans, serviced_jobs.
    Same arguments and same calls: same bytes. Customers are in the order of their
    names, pin types in that of their entry, all others newest first.
    """

    created = "created_at"
    ordered_by = frozenset({"created_at", "last_name", "first_name"})
    # A customer's are those that the API lets be written.
    hidden_fields = {  # noqa: RUF012 - declared as a ClassVar by the base
        "serviced_jobs": frozenset({"created_at", "status", "archived"}),
        "customers": frozenset(
            {
                *("archived", "billing_same_as_property", "service_frequency", "service_type"),
                *BILLING,
            }
        ),
    }
    inventor: Inventor
    stages: Sequence[str] = words.STAGES
    """The stages of its pipeline."""

    def __init__(  # noqa: PLR0913
        self,
        leads: int = 5000,
        seed: int = 1,
        start: datetime = START,
        *,
        payment_field: Literal["is_auto_pay", "has_payment_method"] = "is_auto_pay",
        ties: Literal["newest", "oldest"] = "newest",
        nulls: Literal["first", "last"] = "first",
        **sizes: int,
    ) -> None:
        """Invent a company; `sizes` gives the lengths of the other lists by name.

        The switches answer what the documentation leaves open: `payment_field` (its two
        variants of the same version), `ties` (which of two equal `created_at` comes
        first: the row that was entered later or earlier) and `nulls` (where rows without
        `created_at` stand; first is what PostgreSQL does in a falling order).
        """
        if unknown := sizes.keys() - set(LISTS):
            message = f"No such list: {', '.join(sorted(unknown))}."
            raise TypeError(message)
        self._ties = ties
        self._nulls = nulls
        self.id = Inventor(Random(f"{seed}/company"), payment_field).uuid()
        later = Inventor(Random(f"{seed}/later"), payment_field)
        super().__init__({name: Rows() for name in LISTS}, later, start)
        for name, drafts in first_drafts(later, seed, {"leads": leads, **sizes}, self.now):
            self.fill(name, drafts)

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

    def archive(self, ids: Iterable[str] | str, /) -> None:
        """Archive leads, customers or serviced jobs (each list knows its ids).

        A lead says so in its row. A customer does not: it shows with `archived=true`
        only. A job leaves its list.
        """
        self._set_archived(ids, archived=True)

    def unarchive(self, ids: Iterable[str] | str, /) -> None:
        """Undo `archive`."""
        self._set_archived(ids, archived=False)

    def some(self, list_name: str) -> Record | None:
        """Return a random row, or None if the list is empty."""
        order = self.lists[list_name].order(Level.FULL)
        return order[self.inventor.between(0, len(order) - 1)].decoded() if order else None

    @override
    def invent(self, list_name: str, created_at: str) -> Draft:
        """Make a row for a list, and what is hidden of it; nothing enters the list."""
        inventor = self.inventor
        if list_name == "leads":
            (record,) = invent_leads(inventor.random, inventor.team, [created_at])
            # Nobody enters an archived lead.
            return {**record, "archived": False, "archived_at": None}, {}
        if list_name == "customers":
            return inventor.customer(created_at), {"archived": False}
        if list_name == "pins":
            return inventor.pin(created_at), {}
        if list_name == "pin_types":
            kind = inventor.pin_type(len(self.lists[list_name].order(Level.FULL)))
            inventor.pin_types.append(kind)
            return kind, {}
        customer = self.some("customers")
        reference = customer_reference(customer) if customer else None
        if list_name == "service_plans":
            return inventor.service_plan(created_at, reference), {}
        if list_name != "serviced_jobs":
            raise KeyError(list_name)
        plan = self.some("service_plans") if inventor.chance(0.7) else None
        return inventor.serviced_job(created_at, plan, reference, self.now)

    @override
    def key(self, list_name: str, record: Record, hidden: Record, sequence: int) -> Key:
        """Return what a row is sorted by."""
        if list_name == "pin_types":
            return (sequence,)
        if list_name == "customers":
            names = (record.get("last_name"), record.get("first_name"))
            return (*(str(name).casefold() for name in names), sequence)
        last = -sequence if self._ties == "newest" else sequence
        created_at = (hidden if list_name == "serviced_jobs" else record).get("created_at")
        if created_at is None:
            return (-1 if self._nulls == "first" else 1, 0, last)
        moment = instant(created_at)
        if moment is None:
            # Whatever the row shows, the server knows when it was entered.
            moment = microseconds(self.now)
        return (0, -moment, last)

    @override
    def level(self, list_name: str, record: Record, hidden: Record) -> Level:
        """Tell in which readings of its list a row is."""
        if list_name == "serviced_jobs":
            if hidden["archived"] or hidden["status"] == "Quote":
                return Level.HIDDEN
            return Level.USUAL if hidden["status"] == "Completed" else Level.FULL
        source = hidden if list_name == "customers" else record
        return Level.FULL if source.get("archived") is True else Level.USUAL

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
