"""Where a row stands in its list, and what of it is not shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tools.sandbox.rows import SEQUENCE_BITS, Level, Record, created_key, instant

if TYPE_CHECKING:
    from datetime import datetime

CustomersOrder = Literal["name", "newest", "oldest", "id"]

BILLING = tuple(
    f"billing_{part}" for part in ("city", "country", "state", "street1", "street2", "zip")
)
# What the API keeps to itself, by list. A customer's are those it lets be written.
HIDDEN_FIELDS: dict[str, frozenset[str]] = {
    "serviced_jobs": frozenset({"created_at", "status", "archived"}),
    "customers": frozenset(
        {
            *("archived", "billing_same_as_property", "service_frequency", "service_type"),
            *BILLING,
        }
    ),
}
# An edit of another field leaves a row where it is.
ORDERED_BY = frozenset({"created_at", "last_name", "first_name"})


@dataclass(frozen=True)
class Order:
    """The switches of the order, where the documentation promises none."""

    customers: CustomersOrder = "name"
    ties: Literal["newest", "oldest"] = "newest"
    """Of equal `created_at`, the row entered later, or earlier, comes first."""
    nulls: Literal["first", "last"] = "first"
    """Where rows without `created_at` stand."""

    def newest_first(self, list_name: str) -> bool:
        """Tell whether a list falls by the time of creation."""
        if list_name == "customers":
            return self.customers == "newest"
        return list_name != "pin_types"

    def key(
        self, list_name: str, record: Record, hidden: Record, sequence: int, now: datetime
    ) -> tuple[str | int, ...] | int:
        """Return what a row is sorted by; `sequence` is the row's number in its list."""
        if list_name == "pin_types":
            return sequence
        if list_name == "customers" and self.customers == "id":
            return (str(record.get("id")), sequence)
        if list_name == "customers" and self.customers == "name":
            names = (record.get("last_name"), record.get("first_name"))
            return (*(str(name).casefold() for name in names), sequence)
        source = hidden if list_name == "serviced_jobs" else record
        created_at = source.get("created_at")
        known = instant(created_at)
        if known is None and created_at is not None:
            # Whatever the row shows, the server knows when it was entered.
            known = instant(now)
        falling = self.newest_first(list_name)
        later_last = falling == (self.ties == "newest")
        return created_key(
            known,
            sequence if later_last else (1 << SEQUENCE_BITS) - 1 - sequence,
            1 if falling == (self.nulls == "first") else -1,
        )


def level_of(list_name: str, record: Record, hidden: Record) -> Level:
    """Tell in which readings of its list a row is."""
    if list_name == "serviced_jobs":
        if hidden["archived"] or hidden["status"] == "Quote":
            return Level.HIDDEN
        return Level.USUAL if hidden["status"] == "Completed" else Level.FULL
    source = hidden if list_name == "customers" else record
    return Level.FULL if source.get("archived") is True else Level.USUAL
