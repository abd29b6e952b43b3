"""The made-up organisation behind the stand-in API: its leads, its clock, its changes.

No HTTP in here. Tests hold an `Organisation` beside the server and use it as the oracle:
`rows("leads")` is what a complete and correct reader must have in the end.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, Literal

from typing_extensions import override

from tools.sandbox.nexus import changes
from tools.sandbox.nexus.invent import MEMBERS, Inventor, object_id, primaries
from tools.sandbox.rows import Level, Record, Row, Rows, instant
from tools.sandbox.store import START, Store, Summary, no_collection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

LEADS = "leads"


class Organisation(Store):
    """One list, `leads`, a clock, and ways to change both; safe to use from threads.

    Same arguments and same calls: same bytes. Rows are in the documented order
    (section 2.2): by next call, then the newest first; then as they were entered.
    """

    created = "createdAt"
    ordered_by = frozenset({"nextCallAt", "createdAt"})
    inventor: Inventor

    def __init__(  # noqa: PLR0913
        self,
        leads: int = 500,
        seed: int = 1,
        start: datetime = START,
        *,
        people: Iterable[Record] = (),
        nulls: Literal["first", "last"] = "first",
        contact_edits_bump: bool = False,
    ) -> None:
        """Invent an organisation.

        `people` are leads of Rotor (`company.rows("leads")`): about a third of the leads
        here are then of them, with the same name, phone and e-mail address.

        The switches answer what the documentation leaves open: `nulls` (where rows
        without a next call stand; first is what MongoDB does, last PostgreSQL) and
        `contact_edits_bump` (whether an edit of a contact moves the `updatedAt` of its
        leads).
        """
        self._nulls = nulls
        self._contact_edits_bump = contact_edits_bump
        members = Random(f"{seed}/nexus members")
        ids = [object_id(members) for _ in range(MEMBERS)]
        known = sorted(people, key=lambda row: str(row.get("created_at")))
        first = Inventor(Random(f"{seed}/nexus leads"), ids, known)
        later = Inventor(Random(f"{seed}/nexus later"), ids, known)
        super().__init__({LEADS: Rows(newest_first=False)}, later, start)
        with no_collection():
            drafts = first.leads(first.moments(leads, self.now), self.now)
            self.lists[LEADS].fill(self.make_row(LEADS, row, {}, row["id"]) for row in drafts)

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

        The clock moves one `step`; `updatedAt` only if `contact_edits_bump`. Raises
        KeyError for a contact without leads.
        """
        with self.changing():
            ids = [row["id"] for row in self._leads_of(contact_id)]
            if not ids:
                raise KeyError(contact_id)
            self.now += self.step
            fields = primaries(fields)
            if self._contact_edits_bump:
                fields["updatedAt"] = self.now
            return [super(Organisation, self).edit(LEADS, row_id, **fields) for row_id in ids]

    @override
    def change(
        self,
        inserts: int | None = None,
        edits: int | None = None,
        reschedules: int | None = None,
        contact_edits: int | None = None,
        deletes: int | None = None,
    ) -> Summary:
        """Let some hours pass with realistic changes; None takes a share of all leads.

        Returns the ids by kind: `{"leads": {"inserted": [...], "edited": [...],
        "rescheduled": [...], "contact_edited": [...], "deleted": [...]}}`. All leads of
        a contact are edited with it, those too that something else happened to.
        """
        with self.changing():
            numbers = (inserts, edits, reschedules, contact_edits, deletes)
            return changes.play(self, numbers)

    @override
    def invent(self, list_name: str, created_at: str) -> tuple[Record, Record]:
        """Make a lead; nothing enters the list."""
        rows = self.lists[list_name]
        place = self.inventor.between(0, max(0, rows.count(Level.FULL) - 1))
        others = [row.decoded() for row in rows.slice(Level.FULL, place, place + 1)]
        return self.inventor.new_lead(created_at, others, self.now), {}

    @override
    def key(self, _list_name: str, record: Record, _hidden: Record, sequence: int) -> Any:
        """Return what a row is sorted by."""
        call, created = instant(record.get("nextCallAt")), instant(record.get("createdAt"))
        if created is None:
            # Whatever the row shows, the server knows when it was entered.
            created = instant(self.now) or 0
        if call is None:
            return (-1 if self._nulls == "first" else 1, 0, -created, sequence)
        return (0, call, -created, sequence)

    @override
    def rank(self, _list_name: str) -> Callable[[Row], Any] | None:
        """Return the documented order, which ends with the time of creation."""
        return lambda row: row.key[:-1]

    def _leads_of(self, contact_id: str) -> list[Record]:
        rows = self.lists[LEADS]
        # Most rows need no decoding to see that they are another's.
        written = contact_id.encode()
        everything = rows.slice(Level.FULL, 0, rows.count(Level.FULL))
        found = [row.decoded() for row in everything if written in row.data]
        return [row for row in found if row.get("contactId") == contact_id]
