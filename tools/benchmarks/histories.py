"""What happens to a list while it is read: the same for whoever reads it, by the nth request."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from functools import partial
from random import Random

from tools.sandbox import Company, Sandbox
from tools.sandbox.rows import Level

LEADS = "leads"
PATH = "/leads"
PAGE = 1000
MOST_CHANGES = 5
Kind = t.Literal["enter", "leave", "batch"]
KINDS: tuple[Kind, ...] = ("enter", "leave", "batch")
# How many rows a change is about.
SIZES: t.Mapping[Kind, tuple[int, int]] = {"enter": (1, 3), "leave": (1, 3), "batch": (3, 20)}


@dataclass(frozen=True, slots=True)
class Change:
    """What happens right before an answer is made.

    Attributes:
        before: The number of the request that is answered next, the first being 1.
        enter: How many rows enter at the head.
        leave: Which rows leave, by their places in the list at that time, 0 being the newest.
        archive: Which rows are archived.
    """

    before: int
    enter: int = 0
    leave: tuple[int, ...] = ()
    archive: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    """A list of leads, with or without the archived ones, and how it changes."""

    leads: int
    archived: bool
    changes: tuple[Change, ...]

    def company(self) -> Company:
        """Return a company as it is before the first request: the same each time."""
        return Company(
            self.leads, customers=0, pins=0, pin_types=0, service_plans=0, serviced_jobs=0
        )

    def ids(self, company: Company) -> list[str]:
        """Return the ids of the list as it is now, in its order."""
        level = Level.FULL if self.archived else Level.USUAL
        with company.lock:
            return [row.id for row in company.lists[LEADS].order(level)]

    def prepare(self, sandbox: Sandbox) -> None:
        """Let the changes happen between the requests for the list that are to come.

        They count requests, whatever pages these ask for.
        """
        for change in self.changes:
            action = partial(self._play, sandbox.company, change)
            sandbox.before(PATH, None, action, nth=change.before)

    def _play(self, company: Company, change: Change) -> None:
        with company.changing():
            ids = self.ids(company)
            company.delete(LEADS, [ids[place] for place in change.leave])
            company.archive([ids[place] for place in change.archive])
            company.insert(LEADS, change.enter)


def draw(number: int, leads: int) -> History:
    """Return a history; the same number gives the same one.

    Every second is read without archived leads. There a batch leaves by being archived,
    in the others it is deleted, as duplicates are.
    """
    random = Random(f"{number}/changing")
    archived = number % 2 == 0
    still = History(leads, archived, ())
    length = len(still.ids(still.company()))
    # A reader that asks for no page twice makes so many requests.
    requests = max(2, -(-length // PAGE))
    changes: list[Change] = []
    moments = (random.randint(2, requests) for _ in range(random.randint(1, MOST_CHANGES)))
    for before in sorted(moments):
        kind = random.choice(KINDS)
        size = random.randint(*SIZES[kind])
        if kind == "enter":
            changes.append(Change(before, enter=size))
            length += size
            continue
        places = tuple(sorted(random.sample(range(length), size)))
        leaves = archived or kind == "leave"
        changes.append(Change(before, leave=places) if leaves else Change(before, archive=places))
        length -= size
    return History(leads, archived, tuple(changes))
