"""Invents the first rows of a new company, quickly."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from tools.sandbox.invent import Inventor, customer_reference
from tools.sandbox.leads import leads

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
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
) -> Iterator[tuple[str, Iterable[Draft]]]:
    """Yield the name of each list with its first rows, to be consumed in this order.

    `later`, which invents all further rows, is given the team and the pin types. Each
    list has its own random state, so that its length does not change the other lists.
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

    def inventor_of(name: str) -> Inventor:
        inventor = Inventor(Random(f"{seed}/{name}"), later.payment_field)
        inventor.team, inventor.pin_types = later.team, later.pin_types
        return inventor

    def first(name: str) -> tuple[Inventor, list[str]]:
        """Return the inventor of a list and the times at which its rows were created."""
        inventor = inventor_of(name)
        return inventor, inventor.moments(size[name], now)

    team = inventor_of("team")
    later.team = [team.person() for _ in range(TEAM)]
    inventor, moments = first("leads")
    yield "leads", map(_with_nothing_hidden, leads(inventor.random, later.team, moments))
    inventor = inventor_of("pin_types")
    later.pin_types += [inventor.pin_type(number) for number in range(size["pin_types"])]
    yield "pin_types", map(_with_nothing_hidden, later.pin_types)
    inventor, moments = first("pins")
    yield "pins", map(_with_nothing_hidden, map(inventor.pin, moments))
    # Plans point at customers, jobs at plans.
    references: list[Record] = []
    yield "customers", _customers(*first("customers"), references)
    inventor, moments = first("service_plans")
    plans = [inventor.service_plan(moment, _one(inventor, references)) for moment in moments]
    yield "service_plans", map(_with_nothing_hidden, plans)
    yield "serviced_jobs", _jobs(*first("serviced_jobs"), plans, references, now)


def _with_nothing_hidden(record: Record) -> Draft:
    return record, {}


def _one(inventor: Inventor, records: list[Record]) -> Record | None:
    return inventor.pick(records) if records else None


def _customers(inventor: Inventor, moments: list[str], references: list[Record]) -> Iterator[Draft]:
    for created_at in moments:
        record = inventor.customer(created_at)
        references.append(customer_reference(record))
        yield record, {"archived": inventor.chance(0.06)}


def _jobs(
    inventor: Inventor,
    moments: list[str],
    plans: list[Record],
    references: list[Record],
    now: datetime,
) -> Iterator[Draft]:
    for created_at in moments:
        plan = inventor.pick(plans) if plans and inventor.chance(0.7) else None
        yield inventor.serviced_job(created_at, plan, _one(inventor, references), now)
