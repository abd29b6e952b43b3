"""The made-up organisation behind the stand-in API: its leads, its clock, their order.

No HTTP in here. Tests hold an `Organisation` beside the server and use it as the oracle:
`rows("leads")` is what a complete and correct reader must have in the end.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, Literal

from typing_extensions import override

from tools.sandbox.nexus.invent import MEMBERS, Inventor, object_id, primaries
from tools.sandbox.rows import Draft, Key, Level, Record, Rows, instant, microseconds
from tools.sandbox.store import START, Store

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

LEADS = "leads"


class Organisation(Store):
    """One list, `leads`, a clock, and ways to change both; safe to use from threads.

    Same arguments and same calls: same bytes. Rows are in the documented order: by next call,
    then the newest first; then as they were entered.
    """

    created = "createdAt"
    ordered_by = frozenset({"nextCallAt", "createdAt"})
    inventor: Inventor

    def __init__(
        self,
        leads: int = 500,
        seed: int = 1,
        start: datetime = START,
        *,
        people: Iterable[Record] = (),
        nulls: Literal["first", "last"] = "first",
    ) -> None:
        """Invent an organisation.

        `people` are leads of Rotor (`company.rows("leads")`): about a third of the leads
        here are then of them, with the same name, phone and e-mail address.

        `nulls` tells where rows without a next call stand, which the documentation leaves
        open: first, as in MongoDB, or last, as in PostgreSQL.
        """
        self._nulls = nulls
        members = Random(f"{seed}/nexus members")
        ids = [object_id(members) for _ in range(MEMBERS)]
        known = sorted(people, key=lambda row: str(row.get("created_at")))
        first = Inventor(Random(f"{seed}/nexus leads"), ids, known)
        later = Inventor(Random(f"{seed}/nexus later"), ids, known)
        super().__init__({LEADS: Rows()}, later, start)
        rows = first.leads(first.moments(leads, self.now), self.now)
        self.fill(LEADS, ((row, {}) for row in rows))

    @override
    def edit(self, list_name: str, row_id: str, /, **fields: Any) -> Record:
        """Change fields of a lead and return it; see `insert` for what is possible.

        The clock moves one `step`, and `updatedAt` with it; given an `updatedAt`, the
        clock stands still.
        """
        with self.changing():
            if "updatedAt" not in fields:
                self.now += self.step
                fields["updatedAt"] = self.now
            return super().edit(list_name, row_id, **fields)

    def edit_contact(self, contact_id: str, **fields: Any) -> list[Record]:
        """Change name, phones or emails of a contact in all its leads, and return these.

        The clock moves one `step`, but `updatedAt` stays as it is. Raises KeyError for a
        contact without leads.
        """
        with self.changing():
            # Most rows need no decoding to see that they are another's.
            written = contact_id.encode()
            rows = [row for row in self.lists[LEADS].order(Level.FULL) if written in row.data]
            ids = [row.id for row in rows if row.decoded().get("contactId") == contact_id]
            if not ids:
                raise KeyError(contact_id)
            self.now += self.step
            fields = primaries(fields)
            return [super(Organisation, self).edit(LEADS, row_id, **fields) for row_id in ids]

    @override
    def invent(self, list_name: str, created_at: str) -> Draft:
        """Make a lead; nothing enters the list."""
        order = self.lists[list_name].order(Level.FULL)
        place = self.inventor.between(0, max(0, len(order) - 1))
        others = [row.decoded() for row in order[place : place + 1]]
        return self.inventor.new_lead(created_at, others, self.now), {}

    @override
    def key(self, _list_name: str, record: Record, _hidden: Record, sequence: int) -> Key:
        """Return what a row is sorted by."""
        call, created = instant(record.get("nextCallAt")), instant(record.get("createdAt"))
        if created is None:
            # Whatever the row shows, the server knows when it was entered.
            created = microseconds(self.now)
        if call is None:
            return (-1 if self._nulls == "first" else 1, 0, -created, sequence)
        return (0, call, -created, sequence)
