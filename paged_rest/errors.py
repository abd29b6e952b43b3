"""What can go wrong. Each error is a sentence for the user; its class says how far it reaches.

Programs go by the code of a class; `docs/ends.md` says what each means.

No sentence carries the key, a query string, a body or a value of somebody's data.
"""

from __future__ import annotations

import typing as t

# What no class here stands for.
COMPLETE = "complete"
BUDGET_TOO_SMALL = "budget_too_small"
LEFT_OUT = "left_out"
CRASHED = "crashed"

Outcome = t.Literal["proven", "unproven", "stopped", "failed", "not_read"]


class TapError(Exception):
    """Something that the user reads as one sentence.

    Attributes:
        code: What went wrong, for programs.
        outcome: What becomes of the stream in which it is raised.
        sent: Whether a request may have reached the API: one that did not counts nowhere.
    """

    code: str
    outcome: t.ClassVar[Outcome] = "failed"
    sent = True


class UsageError(TapError):
    """The settings, the catalog or the state cannot be used; each argument is a sentence."""

    code = "bad_settings"


class MapFailed(UsageError):
    """A stream map fails on a record."""

    code = "map_failed"


class RunStopped(TapError):
    """No stream can be read any more."""

    code = "unreachable"


class KeyRefused(RunStopped):
    """The API does not accept the key."""

    code = "key_refused"


class WrongAddress(RunStopped):
    """What answers is not the API."""

    code = "address_wrong"


class NotSent(RunStopped):
    """No request can leave this machine as it is set up."""

    sent = False


class QuotaSpent(RunStopped):
    """The API refuses further requests for today."""

    code = "quota_spent"
    outcome = "stopped"


class BudgetSpent(RunStopped):
    """The run has made as many requests as the user allows it."""

    code = "budget_spent"
    outcome = "stopped"


class StreamFailed(TapError):
    """This stream cannot be read; the others can."""

    code = "request_rejected"


class Unproven(StreamFailed):
    """It is not certain that all rows were read."""

    code = "unproven"
    outcome = "unproven"


class RowWithoutId(Unproven):
    """The list holds a row that nothing can be told from others by."""

    code = "row_without_id"


class SizeRefused(StreamFailed):
    """The API rejects the size of the page that was asked for."""


class ScopeMissing(StreamFailed):
    """The key may not read this list."""

    code = "scope_missing"


class Denied(StreamFailed):
    """This list cannot be had where others can.

    Attributes:
        without_api: What it means if the API has not answered any request: no list can be had.
    """

    code = "list_denied"

    def __init__(self, message: str, without_api: str) -> None:
        """Take the sentence for either case."""
        super().__init__(message)
        self.without_api = without_api


class NotFound(Denied):
    """The API has nothing at a path; with an id in the path, the row is gone."""


class Retriable(StreamFailed):
    """The same request may well succeed later.

    Attributes:
        retry_after: Seconds that the API asks to wait, or None.
        lasting: What came, where it is no passing fault if the same comes again, or None.
    """

    code = "server_errors"

    def __init__(
        self, message: str, retry_after: float | None = None, lasting: bytes | None = None
    ) -> None:
        """Take the sentence, how long the API asks to wait, and what came."""
        super().__init__(message)
        self.retry_after = retry_after
        self.lasting = lasting


class Unreachable(Retriable, RunStopped):
    """No whole response came."""

    code = "unreachable"

    def __init__(self, message: str, *, sent: bool) -> None:
        """Take the sentence, and whether the request may have reached the API."""
        super().__init__(message)
        self.sent = sent


class OutputLost(Exception):
    """Standard output takes no more: the target ended, or the disk is full.

    It is not a `TapError`: no stream can go on, and nothing more can be written.
    """

    code = "output_lost"


class Interrupted(BaseException):
    """A signal ends the run.

    Attributes:
        signum: The number of the signal.
    """

    code = "interrupted"

    def __init__(self, signum: int) -> None:
        """Take the number of the signal."""
        super().__init__(signum)
        self.signum = signum
