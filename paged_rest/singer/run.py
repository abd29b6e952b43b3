"""One run of a tap: what its streams share, and what has gone wrong so far."""

from __future__ import annotations

import os
import signal
import typing as t
from dataclasses import dataclass, field
from functools import cached_property

from paged_rest.errors import (
    BudgetSpent,
    Denied,
    Interrupted,
    QuotaSpent,
    RunStopped,
    ScopeMissing,
)
from paged_rest.singer.log import how_far
from paged_rest.singer.writer import MessageWriter
from paged_rest.timestamps import now

if t.TYPE_CHECKING:
    import logging
    from collections.abc import Callable

    from paged_rest.errors import TapError
    from paged_rest.http import Api, Client
    from paged_rest.reading import ListRead

# How long a target that takes nothing may hold up the end of a run that was told to end.
SECONDS_TO_END = 25


@dataclass
class Run:
    """What the streams of one run share, so that no stream needs the module of its tap.

    Attributes:
        tap: The name of the tap.
        api: The API that it reads.
        logger: Where it logs.
        connect: Makes the client, once it is needed.
        writer: Where messages go.
        started: When the run began, in the fixed form.
        failures: A sentence for each stream that failed.
        stopped: Whether no further stream can be read.
    """

    tap: str
    api: Api
    logger: logging.Logger
    connect: Callable[[], Client]
    writer: MessageWriter = field(default_factory=MessageWriter)
    started: str = field(default_factory=now)
    failures: list[str] = field(default_factory=list)
    stopped: bool = False
    _interrupted: bool = False

    @cached_property
    def client(self) -> Client:
        """The API, as this run sees it."""
        return self.connect()

    @property
    def requests(self) -> int:
        """How many requests the run has made."""
        return self.client.requests if "client" in self.__dict__ else 0

    def record_failure(
        self, stream: str, error: TapError, read: ListRead | None, page_size: int
    ) -> None:
        """Record what went wrong in a stream, and whether the others can go on.

        Args:
            stream: The name of the stream.
            error: What went wrong.
            read: How far its list was read, if it was begun.
            page_size: Rows asked for in one request.
        """
        sentence = f"{stream}: {error}"
        if isinstance(error, ScopeMissing):
            sentence += self._about_scopes(stream)
        if isinstance(error, Denied):
            if self.client.recognised:
                sentence += f". Ask {self.api.name}, or {self._about_deselecting(stream)}"
            else:
                self.stopped, sentence = True, f"{stream}: {error.without_api}"
        self.stopped = self.stopped or isinstance(error, RunStopped)
        too_few = _too_few_requests(read, self.client.budget, page_size)
        if isinstance(error, QuotaSpent | BudgetSpent):
            sentence += how_far(stream, read, self.requests, too_few=too_few)
        if isinstance(error, BudgetSpent) and not too_few:
            self.logger.warning(sentence)
        else:
            self.failures.append(sentence)

    def interrupt(self, signum: int) -> None:
        """End the run because of a signal, but never in the middle of a line.

        Raises:
            Interrupted: No line is leaving; else the writer raises it once the line has left.
        """
        if self._interrupted:
            return
        self._interrupted = True
        # Python would let a further one end it in its own shutdown.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGALRM, lambda *_: _give_up(signum))
        signal.alarm(SECONDS_TO_END)
        self.writer.interrupt(Interrupted(signum))

    def _about_scopes(self, stream: str) -> str:
        granted = self.client.granted_scopes
        has = f" (it has {', '.join(granted)})" if granted else ""
        return f"{has}. Give it the scope in {self.api.name}, or {self._about_deselecting(stream)}"

    def _about_deselecting(self, stream: str) -> str:
        return f"deselect the stream (meltano select --exclude {self.tap} {stream} '*')"


def _too_few_requests(read: ListRead | None, budget: int | None, page_size: int) -> bool:
    """Whether no run with so small a request_budget can read a list."""
    if read is None or not budget or read.resume_point is not None:
        return False
    pages = -(-read.total // page_size)
    # Where no creation tells that a row was there, a second reading proves the first.
    twice = pages > 1 and not read.created and not read.newest_first
    return bool(budget < (2 * pages if twice else pages))


def _give_up(signum: int) -> t.NoReturn:
    """End at once, as the target takes nothing more."""
    os.write(2, b"The target takes nothing more; ended without a last STATE\n")
    os._exit(128 + signum)
