"""One run of a tap: what its streams share, and what has gone wrong so far."""

from __future__ import annotations

import typing as t
import uuid
from dataclasses import dataclass, field
from functools import cached_property

from paged_rest.errors import (
    BUDGET_TOO_SMALL,
    COMPLETE,
    BudgetSpent,
    Denied,
    Interrupted,
    QuotaSpent,
    RunStopped,
    WrongAddress,
)
from paged_rest.http import advice
from paged_rest.singer.log import Ending, how_far
from paged_rest.singer.state import RequestsToday
from paged_rest.singer.writer import MessageWriter
from paged_rest.timestamps import now

if t.TYPE_CHECKING:
    import logging
    from collections.abc import Callable

    from paged_rest.errors import TapError
    from paged_rest.http import Api, Client
    from paged_rest.reading import ListRead


@dataclass
class Run:
    """What the streams of one run share, so that no stream needs the module of its tap.

    Attributes:
        tap: The name of the tap.
        api: The API that it reads.
        logger: Where it logs.
        connect: Makes the client, once it is needed.
        writer: Where messages go.
        id: Tells the run from all others.
        started: When the run began, in the fixed form.
        failures: How each stream ended that makes the run a failure.
        stopped_by: Why no further stream can be read, or None.
        requests_before: Requests that other runs made on the day of its beginning, as far as the
            state tells.
    """

    tap: str
    api: Api
    logger: logging.Logger
    connect: Callable[[], Client]
    writer: MessageWriter = field(default_factory=MessageWriter)
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    started: str = field(default_factory=now)
    failures: list[Ending] = field(default_factory=list)
    stopped_by: Ending | None = None
    requests_before: int = 0

    @cached_property
    def client(self) -> Client:
        """The API, as this run sees it."""
        return self.connect()

    @property
    def requests(self) -> int:
        """How many requests the run has made."""
        return self.client.requests if "client" in self.__dict__ else 0

    @property
    def requests_today(self) -> RequestsToday:
        """The requests of today, those of this run among them, as far as the state tells."""
        today = now()[:10]
        before = self.requests_before if self.started.startswith(today) else 0
        return RequestsToday(today, before + self.requests)

    @property
    def ending(self) -> Ending:
        """How the run ends: what stopped it, or the first failure."""
        if self.failures and self.stopped_by not in self.failures:
            return self.failures[0]
        return self.stopped_by or Ending("proven", COMPLETE, "")

    def record_failure(
        self, stream: str, error: TapError, read: ListRead | None, page_size: int
    ) -> Ending:
        """Record what went wrong in a stream, and whether the others can go on.

        Args:
            stream: The name of the stream.
            error: What went wrong.
            read: How far its list was read, if it was begun.
            page_size: Rows asked for in one request.

        Returns:
            How the stream ends.
        """
        without_api = isinstance(error, Denied) and not self.client.recognised
        too_few = _too_few_requests(read, self.client.budget, page_size)
        code = error.code
        if without_api:
            code = WrongAddress.code
        elif isinstance(error, BudgetSpent) and too_few:
            code = BUDGET_TOO_SMALL
        ending = Ending(error.outcome, code, self._sentence(stream, error, read, too_few=too_few))
        if without_api or isinstance(error, RunStopped):
            self.stopped_by = self.stopped_by or ending
        if code == BudgetSpent.code:
            self.logger.warning(ending.sentence, extra={"stream": stream, "code": code})
        else:
            self.failures.append(ending)
        return ending

    def _sentence(
        self, stream: str, error: TapError, read: ListRead | None, *, too_few: bool
    ) -> str:
        sentence = f"{stream}: {error}"
        if isinstance(error, Denied) and not self.client.recognised:
            return f"{stream}: {error.without_api}"
        if isinstance(error, QuotaSpent | BudgetSpent):
            return sentence + how_far(stream, read, self.requests, too_few=too_few)
        deselect = f"deselect the stream (meltano select --exclude {self.tap} {stream} '*')"
        return sentence + advice(error, self.api, lambda: self.client.granted_scopes, deselect)

    def interrupt(self, signum: int) -> None:
        """End the run because of a signal, but never in the middle of a line.

        Raises:
            Interrupted: No line is leaving; else the writer raises it once the line has left.
        """
        self.writer.interrupt(Interrupted(signum))


def _too_few_requests(read: ListRead | None, budget: int | None, page_size: int) -> bool:
    """Whether no run with so small a request_budget can read a list."""
    if read is None or not budget or read.resume_point is not None:
        return False
    pages = -(-read.total // page_size)
    # Where no creation tells that a row was there, a second reading proves the first.
    twice = pages > 1 and not read.created and not read.newest_first
    return bool(budget < (2 * pages if twice else pages))
