"""Plays the plan: run after run, with checks after each."""

from __future__ import annotations

import subprocess
import typing as t
from datetime import UTC, datetime, timedelta
from random import Random

from tools.harness import log
from tools.sandbox import Company, Rule, Sandbox
from tools.sandbox.create import LISTS
from tools.simulation import checks
from tools.simulation.checks import Wrong
from tools.simulation.pipe import Outcome, Pipe
from tools.simulation.plan import HOURLY_STREAMS, Run, last_run, runs
from tools.simulation.settings import PAGE_SIZE, Commands
from tools.simulation.tally import Tally
from tools.simulation.work import Asked, Change, apply

if t.TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import psycopg

    from tools.harness.postgres import Postgres

# A Monday long past: no clock of a machine may lie behind the company's.
START = datetime(2025, 3, 3, tzinfo=UTC)
LEADS = 300
QUOTA = 1000
DAY = timedelta(days=1)
TERMINATED = 143
KILLED = -9
SIGNALS = {TERMINATED: "terminated", KILLED: "killed"}
# How a run with status 1 ended, by the code of its last line.
ENDINGS = {"output_lost": "target lost", "quota_spent": "out of quota", "unproven": "unproven"}


class Simulation:
    """A company, its API, the tap and the warehouse, over `days` days.

    Attributes:
        tally: What happened so far.
        log: What tap and target printed in the latest run.
    """

    def __init__(  # noqa: PLR0913
        self,
        folder: Path,
        postgres: Postgres,
        *,
        seed: int,
        days: int,
        hourly: int,
        leads: int = LEADS,
        tell: Callable[[str], None] = lambda _line: None,
    ) -> None:
        """Take a folder of one's own and the embedded server, started and empty."""
        self.tally = Tally()
        self.folder = folder
        self.log = folder
        self._postgres = postgres
        self._plan = [*runs(Random(seed), START.date(), days, hourly)]
        self._company = Company(leads=leads, seed=seed, start=START)
        self._tell = tell
        self._state: dict[str, t.Any] | None = None
        self._first = checks.ids(self._company, LISTS)
        self._imported: set[str] = set()
        self._complete: set[str] = set()
        self._quota_day = START.date()
        self._changed = False

    def play(self) -> None:
        """Play all days, then one full refresh that must make all equal.

        Raises:
            Wrong: Something was not as it must be.
        """
        with Sandbox(self._company) as sandbox, self._postgres.connect() as connection:
            commands = Commands(self.folder, sandbox, self._postgres)
            for run in self._plan:
                self._play(run, sandbox, commands, connection)
            # A day on, when the quota is whole again.
            end = last_run(len(self._plan) + 1, self._company.now + DAY)
            self._play(end, sandbox, commands, connection)
            for name in LISTS:
                self.tally.last[name] = checks.equal(connection, self._company, name)

    def _play(
        self, run: Run, sandbox: Sandbox, commands: Commands, connection: psycopg.Connection
    ) -> None:
        self._work(run)
        excused = self._ration(run, sandbox)
        there = checks.ids(self._company, run.streams)
        state = None if run.kind == "full-refresh" else self._state
        self._changed = False
        outcome = self._load(run, sandbox, commands, state)
        ending = self._ending(outcome)
        self._tell(self.tally.run(run, ending, outcome, sandbox.count()))
        self._check_end(run, outcome, excused=excused)
        if outcome.state is not None:
            checks.forward(state, outcome.state)
            self._state = outcome.state
        lost = run.end is not None and outcome.acted and run.end.act in {"kill target", "kill both"}
        if ending == "complete" and not lost:
            self._check_rows(run, there, connection)
            self._check_read(run, there, state, outcome)

    def _work(self, run: Run) -> None:
        """Let the company work up to the moment of the run."""
        company = self._company
        for left, change in enumerate(reversed(run.before)):
            company.advance(max(run.at - company.now, timedelta()) / (left + 2))
            self._apply(change, "between")
        company.advance(max(run.at - company.now, timedelta()))

    def _apply(self, change: Change, when: str, asked: Asked | None = None) -> None:
        self._imported |= apply(self._company, change, asked)
        self.tally.changes[f"{change.kind} ({when})"] += 1

    def _ration(self, run: Run, sandbox: Sandbox) -> bool:
        """Set the day's quota; return whether it is spent early today."""
        key = sandbox.keys[sandbox.api_key]
        today = self._company.now.date()
        if today != self._quota_day:
            self._quota_day, key.quota = today, QUOTA
        if run.quota is not None:
            key.quota = min(key.quota, sandbox.spent() + run.quota)
        return key.quota < QUOTA

    def _load(
        self, run: Run, sandbox: Sandbox, commands: Commands, state: dict[str, t.Any] | None
    ) -> Outcome:
        """Run tap and target as the plan says."""
        sandbox.faults.clear()
        sandbox.reset_log()
        rules = [sandbox.rule(**rule) for rule in run.rules]
        self.log = self.folder / "runs" / str(run.number)
        pipe: Pipe

        def before_answer() -> None:
            """Stand between two requests, when all of the tap's lines are passed on."""
            sandbox.before(None, None, before_answer)
            pipe.catch_up()
            number = sandbox.count()
            if change := run.during.get(number):
                self._changed = True
                request = sandbox.requests[-1]
                size = int(request.query.get("limit", PAGE_SIZE))
                rows = int(request.query.get("page", 1)) * size
                name = request.path.removeprefix("/").replace("-", "_")
                asked = Asked(name if name in LISTS else LISTS[0], rows)
                self._apply(change, "during", asked)
            if run.end and run.end.unit == "requests" and run.end.after == number:
                pipe.act(run.end.act)

        sandbox.before(None, None, before_answer)
        pipe = Pipe(
            commands.tap(run, state),
            commands.target(run),
            commands.environment(),
            self.log,
            run.end,
        )
        try:
            outcome = pipe.run()
        except subprocess.TimeoutExpired as error:
            message = f"the run does not end: {error}"
            raise Wrong(message) from None
        self._count_faults(sandbox, rules)
        return outcome

    def _count_faults(self, sandbox: Sandbox, rules: list[Rule]) -> None:
        if sandbox.errors:
            raise sandbox.errors[0]
        for rule in rules:
            name = f"status {rule.status}" if rule.kind == "status" else rule.kind
            met = max(0, sandbox.count(rule.path) - rule.nth + 1)
            self.tally.faults[name] += met if rule.times is None else min(met, rule.times)

    def _ending(self, outcome: Outcome) -> str:
        if outcome.tap in SIGNALS:
            return SIGNALS[outcome.tap]
        codes = [fields["code"] for fields in log.fields(self._tap_log())]
        if outcome.tap == 0:
            return "out of budget" if "budget_spent" in codes else "complete"
        return ENDINGS.get(codes[-1] if codes else "", "failed")

    def _tap_log(self) -> list[dict[str, t.Any]]:
        return log.lines((self.log / "tap.err").read_text(encoding="utf-8"))

    def _check_end(self, run: Run, outcome: Outcome, *, excused: bool) -> None:
        """Check that statuses and last words are those that the plan explains.

        Raises:
            Wrong: They are not.
        """
        act = run.end.act if run.end and outcome.acted else None
        at_request = run.end is not None and run.end.unit == "requests"
        taps = {0, 1}
        if act in {"kill tap", "kill both"}:
            taps = {KILLED} if at_request else {0, 1, KILLED}
        elif act == "terminate tap":
            taps = {TERMINATED} if at_request else {0, 1, TERMINATED}
        elif run.must_succeed and not excused:
            taps = {0}
        targets = {0, None, KILLED} if act in {"kill target", "kill both"} else {0, None}
        lines = self._tap_log()
        for wrong, what in (
            (outcome.tap not in taps, f"the tap ended with {outcome.tap}, not one of {taps}"),
            (outcome.target not in targets, f"the target ended with {outcome.target}"),
            (outcome.half_line, "the tap ended in the middle of a line"),
            (any(map(_told_of_traceback, lines)), "the tap told of a traceback"),
            (
                outcome.tap == 1 and [line["level"] for line in lines[-1:]] != ["error"],
                "the tap's last line says nothing",
            ),
        ):
            if wrong:
                raise Wrong(what)

    def _check_rows(
        self, run: Run, there: dict[str, set[str]], connection: psycopg.Connection
    ) -> None:
        """Check the promise, and where nothing moved that what was read whole is equal.

        Raises:
            Wrong: A row is missing or differs.
        """
        self._complete.update(run.streams)
        now = checks.ids(self._company, LISTS)
        for name in sorted(self._complete):
            must = self._first[name] & now[name]
            checks.nothing_missing(connection, name, must, "the first run")
            self.tally.promises += len(must)
        for name in run.streams:
            # What was imported with an old date may wait for the next full refresh.
            must = (there[name] & now[name]) - self._imported
            checks.nothing_missing(connection, name, must, "before this run")
            self.tally.promises += len(must)
            whole = run.kind == "full-refresh" or name not in HOURLY_STREAMS
            if whole and not self._changed:
                self.tally.compared += checks.equal(connection, self._company, name)

    def _check_read(
        self,
        run: Run,
        there: dict[str, set[str]],
        state: dict[str, t.Any] | None,
        outcome: Outcome,
    ) -> None:
        """Check that the run itself read what it had to, whatever others had loaded.

        Raises:
            Wrong: It did not.
        """
        for name in run.streams:
            now = checks.ids(self._company, [name])[name]
            if name in HOURLY_STREAMS:
                moment = checks.floor(state, name, run.lookback_days)
                if moment is None:
                    continue
                now = checks.created_since(self._company, name, moment)
            checks.read(name, there[name] & now, outcome.ids.get(name, ()))
            self.tally.promises += len(there[name] & now)


def _told_of_traceback(line: dict[str, t.Any]) -> bool:
    return "exception" in line or "Traceback" in line["message"]
