"""Realistic leads of the made-up organisation: 16 fields each.

Who they are is drawn as for Rotor's leads, or taken from there: a company that uses
both systems meets the same people in both.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tools.sandbox import vocabulary as words
from tools.sandbox.draw import Draw, timestamp
from tools.sandbox.leads import leads

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from random import Random

    from tools.sandbox.rows import Record

STATUSES = ("NOT_CONTACTED", "CONTACTED", "QUALIFIED", "CONVERTED", "LOST")
OPEN = STATUSES[:3]
OFTEN = (*STATUSES, "NOT_CONTACTED", "CONTACTED", "CONTACTED", "LOST", "LOST")
NEXT_STATUSES = {
    "NOT_CONTACTED": ("CONTACTED", "CONTACTED", "LOST"),
    "CONTACTED": ("QUALIFIED", "QUALIFIED", "LOST"),
    "QUALIFIED": ("CONVERTED", "LOST"),
    "CONVERTED": ("CONVERTED",),
    "LOST": ("LOST", "CONTACTED"),
}
SOURCES = ("website", "website", "referral", "linkedin", "cold call", "email", "event", None)
MEMBERS = 6
CONTACT = ("name", "phones", "emails", "primaryPhone", "primaryEmail", "contactId")
"""The fields that describe the contact behind a lead."""

KNOWN = 0.3
"""The share of the leads who are among Rotor's too,"""
AGAIN = 0.05
"""and of those with the contact of another lead."""
OVERDUE = timedelta(days=10)
CALL_DAYS = (1, 40)
CALL_HOURS = (13, 21)


def object_id(random: Random) -> str:
    """Draw an id of 24 hexadecimal digits."""
    return f"{random.getrandbits(96):024x}"


def e164(phone: str) -> str:
    """Write a number of North America in its international form."""
    return "+1" + "".join(filter(str.isdecimal, phone))


class Inventor(Draw):
    """Makes leads; `people` are leads of Rotor, oldest first, who may be leads here too."""

    def __init__(self, random: Random, members: Sequence[str], people: Sequence[Record]) -> None:
        """Draw everything from `random`."""
        super().__init__(random)
        self.members = members
        self.people = people

    def leads(self, moments: Sequence[str], now: datetime) -> Iterator[Record]:
        """Invent the leads that there are at first, one for each moment of creation."""
        latest: list[Record] = []
        for number, (created_at, person) in enumerate(
            zip(moments, self._persons(moments), strict=True)
        ):
            # Both lists are spread over the same years: at the same place, about the same time.
            known = self.people[number * len(self.people) // len(moments) :]
            lead = self.lead(created_at, person, known[:1], latest, now)
            latest = [*latest[-9:], lead]
            yield lead

    def new_lead(self, created_at: str, others: Iterable[Record], now: datetime) -> Record:
        """Invent a lead that is entered now; it may be of the contact of one of the others."""
        (person,) = self._persons([created_at])
        lead = self.lead(created_at, person, self.people, list(others), now)
        return {**lead, "status": "NOT_CONTACTED", "updatedAt": created_at}

    def lead(
        self,
        created_at: str,
        person: Record,
        known: Sequence[Record],
        others: Sequence[Record],
        now: datetime,
    ) -> Record:
        """Invent a lead of `person`, of somebody `known` or of the contact of an other."""
        status, created = self.pick(OFTEN), datetime.fromisoformat(created_at)
        if others and self.chance(AGAIN):
            other = self.pick(others)
            contact = {name: other[name] for name in CONTACT}
        else:
            contact = self._contact(self.pick(known) if known and self.chance(KNOWN) else person)
        called = 0.75 if status in OPEN else 0.05
        client = 0.8 if status == "CONVERTED" else 0.04
        company = f"{self.pick(words.LAST_NAMES)} {self.pick(words.COMPANY_KINDS)}"
        return {
            "id": object_id(self.random),
            **contact,
            "company": company if self.chance(0.25) else None,
            "source": self.pick(SOURCES),
            "status": status,
            "notes": person["notes"],
            "nextCallAt": self.call(created, now) if self.chance(called) else None,
            "createdAt": created_at,
            "updatedAt": timestamp(created + (now - created) * self.random.random() ** 3),
            "assignedToId": person["assigned_to"],
            "clientId": object_id(self.random) if self.chance(client) else None,
        }

    def call(self, earliest: datetime, now: datetime) -> str:
        """Draw the time of a call, on the quarter of an hour: some are overdue."""
        first = max(earliest, now - OVERDUE)
        day = first + timedelta(days=self.between(*CALL_DAYS))
        hour, quarter = self.between(*CALL_HOURS), self.between(0, 3)
        return timestamp(day.replace(hour=hour, minute=quarter * 15, second=0, microsecond=0))

    def phone(self) -> str:
        """Draw a number."""
        return f"+1{self.pick(words.AREA_CODES)}555{self.between(0, 9999):04}"

    def _persons(self, moments: Sequence[str]) -> Iterator[Record]:
        # Rotor's leads name who they are assigned to; here that is the id.
        return leads(self.random, [{"name": member} for member in self.members], moments)

    def _contact(self, person: Record) -> Record:
        """Return the contact that a lead of Rotor becomes."""
        phones = [e164(person["phone"])] if isinstance(person["phone"], str) else []
        emails = [person["email"].lower()] if isinstance(person["email"], str) else []
        if self.chance(0.15):
            phones.append(self.phone())
        contact = primaries({"name": person["name"], "phones": phones, "emails": emails})
        return {**contact, "contactId": object_id(self.random)}


def primaries(fields: Record) -> Record:
    """Add the first phone and the first e-mail address to the fields of a contact."""
    added: Record = {}
    for many, first in (("phones", "primaryPhone"), ("emails", "primaryEmail")):
        if many in fields:
            added[first] = fields[many][0] if fields[many] else None
    return {**fields, **added}
