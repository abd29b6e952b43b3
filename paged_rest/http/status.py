"""Every answer that is not a page: its class, the sentence the user reads, retried or not.

No sentence carries the key, a query string, a body or a value of somebody's data.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from http import HTTPStatus
from urllib.parse import urlsplit

from paged_rest.records.conform import decode_json
from paged_rest.timestamps import before, fixed, http_date

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from paged_rest.http.api import Api

# A longer Retry-After means the day's quota: nobody wants a run that sleeps for hours.
LONGEST_WAIT = 120.0


class TapError(Exception):
    """Something that the user reads as one sentence."""


class UsageError(TapError):
    """The settings, the catalog or the state cannot be used; each argument is a sentence."""


class RunStopped(TapError):
    """No stream can be read any more."""


class QuotaSpent(RunStopped):
    """The API refuses further requests for today."""


class BudgetSpent(RunStopped):
    """The run has made as many requests as the user allows it."""


class StreamFailed(TapError):
    """This stream cannot be read; the others can."""


class ScopeMissing(StreamFailed):
    """The key may not read this list."""


class NotFound(RunStopped):
    """Nothing is at a path: the address is wrong or, with an id in the path, the row is gone."""


class Retriable(StreamFailed):
    """The same request may well succeed later.

    Attributes:
        retry_after: Seconds that the API asks to wait, or None.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        """Take the sentence, and how long the API asks to wait."""
        super().__init__(message)
        self.retry_after = retry_after


class Unreachable(Retriable, RunStopped):
    """No whole answer came."""


@dataclass(frozen=True)
class Answer:
    """What is needed of an HTTP answer to tell what it means.

    Attributes:
        status: HTTP status code.
        headers: Header fields, case-insensitive.
        content: The body, decompressed.
        path: Path of the resource below the API's address, as in `/leads`.
        host: Host that was asked.
        seconds: How long it took to come.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    path: str
    host: str
    seconds: float

    @cached_property
    def body(self) -> dict[str, t.Any] | None:
        """The JSON value of the body, or None where it is no JSON object."""
        try:
            value = decode_json(self.content)
        except ValueError:
            return None
        return value if isinstance(value, dict) else None

    @cached_property
    def date(self) -> str | None:
        """When it was made, by the server's clock, in the fixed form, or None."""
        date = http_date(self.headers.get("Date"))
        return fixed(date) if date else None

    @property
    def asked(self) -> str | None:
        """A moment, by the server's clock, at which it had not been asked for yet, or None.

        A server states its date when it answers, which may be long after it took the rows.
        """
        return before(self.date, seconds=self.seconds) if self.date else None

    @property
    def content_type(self) -> str:
        """The media type that the answer states."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip()[:80] or "none"


def raise_for_status(answer: Answer, api: Api) -> None:
    """Raise what an answer other than 200 means.

    Raises:
        RunStopped: Redirect, wrong key, wrong address, a firewall, the daily quota.
        StreamFailed: A missing scope, or a request that the API rejects.
        Retriable: A fault of the server or a passing limit.
    """
    status = answer.status
    if status == HTTPStatus.OK:
        return
    if 300 <= status < 400:  # noqa: PLR2004
        raise RunStopped(_redirected(answer))
    meaning = _BY_STATUS.get(status)
    if meaning:
        raise meaning(answer, api)
    if 400 <= status < 500:  # noqa: PLR2004
        raise StreamFailed(_rejected(answer, api))
    retry_after = _retry_after(answer)
    if retry_after is not None and retry_after > LONGEST_WAIT:
        retry_after = None
    message = f"{answer.path} was answered with status {status}"
    raise Retriable(message, retry_after)


def broken(answer: Answer, what: str) -> Retriable:
    """Return the error for an answer of status 200 that is no page."""
    return Retriable(
        f"{answer.path} was answered with status {answer.status} and content type "
        f"{answer.content_type}, but {what}"
    )


def _redirected(answer: Answer) -> str:
    host = urlsplit(answer.headers.get("Location", "")).hostname or answer.host
    return (
        f"{answer.path} was redirected to {host} (status {answer.status}), which is not "
        "followed: the key would travel along. Check the setting api_url."
    )


def _unauthorized(_answer: Answer, api: Api) -> TapError:
    return RunStopped(
        f"{api.name} does not accept the API key (status 401). Check the setting api_key; a key "
        f"is made in {api.key_origin}."
    )


def _forbidden(answer: Answer, api: Api) -> TapError:
    lacks = api.fault(answer.body or {}).key_lacks
    if lacks is None:
        return RunStopped(
            f"{answer.path} was refused with status 403, but not by {api.name} (content type "
            f"{answer.content_type}): a firewall or a proxy on the way to {answer.host} may be "
            "the cause."
        )
    return ScopeMissing(f"{answer.path} was refused: the API key lacks {lacks}")


def _not_found(answer: Answer, _api: Api) -> TapError:
    message = (
        f"{answer.path} does not exist on {answer.host} (status 404). Check the setting api_url."
    )
    # An API says it as it says all else; what is no JSON comes from somewhere else.
    return NotFound(message) if answer.body is not None else RunStopped(message)


def _limited(answer: Answer, api: Api) -> TapError:
    retry_after = _retry_after(answer)
    if retry_after is not None and retry_after <= LONGEST_WAIT:
        return Retriable(f"{answer.path} was answered with status 429", retry_after)
    if retry_after is not None or api.fault(answer.body or {}).quota_spent:
        used_up = "the key's requests for today" if api.requests_a_day else "the key's requests"
        return QuotaSpent(f"{used_up} are used up (status 429)")
    return Retriable(f"{answer.path} was answered with status 429")


def _retry_after(answer: Answer) -> float | None:
    """Return the seconds that a Retry-After asks for, given as seconds or as an HTTP date."""
    value = answer.headers.get("Retry-After") or ""
    if re.fullmatch(r"\d+(\.\d+)?", value):
        return float(value)
    moment = http_date(value)
    if moment is None:
        return None
    # By the server's clock where it tells it, as this machine's may be wrong.
    present = http_date(answer.headers.get("Date")) or datetime.now(UTC)
    return max(0.0, (moment - present).total_seconds())


def _timed_out(answer: Answer, _api: Api) -> TapError:
    return Retriable(f"{answer.path} was answered with status 408")


_BY_STATUS: dict[int, Callable[[Answer, Api], TapError]] = {
    HTTPStatus.UNAUTHORIZED: _unauthorized,
    HTTPStatus.FORBIDDEN: _forbidden,
    HTTPStatus.NOT_FOUND: _not_found,
    HTTPStatus.REQUEST_TIMEOUT: _timed_out,
    HTTPStatus.TOO_MANY_REQUESTS: _limited,
}


def _rejected(answer: Answer, api: Api) -> str:
    stated = map(str, api.fault(answer.body or {}).fields)
    fields = [field for field in stated if re.fullmatch(r"[\w.\[\]-]{1,60}", field)]
    named = f"; it objects to {', '.join(fields[:5])}" if fields else ""
    return f"{answer.path} was rejected with status {answer.status}{named}"
