"""A request that got no whole response: why, and how long to wait before the next try."""

from __future__ import annotations

import random
import ssl
import typing as t
from urllib.parse import urlsplit

import requests
import urllib3

from paged_rest.errors import NotSent, Retriable, Unreachable
from paged_rest.http import environment

if t.TYPE_CHECKING:
    from collections.abc import Generator, Sequence

_LARGEST_STEP = 60.0

# The first that fits counts: a refused connection is a kind of timeout to urllib3.
_CAUSES: tuple[tuple[tuple[type[Exception], ...], str, bool], ...] = (
    (
        (requests.exceptions.SSLError, urllib3.exceptions.SSLError),
        "does not show a certificate that this machine trusts",
        True,
    ),
    ((urllib3.exceptions.NameResolutionError,), "cannot be found by its name", True),
    (
        (requests.exceptions.InvalidURL, urllib3.exceptions.LocationValueError),
        "cannot be asked: its name, or that of the proxy, is malformed",
        True,
    ),
    ((ConnectionRefusedError,), "refuses the connection", False),
    (
        (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError, TimeoutError),
        "did not answer in time",
        False,
    ),
)
_GARBLED = (urllib3.exceptions.DecodeError, requests.exceptions.ContentDecodingError)
# No request was sent yet where one of these is raised.
_BEFORE_SENDING = (
    ConnectionRefusedError,
    requests.exceptions.ConnectTimeout,
    urllib3.exceptions.ConnectTimeoutError,
    ssl.SSLCertVerificationError,
)


def unreachable(error: Exception, url: str, *, answered: bool) -> NotSent | Retriable:
    """Return the error for a request that got no whole response.

    Args:
        error: What `requests` or `urllib3` raised.
        url: Address of the API.
        answered: Whether the API has given a good response in this run.
    """
    causes = _causes(error)
    host, proxy = urlsplit(url).hostname or "", environment.proxy_for(url)
    if sentence := environment.wrong_variable(causes, proxy):
        return NotSent(sentence)
    if any(isinstance(cause, _GARBLED) for cause in causes):
        return Retriable(f"{host} sent a body that cannot be decompressed")
    what, permanent = _meaning(causes)
    sent = not any(isinstance(cause, _BEFORE_SENDING) for cause in causes)
    if proxy and any(map(environment.is_of_proxy, causes)):
        refused = environment.refused_tunnel(proxy, causes, url, answered=answered)
        wrong = permanent or any(isinstance(cause, ConnectionRefusedError) for cause in causes)
        return refused or proxy.failure(what, lasting=wrong and not answered, sent=sent)
    if permanent and not answered:
        return NotSent(f"{host} {what}. Check the setting api_url and this machine's network.")
    return Unreachable(f"{host} {what}", sent=sent)


def _meaning(causes: Sequence[BaseException]) -> tuple[str, bool]:
    """Return in words what happened, and whether it may be permanent."""
    for kinds, what, permanent in _CAUSES:
        if any(isinstance(cause, kinds) for cause in causes):
            return what, permanent
    return "broke the connection", False


def _causes(error: BaseException) -> list[BaseException]:
    causes: list[BaseException] = []
    pending: list[object] = [error]
    while pending:
        cause = pending.pop()
        if isinstance(cause, BaseException) and cause not in causes:
            causes.append(cause)
            pending += [
                cause.__cause__,
                cause.__context__,
                getattr(cause, "reason", None),
                *cause.args,
            ]
    return causes


def waits() -> Generator[float, Retriable, None]:
    """Yield how many seconds to wait before each retry: what the API asks for, or growing.

    Primed with `next`, then sent each error.
    """
    step = 1.0
    error = yield 0.0
    while True:
        if error.retry_after is None:
            wait = step * random.uniform(0.5, 1.0)  # noqa: S311 (jitter)
            step = min(2 * step, _LARGEST_STEP)
        else:
            wait = error.retry_after + random.uniform(0.0, 1.0)  # noqa: S311
        error = yield wait
