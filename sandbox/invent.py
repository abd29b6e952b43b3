"""Realistic rows for the made-up company, drawn from a seeded random state.

The fields of each row are those of the documentation (sections 3.2 to 3.6), in its
order, and no others; leads, of which there can be a million, are in `leads.py`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any, TypeVar

from sandbox import vocabulary as words

if TYPE_CHECKING:
    from collections.abc import Sequence

Record = dict[str, Any]
T = TypeVar("T")

YEARS = 3
DAY_MS = 86_400_000
# Central Time's working day in hours of UTC; few rows at night.
HOURS = (*range(24), *range(13, 23), *range(14, 23), *range(14, 22), *range(15, 21))
TIE_SHARE = 0.01


def timestamp(moment: datetime) -> str:
    """Write an aware time as the API does: `2026-02-03T10:11:12.345Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + (
        f"{moment.microsecond // 1000:03}Z"
    )


# Invented once; of varying length, a third of them none at all.
_TEXTS_RANDOM = Random("notes")
TEXTS: list[str | None] = [
    " ".join(_TEXTS_RANDOM.sample(words.NOTES, int(_TEXTS_RANDOM.random() ** 2 * 6))) or None
    for _ in range(1000)
]


def mail_name(name: str) -> str:
    """Reduce a name to what stands in an e-mail address."""
    return name.replace("'", "").encode("ascii", "ignore").decode().lower()


class Inventor:
    """Makes rows. `team` and `pin_types` are set once, before the lists using them."""

    def __init__(self, random: Random, payment_field: str) -> None:
        """Draw everything from `random`; customers get the field `payment_field`."""
        self.random = random
        self.payment_field = payment_field
        self.team: list[Record] = []
        self.pin_types: list[Record] = []

    # Drawing

    def pick(self, options: Sequence[T]) -> T:
        """Draw one of the options."""
        return options[int(self.random.random() * len(options))]

    def chance(self, share: float) -> bool:
        """Tell whether something happens that happens in `share` of all cases."""
        return self.random.random() < share

    def between(self, low: int, high: int) -> int:
        """Draw a whole number, both ends included."""
        return low + int(self.random.random() * (high - low + 1))

    def uuid(self) -> str:
        """Draw a UUID of version 4."""
        text = f"{self.random.getrandbits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"

    def money(self, low: int, high: int) -> float:
        """Draw an amount in dollars with cents."""
        return self.between(low * 100, high * 100) / 100

    def moments(self, count: int, end: datetime) -> list[str]:
        """Draw times of the years before `end`, oldest first, a few of them equal.

        They are spread evenly over the days, with more in the working day.
        """
        draw = self.random.random
        day = end.replace(hour=0, minute=0, second=0, microsecond=0)
        days = YEARS * 365
        # Whole days before the day of `end`, so that none is later than `end`.
        drawn = sorted(
            int(draw() * days) * DAY_MS
            + HOURS[int(draw() * len(HOURS))] * 3_600_000
            + int(draw() * 3_600_000)
            for _ in range(count)
        )
        for index in range(1, count):
            if draw() < TIE_SHARE:
                drawn[index] = drawn[index - 1]
        first = day - timedelta(days=days)
        dates = [f"{first + timedelta(days=n):%Y-%m-%dT}" for n in range(days)]
        texts = []
        for value in drawn:
            number, rest = divmod(value, DAY_MS)
            seconds, millis = divmod(rest, 1000)
            minutes, seconds = divmod(seconds, 60)
            texts.append(
                f"{dates[number]}{minutes // 60:02}:{minutes % 60:02}:{seconds:02}.{millis:03}Z"
            )
        return texts

    # Parts of rows

    def note(self) -> str | None:
        """Draw notes of none to five sentences."""
        return self.pick(TEXTS)

    def phone(self) -> str:
        """Draw a number in one of the two ways that people type it."""
        area, line = self.pick(words.AREA_CODES), self.between(0, 9999)
        return f"({area}) 555-{line:04}" if self.chance(0.5) else f"{area}555{line:04}"

    def email(self, first: str, last: str) -> str:
        """Make an address of a name; ASCII only, at a host that nobody owns."""
        name = f"{mail_name(first)}.{mail_name(last)}{self.between(1, 999)}"
        return f"{name}@{self.pick(words.MAIL_HOSTS)}"

    def member(self) -> Record:
        """Draw somebody of the team."""
        return self.pick(self.team)

    def person(self) -> Record:
        """Invent a team member: email, name, user_id."""
        first, last = self.pick(words.FIRST_NAMES), self.pick(words.LAST_NAMES)
        return {
            "email": self.email(first, last),
            "name": f"{first} {last}",
            "user_id": self.uuid(),
        }

    def street(self) -> str:
        """Draw a house number and a street."""
        return (
            f"{self.between(100, 9899)} {self.pick(words.STREETS)} {self.pick(words.STREET_KINDS)}"
        )

    def place(self, latitude: float, longitude: float) -> list[float]:
        """Draw coordinates around a town: [latitude, longitude]."""
        draw = self.random.random
        return [
            round(latitude + (draw() - 0.5) / 5, 6),
            round(longitude + (draw() - 0.5) / 5, 6),
        ]

    # Rows

    def customer(self, created_at: str) -> Record:
        """Invent a customer: 14 fields (section 3.2)."""
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
                "street1": self.street(),
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
            "notes": self.note(),
            "phone": self.phone(),
            "source": pick(words.SOURCES),
            "status": "active" if chance(0.85) else "inactive",
            "tags": pick(words.TAG_LISTS) if chance(0.8) else None,
        }

    def pin(self, created_at: str) -> Record:
        """Invent a pin: 5 fields (section 3.3), none of them null."""
        _, _, _, latitude, longitude = self.pick(words.CITIES)
        kind = self.pick(self.pin_types)
        return {
            "id": self.uuid(),
            "created_at": created_at,
            "created_by": self.member(),
            "location": self.place(latitude, longitude),
            "pin_type": {name: kind[name] for name in ("id", "color", "label")},
        }

    def pin_type(self, number: int) -> Record:
        """Invent pin type `number`: 3 fields (section 3.4)."""
        color, label = words.PIN_TYPES[number % len(words.PIN_TYPES)]
        again = number // len(words.PIN_TYPES)
        return {
            "id": self.uuid(),
            "color": color,
            "label": f"{label} {again + 1}" if again else label,
        }

    def service_plan(self, created_at: str, customer: Record | None) -> Record:
        """Invent a plan: 13 fields (section 3.5). Amounts in dollars.

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
            "sold_by": self.member() if chance(0.9) else None,
            "start_date": created_at[:10],
            "total_received": round(price * paid, 2),
        }

    def serviced_job(self, service_date: str | None, plan: Record | None) -> Record:
        """Invent a job of a plan, or of none: 7 fields (section 3.6).

        The caller gives a job without a plan its customer.
        """
        price = self.money(60, 900)
        received = price if self.chance(0.85) else self.money(0, 60)
        crew: list[Record] = []
        for _ in range(self.between(1, 3)):
            member = self.member()
            if member not in crew:
                crew.append(member)
        return {
            "id": self.uuid(),
            "customer": plan["customer"] if plan else None,
            "service_date": service_date,
            "service_plan_id": plan["id"] if plan else None,
            "technicians": crew,
            "total_outstanding": round(price - received, 2),
            "total_received": received,
        }


def customer_reference(customer: Record) -> Record:
    """Return what plans and jobs show of a customer."""
    names = ("id", "company_name", "first_name", "last_name")
    return {name: customer[name] for name in names}
