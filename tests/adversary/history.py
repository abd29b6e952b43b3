"""A random history: a list, some runs that read it, and what happens meanwhile."""

from __future__ import annotations

import json
import typing as t
from dataclasses import replace
from random import Random

from tests.adversary.bounds import AS_LARGE_AS_EVER, Bounds, Outcome
from tests.adversary.judge import Failure, Judge, Stored, limits_after
from tests.adversary.moments import DAY, text
from tests.adversary.protocol import Settings
from tests.adversary.server import Server
from tests.adversary.world import World

if t.TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.adversary.protocol import Reading, Session

KINDS = ("leads", "customers", "jobs")
MOST_REQUESTS = 1500
_NEVER = 10**9


class History:
    """One history, all of it drawn from a seed."""

    def __init__(
        self,
        seed: int,
        kind: str,
        dimensions: Iterable[str],
        bounds: Bounds = AS_LARGE_AS_EVER,
        trace: list[str] | None = None,
    ) -> None:
        """Draw the list and the first settings."""
        # Sorted, as the order of sets of text differs from process to process.
        self.name = f"{seed} {kind} {' '.join(sorted(dimensions))}"
        self.rng, self.bounds, self.trace = Random(self.name), bounds, trace
        self.dimensions = has = frozenset(dimensions)
        page_size, rows = self._page_size(), bounds.rows
        if page_size < 5:
            rows //= 2
        elif page_size >= 20 and self.rng.random() < 0.15:
            rows *= 3
        self.world = World(self.rng, kind, has, rows)
        self.world.trace = trace
        self.server = Server(self.world, self.rng)
        self.judge = Judge()
        self.outcome = Outcome()
        self.settings = Settings(
            page_size=page_size,
            lookback_days=self.rng.choice([0, 1, 30]),
            include_archived=not ("archive" in has and self.rng.random() < 0.75),
            full_table=kind != "leads" or self.rng.random() < 0.15,
            newest_first=kind == "leads",
            dated=kind != "jobs",
        )
        if "start_date" in has and self.rng.random() < 0.5:
            self._set("start_date")
        self.stored = [Stored({})]

    def play(self, reading: Reading) -> Outcome:
        """Let a reading read the list, run after run."""
        runs = 1 + self.rng.randrange(self.bounds.runs)
        for number in range(runs):
            # So that readings that ask for more or less meet the same from then on.
            self.rng.seed(f"{self.name} {number}")
            if number:
                self._between()
            self.outcome.failure = self._run(reading, number + 1)
            if self.outcome.failure:
                break
        self.outcome.excused = self.judge.excused
        return self.outcome

    def _run(self, reading: Reading, number: int) -> Failure | None:
        world, server, rng, has = self.world, self.server, self.rng, self.dimensions
        settings, outcome = self.settings, self.outcome
        if world.filtered == settings.include_archived:
            world.filtered = not settings.include_archived
            world.lengths = [world.length]
        server.begin_run()
        server.left = min(server.left, self.bounds.changes)
        refresh = number > 1 and "refresh" in has and rng.random() < 0.4
        stored = Stored({}) if refresh else self.stored[-1]
        started = world.now
        if "clock" in has:
            started += rng.choice([-1, 1]) * rng.choice([0.0, 3.0, 90.0, 4000.0, 3 * DAY, 90 * DAY])
        interrupted, acknowledged = self._breaks()
        self._say(f"run {number}: {settings}, {len(world.items)} rows, {stored}")
        session = reading.begin(json.loads(json.dumps(stored.entry)), settings, text(started))
        entry, since, before = stored.entry, 0, 0
        asked = session.asks()
        requests = 0
        world.there = world.alive = None
        while asked is not None:
            if requests == interrupted:
                self._interrupt(stored, entry, since, refresh=refresh)
                return None
            if requests == MOST_REQUESTS:
                return Failure("endless", "", ())
            server.happen()
            if not requests:
                since = before = len(world.journal)
                self.judge.begin(number, since)
                world.watch()
            requests += 1
            outcome.requests += 1
            answer = server.answer(asked)
            if answer is None:
                self._say(f"  {asked} refused")
                session.vanished()
            else:
                rows = session.takes(answer)
                self._say_answer(answer, rows)
                self.judge.load(rows, number)
            if requests <= acknowledged:
                entry = session.entry() if acknowledged != _NEVER else entry
            asked = session.asks()
        changed = len(world.journal) > before or server.contradicted > 0
        failure = self._end(session, stored, number, disturbed=changed)
        self._store_end(session, stored, entry, since, refresh=refresh)
        world.there = world.alive = None
        return failure

    def _breaks(self) -> tuple[int, int]:
        """Return after how many answers the run breaks off, and which was the last remembered."""
        rng, has = self.rng, self.dimensions
        pages = len(self.world.items) // self.settings.page_size + 2
        interrupted = acknowledged = _NEVER
        if "interruptions" in has and rng.random() < 0.5:
            interrupted = acknowledged = rng.randrange(pages + 1)
            if rng.random() < 0.3:
                acknowledged = rng.randrange(pages + 1)
        elif "states" in has:
            acknowledged = rng.randrange(pages + 1)
        return interrupted, acknowledged

    def _end(
        self, session: Session, stored: Stored, number: int, *, disturbed: bool
    ) -> Failure | None:
        outcome, ending = self.outcome, session.ends()
        self._ending = ending
        self._say(f"  {ending} {session.entry()}")
        outcome.runs += 1
        outcome.complete += not ending.status
        outcome.activated += ending.activates
        outcome.disturbed += disturbed
        outcome.disturbed_complete += disturbed and not ending.status
        outcome.refused_at_rest += not disturbed and ending.status != 0
        return self.judge.end(self.world, self.settings, stored, ending, number)

    # The state that comes back

    def _interrupt(
        self, stored: Stored, entry: dict[str, t.Any], since: int, *, refresh: bool
    ) -> None:
        self._say("  interrupted")
        self.world.there = self.world.alive = None
        self._store(self._partial(stored, entry, since), refresh=refresh)

    def _partial(self, stored: Stored, entry: dict[str, t.Any], since: int) -> Stored:
        """Return what an unfinished run leaves."""
        return Stored(
            entry,
            since=since if stored.since is None else stored.since,
            until=len(self.world.journal) if stored.since is None else stored.until,
            edge=self.world.now,
            resumed=True,
            limits=limits_after(self.settings, stored),
        )

    def _store_end(
        self,
        session: Session,
        stored: Stored,
        entry: dict[str, t.Any],
        since: int,
        *,
        refresh: bool,
    ) -> None:
        if self._ending.status:
            self._store(self._partial(stored, session.entry(), since), refresh=refresh)
            return
        resumed = stored.resumed
        complete = Stored(
            session.entry(),
            since=since,
            until=len(self.world.journal),
            resumed=resumed,
            limits=limits_after(self.settings, stored),
        )
        if "states" in self.dimensions and self.rng.random() < 0.4:
            if self.rng.random() < 0.5:
                self._say("  state lost")
                return
            self._say("  state acknowledged late")
            complete = self._partial(stored, entry, since)
        self._store(complete, refresh=refresh)

    def _store(self, new: Stored, *, refresh: bool) -> None:
        """Keep a state; after a full refresh, and now and then else, as a merge with the old."""
        old = self.stored[-1]
        if refresh or ("states" in self.dimensions and self.rng.random() < 0.3):
            merged = {**old.entry, **new.entry}
            since = new.since
            if old.since is not None and new.resumed:
                since = min(old.since, _NEVER if since is None else since)
            new = replace(new, entry=merged, since=since)
        self.stored.append(new)

    # Between runs

    def _between(self) -> None:
        world, rng, has = self.world, self.rng, self.dimensions
        world.now += rng.choice([1.0, 30.0, 400.0, 3600.0, DAY, 40 * DAY])
        for _ in range(min(self.bounds.changes, rng.choice([0, 0, 1, 2, 4, 8]))):
            world.change()
            world.now += rng.choice([0.1, 20.0, 400.0])
        if rng.random() < 0.25:
            world.grow(min(3 * self.bounds.changes, rng.choice([6, 20, 60])))
        changes: list[str] = []
        if "settings" in has and rng.random() < 0.4:
            changes.append(rng.choice(["lookback", "filter", "page_size", "method"]))
        if "start_date" in has and rng.random() < 0.5:
            changes.append("start_date")
        for change in changes:
            self._set(change)
        if "archive" in has and rng.random() < 0.1:
            self._set("filter")

    def _set(self, change: str) -> None:
        settings, rng = self.settings, self.rng
        match change:
            case "lookback":
                settings = replace(settings, lookback_days=rng.choice([0, 1, 7, 30, 400]))
            case "filter":
                settings = replace(settings, include_archived=not settings.include_archived)
            case "page_size":
                settings = replace(settings, page_size=self._page_size())
            case "method" if self.world.kind == "leads":
                settings = replace(settings, full_table=not settings.full_table)
            case "start_date":
                settings = replace(settings, start_date=self._start_date())
        self.settings = settings

    def _start_date(self) -> str | None:
        rng = self.rng
        dated = [item.when for item in self.world.items if item.when is not None]
        if rng.random() < 0.4 or not dated:
            return None
        if rng.random() < 0.3:
            return text(self.world.now)
        return text(rng.choice(dated))

    def _page_size(self) -> int:
        smallest = self.bounds.smallest_page
        low, high = self.rng.choice([(20, 60), (20, 60), (5, 19), (1, 4)])
        return max(smallest, self.rng.randint(low, high))

    # The trace

    def _say(self, line: str) -> None:
        if self.trace is not None:
            self.trace.append(line)

    def _say_answer(self, answer: t.Any, rows: t.Sequence[t.Any]) -> None:
        if self.trace is None:
            return
        went = {row.id for row in rows}
        shown = " ".join(f"{row.id}{'' if row.id in went else '-'}" for row in answer.rows)
        self.trace.append(
            f"  page {answer.number} limit {answer.limit} total {answer.total} "
            f"more {answer.has_more} date {answer.date} age {answer.age}: {shown}"
        )
