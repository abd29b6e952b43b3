"""What a response other than 200 means: which error, and which sentence the user reads."""

from __future__ import annotations

import re
import typing as t
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from paged_rest.errors import (
    Denied,
    KeyRefused,
    NotFound,
    QuotaSpent,
    Retriable,
    RunStopped,
    ScopeMissing,
    SizeRefused,
    StreamFailed,
    TapError,
    WrongAddress,
)
from paged_rest.timestamps import http_date

if t.TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from paged_rest.http.api import Api
    from paged_rest.http.response import Response

# A longer Retry-After means the day's quota: nobody wants a run that sleeps for hours.
LONGEST_WAIT = 120.0


def advice(error: TapError, api: Api, scopes: Callable[[], Sequence[str]], deselect: str) -> str:
    """Return what to do about a list that is refused, as the end of a sentence, or "".

    Args:
        error: Why the list cannot be read.
        api: The API.
        scopes: Returns the scopes of the key, as far as they are known.
        deselect: How not to read the list, in words.
    """
    if isinstance(error, ScopeMissing):
        granted = scopes()
        has = f" (it has {', '.join(granted)})" if granted else ""
        return f"{has}. Give it the scope in {api.name}, or {deselect}"
    return f". Ask {api.name}, or {deselect}" if isinstance(error, Denied) else ""


def error_for(response: Response, api: Api) -> TapError:
    """Return what a response other than 200 means.

    Returns:
        RunStopped: Redirect, wrong key, the daily quota, a limit of somebody else's.
        Denied: Of this list or all: wrong address, a firewall, a list that the key may not have.
        StreamFailed: A missing scope, or a request that the API rejects.
        Retriable: A fault of the server or a passing limit.
    """
    status = response.status
    if 300 <= status < 400 and "Location" in response.headers:  # noqa: PLR2004
        return WrongAddress(_redirected(response))
    if meaning := _BY_STATUS.get(status):
        return meaning(response, api)
    if 400 <= status < 500:  # noqa: PLR2004
        return _rejected(response, api)
    retry_after = _retry_after(response)
    if retry_after is not None and retry_after > LONGEST_WAIT:
        retry_after = None
    return Retriable(f"{response.path} was answered with status {status}", retry_after)


def _redirected(response: Response) -> str:
    try:
        host = urlsplit(response.headers["Location"]).hostname or response.host
    except ValueError:
        host = response.host
    return (
        f"{response.path} was redirected to {host} (status {response.status}), which is not "
        "followed: the key would travel along. Check the setting api_url."
    )


def _unauthorized(_response: Response, api: Api) -> TapError:
    return KeyRefused(
        f"{api.name} does not accept the API key (status 401). Check the setting api_key; a key "
        f"is made in {api.key_origin}."
    )


def _forbidden(response: Response, api: Api) -> TapError:
    said = api.parse_error(response.body or {})
    if said.key_lacks is not None:
        return ScopeMissing(f"{response.path} was refused: the API key lacks {said.key_lacks}")
    by = said.code or f"content type {response.content_type}"
    return Denied(
        f"{response.path} was refused with status 403 ({by}), though {api.name} answers other "
        "requests: this key or company may not have it",
        f"{response.path} was refused with status 403, but not by {api.name} (content type "
        f"{response.content_type}): a firewall or a proxy on the way to {response.host} may be "
        "the cause.",
    )


def _not_found(response: Response, api: Api) -> TapError:
    missing = f"{response.path} does not exist on {response.host} (status 404)"
    # An API says it as it says all else; what is no JSON comes from somewhere else.
    kind = NotFound if response.body is not None else Denied
    return kind(
        f"{missing}, though {api.name} answers other requests: this key or company may not have it",
        f"{missing}. Check the setting api_url.",
    )


def _limited(response: Response, api: Api) -> TapError:
    retry_after = _retry_after(response)
    if response.body is None and (retry_after or 0) > LONGEST_WAIT:
        return RunStopped(
            f"{response.path} was answered with status 429, but not by {api.name} (content type "
            f"{response.content_type}): somebody on the way to {response.host} limits requests "
            f"and asks to wait for {retry_after:,.0f} s. Run again after that."
        )
    if retry_after is not None and retry_after <= LONGEST_WAIT:
        return Retriable(f"{response.path} was answered with status 429", retry_after)
    if retry_after is not None or api.parse_error(response.body or {}).quota_spent:
        used_up = "the key's requests for today" if api.requests_a_day else "the key's requests"
        return QuotaSpent(f"{used_up} are used up (status 429)")
    return Retriable(f"{response.path} was answered with status 429")


def _retry_after(response: Response) -> float | None:
    """Return the seconds that a Retry-After asks for, given as seconds or as an HTTP date."""
    value = response.headers.get("Retry-After") or ""
    if re.fullmatch(r"\d+(\.\d+)?", value):
        return float(value)
    until = http_date(value)
    if until is None:
        return None
    # By the server's clock where it tells it, as this machine's may be wrong.
    present = http_date(response.headers.get("Date")) or datetime.now(UTC)
    return max(0.0, (until - present).total_seconds())


def _timed_out(response: Response, _api: Api) -> TapError:
    return Retriable(f"{response.path} was answered with status 408")


_BY_STATUS: dict[int, Callable[[Response, Api], TapError]] = {
    HTTPStatus.UNAUTHORIZED: _unauthorized,
    HTTPStatus.FORBIDDEN: _forbidden,
    HTTPStatus.NOT_FOUND: _not_found,
    HTTPStatus.REQUEST_TIMEOUT: _timed_out,
    HTTPStatus.TOO_MANY_REQUESTS: _limited,
}


def _rejected(response: Response, api: Api) -> TapError:
    stated = [*map(str, api.parse_error(response.body or {}).fields)]
    fields = [field for field in stated if re.fullmatch(r"[\w.\[\]-]{1,60}", field)]
    named = f"; it objects to {', '.join(fields[:5])}" if fields else ""
    reach = SizeRefused if api.page_size in stated else StreamFailed
    return reach(f"{response.path} was rejected with status {response.status}{named}")
