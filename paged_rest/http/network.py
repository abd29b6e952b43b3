"""A request that got no whole response: why, and how long to wait before the next try."""

from __future__ import annotations

import random
import typing as t

import requests
import urllib3

from paged_rest.errors import Retriable, RunStopped, Unreachable

if t.TYPE_CHECKING:
    from collections.abc import Generator

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
    (
        (urllib3.exceptions.DecodeError, requests.exceptions.ContentDecodingError),
        "sent a body that cannot be decompressed",
        False,
    ),
)


def unreachable(error: Exception, host: str, *, answered: bool) -> RunStopped:
    """Return the error for a request that got no whole response.

    Args:
        error: What `requests` or `urllib3` raised.
        host: Host that was asked.
        answered: Whether the API has given a good response in this run.
    """
    causes = _causes(error)
    what, permanent = "broke the connection", False
    for kinds, meaning, may_be_permanent in _CAUSES:
        if any(isinstance(cause, kinds) for cause in causes):
            what, permanent = meaning, may_be_permanent and not answered
            break
    if permanent:
        return RunStopped(f"{host} {what}. Check the setting api_url and this machine's network.")
    return Unreachable(f"{host} {what}")


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

    A wait generator as the module `backoff` drives it: primed, then sent each error.
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
