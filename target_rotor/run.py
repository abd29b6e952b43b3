"""One run: rows and states in their order, then one request at a time, each with its receipts."""

from __future__ import annotations

import signal
import typing as t
import uuid
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property

from paged_rest import errors
from paged_rest.timestamps import now
from paged_rest.wording import counted
from target_rotor import receipts as files
from target_rotor.answer import ANSWERS, CREATED, REFUSED, UNKNOWN_ID, names, read_answer
from target_rotor.plan import MOST_ROWS, Caps, Plan, Wish, rows_of, wish

if t.TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping

    from paged_rest.http import Client

# More in a row are no chance: another company's.
MOST_UNKNOWN_IDS = 3

FAILED = "failed"


class State(t.NamedTuple):
    """A state of the source, in its place between the rows."""

    value: dict[str, t.Any]


@dataclass
class Run:
    """What a target is given, and what becomes of it.

    Attributes:
        config: The settings, defaults included.
        logger: Where it logs.
        connect: Makes the client, once it is needed.
        write_state: Passes a state on.
        id: Tells the run from all others.
        outcomes: How many rows ended in each way.
    """

    config: Mapping[str, t.Any]
    logger: logging.Logger
    connect: Callable[[], Client]
    write_state: Callable[[dict[str, t.Any]], None]
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    outcomes: Counter[str] = field(default_factory=Counter)
    _items: list[Wish | State] = field(default_factory=list)
    _numbers: Counter[str] = field(default_factory=Counter)
    _stopped_by: str = ""
    _failed_before: bool = False
    _unknown_ids: int = 0
    _sending: bool = False
    _signal: int = 0

    @cached_property
    def client(self) -> Client:
        """The API, as this run sees it."""
        return self.connect()

    @cached_property
    def _receipts(self) -> files.Receipts:
        return files.Receipts(self.config["receipts_path"])

    @property
    def _requests(self) -> int:
        return self.client.requests if "client" in self.__dict__ else 0

    # What the input brings

    def add(self, stream: str, record: Mapping[str, t.Any]) -> None:
        """Keep a record until the input has ended.

        Raises:
            UsageError: There are more than can ever be sent.
        """
        self._numbers[stream] += 1
        if self._numbers.total() > MOST_ROWS:
            message = (
                f"The input has more than {MOST_ROWS:,} rows, and a key is allowed 1,000 requests "
                "a day. Nothing is sent: give target-rotor only the rows that differ"
            )
            raise errors.UsageError(message)
        number = self._numbers[stream]
        match, write_nulls = self.config["match"], self.config["write_nulls"]
        self._items.append(wish(stream, number, record, match=match, write_nulls=write_nulls))

    def add_state(self, value: dict[str, t.Any]) -> None:
        """Keep a state; of several without a row between them, the last."""
        if self._items and isinstance(self._items[-1], State):
            self._items.pop()
        self._items.append(State(value))

    # What becomes of it

    def finish(self) -> int:
        """Send what is to be sent; return the exit status."""
        plan = Plan([item for item in self._items if isinstance(item, Wish)])
        plan.refuse_rows_of_one_key()
        caps = Caps(
            *(self.config[name] for name in ("max_writes", "max_creates", "request_budget"))
        )
        against = [*plan.too_much(caps)]
        if plan.refused and self.config["on_refusal"] == "stop":
            against.append(f"{rows_of(len(plan.refused))} cannot be sent, and on_refusal is stop")
        if self.config["dry_run"]:
            self._tell(plan, against)
            return 0
        if against:
            for line in plan.lines():
                self.logger.warning(line)
            self._log_error("over_a_limit", f"Nothing is sent: {'; '.join(against)}")
            return 1
        return self._send_all(plan)

    def interrupt(self, signum: int) -> None:
        """End the run because of a signal; first see the end of what is on its way.

        Raises:
            Interrupted: Nothing is on its way.
        """
        self._signal = signum
        self.client.is_ending = True
        if not self._sending or self.client.waiting:
            raise errors.Interrupted(signum)

    def _tell(self, plan: Plan, against: list[str]) -> None:
        """Say what a run that is no dry one would do.

        As warnings: a loader's other lines are not on the screen that `logging.yaml` makes.
        """
        lines = [*plan.lines()] or ["The input has no row"]
        if against:
            lines.append(f"Nothing would be sent: {'; '.join(against)}")
        lines.append(
            "This is a dry run: no request was made, and no STATE is written. Set dry_run to false "
            "to send"
        )
        for line in lines:
            self.logger.warning(line)

    def _send_all(self, plan: Plan) -> int:
        try:
            if plan.wishes:
                self._end_unknown()
            self._go_through()
        except errors.Interrupted as interruption:
            self._stopped_by = f"stopped by {signal.Signals(interruption.signum).name}"
            self._summarise(plan)
            raise
        finally:
            if "_receipts" in self.__dict__:
                self._receipts.close()
        return self._summarise(plan)

    def _end_unknown(self) -> None:
        """Say which rows an earlier run had on their way when it was killed."""
        for receipt in self._receipts.unfinished:
            ended = {"outcome": files.UNKNOWN, "reason": "killed", "ended_at": now()}
            self._receipts.write({**receipt, **ended})
        if count := len(self._receipts.unfinished):
            self.logger.warning(
                "An earlier run was killed while %s on the way: whether Rotor took it is unknown. "
                "It is sent again if the input still has it",
                "a row was" if count == 1 else f"{rows_of(count)} were",
            )

    def _go_through(self) -> None:
        """Take rows and states in their order; a state is passed on when all before it are done."""
        pass_states = True
        for item in self._items:
            if isinstance(item, State):
                if pass_states:
                    self.write_state(item.value)
                continue
            if self._signal or self._stopped_by:
                break
            done = self._take(item)
            pass_states = pass_states and done
        if self._signal:
            raise errors.Interrupted(self._signal)

    def _take(self, row: Wish) -> bool:
        """Send a row or refuse it; return whether it is done with."""
        if row.same_as:
            return True
        receipt = {
            files.KEY: str(uuid.uuid4()),
            "run_id": self.id,
            "stream": row.stream,
            "row_number": row.number,
            "rotor_id": row.sent.get("id"),
            "payload_hash": row.hash,
            "fields_sent": names(name for name in row.sent if name != "id"),
            "started_at": now(),
        }
        self._sending = True
        try:
            ended = self._refused_here(row) if row.wrong else self._send(row, receipt)
            self._receipts.write({**receipt, **ended, "ended_at": now()})
        finally:
            self._sending = False
        self.outcomes[ended["outcome"]] += 1
        self._judge(ended)
        return ended["outcome"] not in {FAILED, files.UNKNOWN}

    def _judge(self, ended: Mapping[str, t.Any]) -> None:
        """Stop the run if what became of a row says so."""
        limit = self.config["max_creates"]
        if ended["outcome"] == CREATED and self.outcomes[CREATED] > limit:
            self._stopped_by = (
                f"Rotor created {rows_of(self.outcomes[CREATED])}, and max_creates is {limit:,}"
            )
        elif ended["outcome"] == REFUSED and self.config["on_refusal"] == "stop":
            self._stopped_by = "a row was refused, and on_refusal is stop"
        self._unknown_ids = self._unknown_ids + 1 if ended.get("reason") == UNKNOWN_ID else 0
        if self._unknown_ids == MOST_UNKNOWN_IDS:
            self._stopped_by = (
                f"{self._unknown_ids} ids in a row are unknown to Rotor: does the key belong to "
                "the company that they are from?"
            )
        failed = ended["outcome"] in {FAILED, files.UNKNOWN}
        if failed and self._failed_before and not self._stopped_by:
            self._stopped_by = "two rows in a row failed"
        self._failed_before = failed

    def _refused_here(self, row: Wish) -> dict[str, t.Any]:
        reason = ", ".join(f"{name} {why}" for name, why in row.wrong.items())
        return {"outcome": REFUSED, "reason": reason}

    def _send(self, row: Wish, receipt: Mapping[str, t.Any]) -> dict[str, t.Any]:
        """Send a row; return what its receipt ends with."""
        self._receipts.write({**receipt, "outcome": files.SENDING})
        try:
            return self.client.post(
                f"/{row.stream}", row.body, lambda r: read_answer(row, r, self.client), ANSWERS
            )
        except errors.Interrupted:
            # It waited for the next try.
            return {"outcome": files.UNKNOWN, "reason": errors.Interrupted.code}
        except errors.TapError as error:
            return self._failed(row, error)

    def _failed(self, row: Wish, error: errors.TapError) -> dict[str, t.Any]:
        sentence = str(error)
        if isinstance(error, errors.Denied) and not self.client.recognised:
            sentence = error.without_api
        self.logger.warning("%s: row %d failed: %s", row.stream, row.number, sentence)
        passing = isinstance(error, errors.Retriable) and not isinstance(error, errors.RunStopped)
        # A request that is rejected as a whole may be about this row alone.
        only_this_row = passing or type(error) is errors.StreamFailed
        if not only_this_row:
            self._stopped_by = sentence.rstrip(".")
        lost = isinstance(error, errors.Unreachable) and error.sent
        return {"outcome": files.UNKNOWN if lost else FAILED, "reason": error.code}

    # What is said of it

    def _summarise(self, plan: Plan) -> int:
        """Log what came of the rows; return the exit status."""
        counts = ", ".join(f"{count:,} {outcome}" for outcome, count in self.outcomes.items())
        self.logger.info(
            "%s in %s: %s",
            rows_of(len(plan.wishes)),
            counted(self._requests, "request"),
            counts or "none to send",
        )
        problems = [self._stopped_by] if self._stopped_by else []
        bad = [REFUSED] if self.config["on_refusal"] != "skip" else []
        found = [(self.outcomes[outcome], outcome) for outcome in (*bad, FAILED, files.UNKNOWN)]
        problems += [f"{rows_of(count)} {outcome}" for count, outcome in found if count]
        left = len([row for row in plan.wishes if not row.same_as]) - self.outcomes.total()
        if left:
            problems.append(f"{rows_of(left)} not sent")
        if not problems:
            return 0
        where = f". Receipts are in {self.config['receipts_path']}" if self.outcomes else ""
        self._log_error("incomplete", f"Failed: {'; '.join(problems)}{where}")
        return 1

    def _log_error(self, code: str, sentence: str) -> None:
        extra = {"code": code, "outcome": "failed", "requests": self._requests}
        self.logger.error(sentence, extra=extra)
