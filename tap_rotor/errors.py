"""Every answer that is not a page: its class, the sentence the user reads, retried or not.

No sentence carries the key, a query string, a body or a value of somebody's data.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from http import HTTPStatus
from urllib.parse import urlsplit

from tap_rotor.records import decode_json

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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


class RowMissing(TapError):
    """One row that was asked for by its id is not there."""


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
    """No answer came at all."""


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

    @property
    def content_type(self) -> str:
        """The media type that the answer states."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip()[:80] or "none"


def raise_for_status(answer: Answer) -> None:
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
        raise meaning(answer)
    if 400 <= status < 500:  # noqa: PLR2004
        raise StreamFailed(_rejected(answer))
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


def _unauthorized(_answer: Answer) -> TapError:
    return RunStopped(
        "Rotor does not accept the API key (status 401). Check the setting api_key; a key "
        "is made in Rotor under Settings, Integrations."
    )


def _forbidden(answer: Answer) -> TapError:
    body = answer.body or {}
    if body.get("error_code") != "INSUFFICIENT_SCOPE":
        return RunStopped(
            f"{answer.path} was refused with status 403, but not by Rotor (content type "
            f"{answer.content_type}): a firewall or a proxy on the way to {answer.host} may be "
            "the cause."
        )
    scope = re.search(r"'([a-z_-]+:[a-z]+)'", str(body.get("message", "")))
    named = f" {scope[1]}" if scope else " that it needs"
    return ScopeMissing(f"{answer.path} was refused: the API key lacks the scope{named}")


def _not_found(answer: Answer) -> TapError:
    if re.fullmatch(r"/[a-z-]+/.+", answer.path):
        return RowMissing("not found")
    return RunStopped(
        f"{answer.path} does not exist on {answer.host} (status 404). Check the setting api_url."
    )


def _limited(answer: Answer) -> TapError:
    retry_after = _retry_after(answer)
    code = (answer.body or {}).get("error_code")
    if retry_after is not None and retry_after <= LONGEST_WAIT:
        return Retriable(f"{answer.path} was answered with status 429", retry_after)
    if retry_after is not None or code == "RATE_LIMIT_EXCEEDED":
        return QuotaSpent("the key's requests for today are used up (status 429)")
    return Retriable(f"{answer.path} was answered with status 429")


def _retry_after(answer: Answer) -> float | None:
    """Return the seconds that a Retry-After asks for, given as seconds or as an HTTP date."""
    value = answer.headers.get("Retry-After") or ""
    if re.fullmatch(r"\d+(\.\d+)?", value):
        return float(value)
    moment = _http_date(value)
    if moment is None:
        return None
    # By the server's clock where it tells it, as this machine's may be wrong.
    present = _http_date(answer.headers.get("Date") or "") or datetime.now(UTC)
    return max(0.0, (moment - present).total_seconds())


def _http_date(value: str) -> datetime | None:
    try:
        return parsedate_to_datetime(value).astimezone(UTC)
    except ValueError:
        return None


def _timed_out(answer: Answer) -> TapError:
    return Retriable(f"{answer.path} was answered with status 408")


_BY_STATUS: dict[int, Callable[[Answer], TapError]] = {
    HTTPStatus.UNAUTHORIZED: _unauthorized,
    HTTPStatus.FORBIDDEN: _forbidden,
    HTTPStatus.NOT_FOUND: _not_found,
    HTTPStatus.REQUEST_TIMEOUT: _timed_out,
    HTTPStatus.TOO_MANY_REQUESTS: _limited,
}


def _rejected(answer: Answer) -> str:
    errors = (answer.body or {}).get("errors")
    fields = [
        error["field"]
        for error in (errors if isinstance(errors, list) else [])
        if isinstance(error, dict) and re.fullmatch(r"[\w.\[\]-]{1,60}", str(error.get("field")))
    ]
    named = f"; it objects to {', '.join(fields[:5])}" if fields else ""
    return f"{answer.path} was rejected with status {answer.status}{named}"
