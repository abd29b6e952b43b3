"""Invents the first rows of a new company, quickly."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from tools.sandbox.invent import Inventor, customer_reference
from tools.sandbox.leads import leads

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from tools.sandbox.rows import Draft, Record

LISTS = (
    "leads",
    "customers",
    "pins",
    "pin_types",
    "service_plans",
    "serviced_jobs",
)
TEAM = 12


def first_drafts(
    later: Inventor, seed: int, sizes: Mapping[str, int], now: datetime
) -> Iterator[tuple[str, Iterator[Draft]]]:
    """Invent the first rows of every list, to be taken in this order.

    `later`, who invents all further rows, gets the team and the pin types.
    """
    scale = sizes["leads"]
    size = {
        "customers": scale // 2,
        "pins": scale * 2,
        "pin_types": 6,
        "service_plans": scale // 4,
        "serviced_jobs": scale,
        **sizes,
    }
    first = _First(later, seed, now)
    # Plans point at customers, jobs at plans, pins at pin types.
    yield "leads", first.leads(size["leads"])
    yield "pin_types", first.pin_types(size["pin_types"])
    yield "pins", first.pins(size["pins"])
    yield "customers", first.customers(size["customers"])
    yield "service_plans", first.service_plans(size["service_plans"])
    yield "serviced_jobs", first.serviced_jobs(size["serviced_jobs"])


class _First:
    """Draws each list from its own random state: its length moves no other list."""

    def __init__(self, later: Inventor, seed: int, now: datetime) -> None:
        self.later = later
        self.seed = seed
        self.now = now
        team = self._inventor("team")
        later.team = [team.person() for _ in range(TEAM)]
        self.customer_references: list[Record] = []
        self.plans: list[Record] = []

    def _inventor(self, name: str) -> Inventor:
        inventor = Inventor(Random(f"{self.seed}/{name}"), self.later.payment_field)
        inventor.team = self.later.team
        inventor.pin_types = self.later.pin_types
        return inventor

    def leads(self, count: int) -> Iterator[Draft]:
        inventor = self._inventor("leads")
        moments = inventor.moments(count, self.now)
        for record in leads(inventor.random, inventor.team, moments):
            yield record, {}

    def pin_types(self, count: int) -> Iterator[Draft]:
        inventor = self._inventor("pin_types")
        for number in range(count):
            kind = inventor.pin_type(number)
            self.later.pin_types.append(kind)
            yield kind, {}

    def pins(self, count: int) -> Iterator[Draft]:
        inventor = self._inventor("pins")
        for created_at in inventor.moments(count, self.now):
            yield inventor.pin(created_at), {}

    def customers(self, count: int) -> Iterator[Draft]:
        inventor = self._inventor("customers")
        for created_at in inventor.moments(count, self.now):
            record = inventor.customer(created_at)
            self.customer_references.append(customer_reference(record))
            yield record, {"archived": inventor.chance(0.06)}

    def service_plans(self, count: int) -> Iterator[Draft]:
        inventor = self._inventor("service_plans")
        for created_at in inventor.moments(count, self.now):
            plan = inventor.service_plan(created_at, self._customer(inventor))
            self.plans.append(plan)
            yield plan, {}

    def serviced_jobs(self, count: int) -> Iterator[Draft]:
        inventor = self._inventor("serviced_jobs")
        for created_at in inventor.moments(count, self.now):
            with_plan = self.plans and inventor.chance(0.7)
            plan = inventor.pick(self.plans) if with_plan else None
            customer = self._customer(inventor)
            yield inventor.serviced_job(created_at, plan, customer, self.now)

    def _customer(self, inventor: Inventor) -> Record | None:
        references = self.customer_references
        return inventor.pick(references) if references else None
