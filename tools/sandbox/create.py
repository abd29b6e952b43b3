"""Fills a new company with its first rows, quickly."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from tools.sandbox.draw import timestamp
from tools.sandbox.invent import Inventor, Record, customer_reference
from tools.sandbox.leads import leads

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tools.sandbox.company import Company

LISTS = (
    "leads",
    "customers",
    "pins",
    "pin_types",
    "service_plans",
    "serviced_jobs",
)
TEAM = 12
# Of the first visit: days after the entry, hour in UTC, half hours.
VISIT = ((1, 30), (13, 22), (0, 1))
# A job's status is not shown; the usual list has the completed ones only.
STATUSES = (*["Completed"] * 16, "Scheduled", "Scheduled", "Pending", "Quote")


def fill(company: Company, seed: int, sizes: Mapping[str, int]) -> None:
    """Invent the first rows of every list."""
    scale = sizes["leads"]
    size = {
        "customers": scale // 2,
        "pins": scale * 2,
        "pin_types": 6,
        "service_plans": scale // 4,
        "serviced_jobs": scale,
        **sizes,
    }
    first = _First(company, seed)
    # Plans point at customers, jobs at plans, pins at pin types.
    for name, drafts in (
        ("leads", first.leads(size["leads"])),
        ("pin_types", first.pin_types(size["pin_types"])),
        ("pins", first.pins(size["pins"])),
        ("customers", first.customers(size["customers"])),
        ("service_plans", first.service_plans(size["service_plans"])),
        ("serviced_jobs", first.serviced_jobs(size["serviced_jobs"])),
    ):
        make = company.make_row
        company.lists[name].fill(
            make(name, record, hidden, record["id"]) for record, hidden in drafts
        )


class _First:
    """Draws each list from its own random state: its length moves no other list."""

    def __init__(self, company: Company, seed: int) -> None:
        self.company = company
        self.seed = seed
        team = self._inventor("team")
        company.inventor.team = [team.person() for _ in range(TEAM)]
        self.customer_references: list[Record] = []
        self.plans: list[Record] = []

    def _inventor(self, name: str) -> Inventor:
        inventor = Inventor(Random(f"{self.seed}/{name}"), self.company.inventor.payment_field)
        inventor.team = self.company.inventor.team
        inventor.pin_types = self.company.inventor.pin_types
        return inventor

    def leads(self, count: int) -> Iterator[tuple[Record, Record]]:
        inventor = self._inventor("leads")
        moments = inventor.moments(count, self.company.now)
        for record in leads(inventor.random, inventor.team, moments):
            yield record, {}

    def pin_types(self, count: int) -> Iterator[tuple[Record, Record]]:
        inventor = self._inventor("pin_types")
        for number in range(count):
            kind = inventor.pin_type(number)
            self.company.inventor.pin_types.append(kind)
            yield kind, {}

    def pins(self, count: int) -> Iterator[tuple[Record, Record]]:
        inventor = self._inventor("pins")
        if count and not inventor.pin_types:
            message = "Pins need a pin type."
            raise ValueError(message)
        for created_at in inventor.moments(count, self.company.now):
            yield inventor.pin(created_at), {}

    def customers(self, count: int) -> Iterator[tuple[Record, Record]]:
        inventor = self._inventor("customers")
        for created_at in inventor.moments(count, self.company.now):
            record = inventor.customer(created_at)
            self.customer_references.append(customer_reference(record))
            yield record, {"archived": inventor.chance(0.06)}

    def service_plans(self, count: int) -> Iterator[tuple[Record, Record]]:
        inventor = self._inventor("service_plans")
        for created_at in inventor.moments(count, self.company.now):
            plan = inventor.service_plan(created_at, self._customer(inventor))
            self.plans.append(plan)
            yield plan, {}

    def serviced_jobs(self, count: int) -> Iterator[tuple[Record, Record]]:
        inventor = self._inventor("serviced_jobs")
        for created_at in inventor.moments(count, self.company.now):
            with_plan = self.plans and inventor.chance(0.7)
            plan = inventor.pick(self.plans) if with_plan else None
            customer = self._customer(inventor)
            yield draft_job(inventor, created_at, plan, customer, self.company.now)

    def _customer(self, inventor: Inventor) -> Record | None:
        references = self.customer_references
        return inventor.pick(references) if references else None


def draft_job(
    inventor: Inventor,
    created_at: str,
    plan: Record | None,
    customer: Record | None,
    now: datetime,
) -> tuple[Record, Record]:
    """Invent a job and what is hidden of it; `customer` is for a job without plan.

    The first visit starts on the half hour some days after the job was entered; a
    pending job has none yet, and none that lies after `now` is done.
    """
    status = inventor.pick(STATUSES)
    days, hour, minute = (inventor.between(*ends) for ends in VISIT)
    day = datetime.fromisoformat(created_at) + timedelta(days=days)
    visit = day.replace(hour=hour, minute=minute * 30, second=0, microsecond=0)
    if status == "Completed" and visit > now:
        status = "Scheduled"
    record = inventor.serviced_job(None if status == "Pending" else timestamp(visit), plan)
    if plan is None:
        record["customer"] = customer
    return record, {"created_at": created_at, "status": status, "archived": False}
