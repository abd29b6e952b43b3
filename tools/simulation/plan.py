"""What is to happen, drawn before it begins: a seed gives the same decisions however runs end."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tools.sandbox.create import LISTS
from tools.simulation.faults import DOUBTFUL, LASTING, PASSING
from tools.simulation.work import Change, draw_change, draw_change_meanwhile

if t.TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from random import Random

# Of meltano.yml's schedules: the night's run is a full refresh on Sundays.
NIGHT = timedelta(hours=1, minutes=30)
HOURS = range(4, 24)
HOURLY_STREAMS = ("leads", "pins")
SUNDAY = 6

# About how many requests the runs make, and lines: so far into them lies what is to happen
# meanwhile.
REQUESTS = {"hourly": 3, "nightly": 45, "full-refresh": 85}
LINES = {"hourly": 40, "nightly": 800, "full-refresh": 1500}

# How likely it is that something happens to a run.
CHANGED_MEANWHILE = 0.6
LASTING_FAULT = 0.07
DOUBTFUL_FAULT = 0.25
TWICE = 0.1
ENDED_BY_FORCE = 0.35
SHORT_OF_BUDGET = 0.05
SHORT_OF_QUOTA = 0.03

Kind = t.Literal["hourly", "nightly", "full-refresh"]
Act = t.Literal["kill tap", "terminate tap", "kill target", "kill both"]


@dataclass(frozen=True, slots=True)
class End:
    """A run's end before its time, right before an answer or behind a line of the tap's."""

    act: Act
    unit: t.Literal["requests", "lines"]
    after: int


@dataclass(frozen=True, slots=True)
class Run:
    """One scheduled run.

    Attributes:
        number: Its place in the simulation, from 1.
        at: When it begins, by the company's clock.
        lookback_days: The setting of that name.
        before: What the company does between the run before and this one.
        during: What the company does right before the nth answer, by n.
        rules: Faults, as the sandbox's rules.
        end: What ends it before its time.
        budget: Its setting `request_budget`.
        quota: How many requests the key has left this day, or None for what there is.
        batch_rows: The target's setting `batch_size_rows`.
    """

    number: int
    kind: Kind
    at: datetime
    streams: tuple[str, ...] = LISTS
    lookback_days: int = 30
    before: tuple[Change, ...] = ()
    during: t.Mapping[int, Change] = field(default_factory=dict)
    rules: tuple[t.Mapping[str, t.Any], ...] = ()
    end: End | None = None
    budget: int | None = None
    quota: int | None = None
    batch_rows: int | None = None

    @property
    def lasting(self) -> bool:
        """Whether there is a fault that does not pass."""
        return any(rule["times"] is None for rule in self.rules)

    @property
    def hangs(self) -> bool:
        """Whether an answer does not come in time."""
        return any(rule["kind"] == "hang" for rule in self.rules)

    @property
    def must_succeed(self) -> bool:
        """Whether nothing happens that would excuse another status than 0."""
        rationed = self.budget or self.quota is not None
        return not (self.during or self.lasting or self.end or rationed)


def runs(random: Random, first: date, days: int, hourly: int) -> Iterator[Run]:
    """Draw all runs: each night's, and `hourly` of those of each day."""
    number = 0
    for day in range(days):
        midnight = datetime.fromisoformat(f"{first + timedelta(days=day)}T00:00:00Z")
        night: Kind = "full-refresh" if midnight.weekday() == SUNDAY else "nightly"
        hours = sorted(random.sample(HOURS, hourly))
        moments: list[tuple[timedelta, Kind]] = [(NIGHT, night)]
        moments += [(timedelta(hours=hour), "hourly") for hour in hours]
        for moment, kind in moments:
            number += 1
            yield _run(random, number, kind, midnight + moment)


def last_run(number: int, at: datetime) -> Run:
    """Return the full refresh that must make all equal."""
    return Run(number, "full-refresh", at)


def _run(random: Random, number: int, kind: Kind, at: datetime) -> Run:
    hourly = kind == "hourly"
    requests = REQUESTS[kind]
    changes = random.randint(1, 2 if hourly else 8) if random.random() < CHANGED_MEANWHILE else 0
    return Run(
        number,
        kind,
        at,
        streams=HOURLY_STREAMS if hourly else LISTS,
        lookback_days=1 if hourly else 30,
        before=tuple(draw_change(random) for _ in range(random.randint(1, 8))),
        during={_moment(random, requests): draw_change_meanwhile(random) for _ in range(changes)},
        rules=_rules(random, requests),
        end=_end(random, kind) if random.random() < ENDED_BY_FORCE else None,
        budget=random.randint(3, requests) if random.random() < SHORT_OF_BUDGET else None,
        quota=random.randint(0, requests) if random.random() < SHORT_OF_QUOTA else None,
        batch_rows=random.choice([None, 50]),
    )


def _rules(random: Random, requests: int) -> tuple[t.Mapping[str, t.Any], ...]:
    """Draw the faults of a run: most pass, some come twice in a row, few stay."""
    rules = []
    if random.random() < LASTING_FAULT:
        path = random.choice([None, *("/" + name.replace("_", "-") for name in LISTS)])
        where = {"path": path, "nth": _moment(random, 6), "times": None}
        rules.append({**random.choice(LASTING), **where})
    for _ in range(random.choice([0, 0, 1, 1, 2])):
        kinds = DOUBTFUL if random.random() < DOUBTFUL_FAULT else PASSING
        times = 2 if kinds is PASSING and random.random() < TWICE else 1
        rules.append({**random.choice(kinds), "nth": _moment(random, requests), "times": times})
    return tuple(rules)


def _end(random: Random, kind: Kind) -> End:
    act = random.choice(t.get_args(Act))
    if random.choice([True, False]):
        return End(act, "requests", _moment(random, REQUESTS[kind]))
    return End(act, "lines", random.randint(1, LINES[kind]))


def _moment(random: Random, requests: int) -> int:
    """Draw the number of a request, an early one more often: many runs are short."""
    return 1 + int(requests * random.random() ** 1.5)
