"""Realistic rows for the made-up company, drawn from a seeded random state.

The fields of each row are those of the documentation, in its order, and no others; leads, of
which there can be a million, are in `leads.py`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tools.sandbox import vocabulary as words
from tools.sandbox.draw import TEXTS, YEARS, Draw, timestamp

if TYPE_CHECKING:
    from random import Random

    from tools.sandbox.rows import Draft, Record

# Of the first visit: days after the entry, hour in UTC, half hours.
VISIT = ((1, 30), (13, 22), (0, 1))
# A job's status is not shown; the usual list has the completed ones only.
STATUSES = (*["Completed"] * 16, "Scheduled", "Scheduled", "Pending", "Quote")


def mail_name(name: str) -> str:
    """Reduce a name to what stands in an e-mail address."""
    return name.replace("'", "").encode("ascii", "ignore").decode().lower()


class Inventor(Draw):
    """Makes rows. `team` and `pin_types` are set once, before the lists using them."""

    def __init__(self, random: Random, payment_field: str) -> None:
        """Draw everything from `random`; customers get the field `payment_field`."""
        super().__init__(random)
        self.payment_field = payment_field
        self.team: list[Record] = []
        self.pin_types: list[Record] = []

    # Parts of rows

    def money(self, low: int, high: int) -> float:
        """Draw an amount in dollars with cents."""
        return self.between(low * 100, high * 100) / 100

    def phone(self) -> str:
        """Draw a number in one of the two ways that people type it."""
        area, line = self.pick(words.AREA_CODES), self.between(0, 9999)
        return f"({area}) 555-{line:04}" if self.chance(0.5) else f"{area}555{line:04}"

    def email(self, first: str, last: str) -> str:
        """Make an address of a name; ASCII only, at a host that nobody owns."""
        name = f"{mail_name(first)}.{mail_name(last)}{self.between(1, 999)}"
        return f"{name}@{self.pick(words.MAIL_HOSTS)}"

    def person(self) -> Record:
        """Invent a team member: email, name, user_id."""
        first, last = self.pick(words.FIRST_NAMES), self.pick(words.LAST_NAMES)
        return {
            "email": self.email(first, last),
            "name": f"{first} {last}",
            "user_id": self.uuid(),
        }

    def place(self, latitude: float, longitude: float) -> list[float]:
        """Draw coordinates around a town: [latitude, longitude]."""
        draw = self.random.random
        return [
            round(latitude + (draw() - 0.5) / 5, 6),
            round(longitude + (draw() - 0.5) / 5, 6),
        ]

    # Rows

    def customer(self, created_at: str) -> Record:
        """Invent a customer: 14 fields."""
        chance, pick = self.chance, self.pick
        first, last = pick(words.FIRST_NAMES), pick(words.LAST_NAMES)
        city, state, zip3, latitude, longitude = pick(words.CITIES)
        company = f"{last} {pick(words.COMPANY_KINDS)}" if chance(0.15) else ""
        return {
            "id": self.uuid(),
            "address": {
                "city": city,
                "country": "US",
                "state": state,
                "street1": " ".join(
                    (str(self.between(100, 9899)), pick(words.STREETS), pick(words.STREET_KINDS))
                ),
                "zip": f"{zip3}{self.between(0, 99):02}",
                "street2": pick(words.SECOND_LINES) if chance(0.1) else None,
            },
            "company_name": company,
            "created_at": created_at,
            "email": self.email(first, last),
            "first_name": first,
            self.payment_field: chance(0.4),
            "last_name": last,
            "location": self.place(latitude, longitude) if chance(0.9) else None,
            "notes": pick(TEXTS),
            "phone": self.phone(),
            "source": pick(words.SOURCES),
            "status": "active" if chance(0.85) else "inactive",
            "tags": pick(words.TAG_LISTS) if chance(0.8) else None,
        }

    def pin(self, created_at: str) -> Record:
        """Invent a pin: 5 fields, none of them null."""
        _, _, _, latitude, longitude = self.pick(words.CITIES)
        kind = self.pick(self.pin_types)
        return {
            "id": self.uuid(),
            "created_at": created_at,
            "created_by": self.pick(self.team),
            "location": self.place(latitude, longitude),
            "pin_type": {name: kind[name] for name in ("id", "color", "label")},
        }

    def pin_type(self, number: int) -> Record:
        """Invent pin type `number`: 3 fields."""
        color, label = words.PIN_TYPES[number % len(words.PIN_TYPES)]
        again = number // len(words.PIN_TYPES)
        return {
            "id": self.uuid(),
            "color": color,
            "label": f"{label} {again + 1}" if again else label,
        }

    def service_plan(self, created_at: str, customer: Record | None) -> Record:
        """Invent a plan: 13 fields. Amounts in dollars.

        The jobs add up to one to three years of visits, each at the same price, and
        no more is received than the jobs done so far come to.
        """
        chance = self.chance
        frequency, visits = self.pick(words.FREQUENCIES)
        jobs = visits * (1 if frequency == "One-Time" else self.between(1, YEARS))
        done = self.between(0, jobs)
        scheduled = self.between(0, jobs - done)
        price = self.money(60, 900)
        paid = done if chance(0.8) else self.between(0, done)
        return {
            "id": self.uuid(),
            "active": done < jobs and chance(0.9),
            "created_at": created_at,
            "customer": customer,
            "num_completed_jobs": done,
            "num_pending_jobs": jobs - done - scheduled,
            "num_scheduled_jobs": scheduled,
            "sale_value": round(price * jobs, 2),
            "service_frequency": frequency,
            "service_type": self.pick(words.SERVICES),
            "sold_by": self.pick(self.team) if chance(0.9) else None,
            "start_date": created_at[:10],
            "total_received": round(price * paid, 2),
        }

    def serviced_job(
        self, created_at: str, plan: Record | None, customer: Record | None, now: datetime
    ) -> Draft:
        """Invent a job of a plan or, without one, of a customer: 7 fields.

        The first visit starts on the half hour some days after the job was entered; a
        pending job has no visit yet, and a job after `now` is not completed.
        """
        status = self.pick(STATUSES)
        days, hour, minute = (self.between(*ends) for ends in VISIT)
        day = datetime.fromisoformat(created_at) + timedelta(days=days)
        visit = day.replace(hour=hour, minute=minute * 30, second=0, microsecond=0)
        if status == "Completed" and visit > now:
            status = "Scheduled"
        price = self.money(60, 900)
        received = price if self.chance(0.85) else self.money(0, 60)
        crew: list[Record] = []
        for _ in range(self.between(1, 3)):
            member = self.pick(self.team)
            if member not in crew:
                crew.append(member)
        record = {
            "id": self.uuid(),
            "customer": plan["customer"] if plan else customer,
            "service_date": None if status == "Pending" else timestamp(visit),
            "service_plan_id": plan["id"] if plan else None,
            "technicians": crew,
            "total_outstanding": round(price - received, 2),
            "total_received": received,
        }
        return record, {"created_at": created_at, "status": status, "archived": False}


def customer_reference(customer: Record) -> Record:
    """Return what plans and jobs show of a customer."""
    names = ("id", "company_name", "first_name", "last_name")
    return {name: customer[name] for name in names}
