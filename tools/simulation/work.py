"""What the people of the company do: they enter, edit, archive and delete rows."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import timedelta

if t.TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from tools.sandbox import Company

_T = t.TypeVar("_T")
Kind = t.Literal["enter", "enter at once", "import", "edit", "archive", "delete"]

ARCHIVED = ("leads", "customers", "serviced_jobs")
# How often each is changed, beside the others.
LISTS = {
    "leads": 6,
    "pins": 6,
    "customers": 3,
    "service_plans": 2,
    "serviced_jobs": 4,
    "pin_types": 1,
}
KINDS: dict[Kind, int] = {
    "enter": 6,
    "enter at once": 1,
    "import": 1,
    "edit": 4,
    "archive": 2,
    "delete": 4,
}
"""How often each comes, beside the others."""
KINDS_MEANWHILE: dict[Kind, int] = {**KINDS, "enter": 4, "edit": 1, "delete": 10}
# How likely it is that a change during a run is not of the list that is being read.
ELSEWHERE = 0.3
YEARS = timedelta(days=1000)


@dataclass(frozen=True, slots=True)
class Change:
    """A change of some rows of one list.

    Attributes:
        list_name: The list, or None for the one that is being read.
        count: How many rows.
        place: Where in the list, from 0.0 (its head) to 1.0; of one that is being read, the part
            up to the page that is asked for.
        number: What edited rows take values from.
    """

    kind: Kind
    list_name: str | None
    count: int
    place: float
    number: int


@dataclass(frozen=True, slots=True)
class Asked:
    """The list that is being read, and how many rows it has up to the page asked for."""

    list_name: str
    rows: int


def draw_change(random: Random) -> Change:
    """Draw a change between two runs."""
    return Change(
        kind=_weighted(random, KINDS),
        list_name=_weighted(random, LISTS),
        count=random.randint(1, 12),
        place=random.random() ** 1.5,
        number=random.randrange(100_000),
    )


def draw_change_meanwhile(random: Random) -> Change:
    """Draw a change in the middle of a run, mostly of the rows that were just read."""
    return Change(
        kind=_weighted(random, KINDS_MEANWHILE),
        list_name=_weighted(random, LISTS) if random.random() < ELSEWHERE else None,
        count=random.randint(1, 3),
        place=random.random(),
        number=random.randrange(100_000),
    )


def _weighted(random: Random, weights: Mapping[_T, int]) -> _T:
    return random.choices([*weights], [*weights.values()])[0]


def apply(company: Company, change: Change, asked: Asked | None = None) -> set[str]:
    """Make a change; return the ids of rows that entered with a creation date long past."""
    name = change.list_name or (asked.list_name if asked else "leads")
    with company.changing():
        if change.kind == "import" and name != "pin_types":
            # All of one moment, as imports are.
            moment = company.now - YEARS * change.place
            rows = company.insert(name, change.count, created_at=moment)
            return {row["id"] for row in rows}
        if change.kind in {"enter", "enter at once", "import"}:
            company.step = timedelta(seconds=0 if change.kind == "enter at once" else 1)
            shown = {"status": "Completed"} if name == "serviced_jobs" else {}
            company.insert(name, change.count, **shown)
            company.step = timedelta(seconds=1)
            return set()
        end = None if change.list_name or not asked else asked.rows
        ids = [row["id"] for row in company.rows(name)]
        first = int(change.place * len(ids[:end]))
        ids = ids[first : first + change.count]
        if change.kind == "delete" and name != "pin_types":
            company.delete(name, ids)
        elif change.kind == "archive" and name in ARCHIVED:
            company.archive(ids)
        else:
            for row_id in ids:
                company.edit(name, row_id, **_news(name, change.number))
    return set()


def _news(list_name: str, number: int) -> dict[str, t.Any]:
    money = number / 100
    news: dict[str, dict[str, t.Any]] = {
        "leads": {
            "stage": f"Stage {number % 7}",
            "projected_value": money,
            "notes": f"Called, {number} ü😀 \\ \"' times\n",
            "tags": [f"tag {number % 5}", "a,b", '"'],
        },
        "customers": {"phone": f"(515) 555-{number:05}", "notes": None, "tags": []},
        "pins": {"location": [number / 1000, -money]},
        "pin_types": {"label": f"Label {number}"},
        "service_plans": {"total_received": money, "active": bool(number % 2)},
        "serviced_jobs": {"total_received": money},
    }
    return news[list_name]
