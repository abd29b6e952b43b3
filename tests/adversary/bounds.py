"""How large a history may be, and what it comes to."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, fields

if t.TYPE_CHECKING:
    from tests.adversary.judge import Failure


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large a history may be: rows at first, runs, changes in a run, size of pages."""

    rows: int = 120
    runs: int = 5
    changes: int = 12
    smallest_page: int = 1


AS_LARGE_AS_EVER = Bounds()


@dataclass
class Counts:
    """What is counted of runs.

    Attributes:
        complete: Runs of status 0.
        disturbed: Runs that came to their end over a list that changed meanwhile, or answers
            that were wrong.
        disturbed_complete: Those of them with status 0.
        refused_at_rest: Runs of status 1 over a list at rest with honest answers.
    """

    runs: int = 0
    complete: int = 0
    disturbed: int = 0
    disturbed_complete: int = 0
    refused_at_rest: int = 0
    activated: int = 0
    requests: int = 0

    def add(self, other: Counts) -> None:
        """Add the counts of other runs."""
        for count in fields(Counts):
            setattr(self, count.name, getattr(self, count.name) + getattr(other, count.name))


@dataclass
class Outcome(Counts):
    """What a history showed; it ends with the first failure."""

    excused: dict[str, int] = field(default_factory=dict)
    failure: Failure | None = None
