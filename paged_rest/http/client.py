"""Requests to an API, one after another, with the retries that each deserves."""

from __future__ import annotations

import logging
import time
import typing as t
from functools import cached_property
from http import HTTPStatus
from urllib.parse import urlsplit

import backoff
import requests
import urllib3
from typing_extensions import override

from paged_rest import errors
from paged_rest.http import environment, network
from paged_rest.http.ahead import start_in_thread
from paged_rest.http.response import Response
from paged_rest.http.status import error_for
from paged_rest.records import as_utf8

if t.TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from concurrent.futures import Future

    from backoff.types import Details

    from paged_rest.http.api import Api

# The longest time that a whole response may take, in seconds.
LONGEST_RESPONSE = 300.0

_CHUNK = 1 << 20
_GOOD = (HTTPStatus.OK,)

_Parsed = t.TypeVar("_Parsed")


def _without_query(record: logging.LogRecord) -> bool:
    """Cut the query off each address that is logged: a person may be searched for in it."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            arg.partition("?")[0] if isinstance(arg, str) else arg for arg in record.args
        )
    return True


logging.getLogger("urllib3.connectionpool").addFilter(_without_query)
# Of a line that is no header it logs a traceback, with the headers behind it.
logging.getLogger("urllib3.connection").setLevel(logging.ERROR)


class _Session(requests.Session):
    """A session that does not even read where a redirect leads: some addresses fail requests."""

    @override
    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


class Client:
    """An API as one run sees it.

    Attributes:
        host: The host that is asked.
        budget: The most requests that the run may make, or None.
        requests: Requests made so far, retries among them: each counts against the quota.
        answered: Whether the API has given a good response.
        seconds_lost: How long requests were tried in vain, waits included.
        waiting: Whether it waits before it tries again, so that no request is on its way.
        is_ending: Whether the run is to end, so that nothing is tried again.
    """

    def __init__(
        self, api: Api, config: Mapping[str, t.Any], *, user_agent: str, logger: logging.Logger
    ) -> None:
        """Take the validated settings of the tap."""
        self.requests = 0
        self.answered = False
        self.seconds_lost = 0.0
        self.waiting = self.is_ending = False
        self._api = api
        self._coming: Future[Response] | None = None
        self._url = str(config["api_url"]).rstrip("/")
        self.host = urlsplit(self._url).hostname or ""
        self.budget: int | None = config.get("request_budget")
        self._timeout = float(config["request_timeout"])
        self._retry_seconds = 60.0 * config["retry_minutes"]
        self._logger = logger
        self._session = _Session()
        # This also keeps a login of ~/.netrc from taking the place of the key.
        self._session.auth = api.authenticator(config.get("api_key") or "")
        self._session.headers.update(
            {
                "Accept": "application/json",
                "Cache-Control": "no-cache",
                "User-Agent": user_agent,
                **api.http_headers,
            }
        )

    def get(
        self,
        path: str,
        params: Mapping[str, str | int],
        parse: Callable[[Response], _Parsed],
    ) -> _Parsed:
        """Ask for a path below the API's address; return what `parse` makes of the response.

        A fault that may pass is retried, one that `parse` finds too. The run as a whole has
        `retry_minutes` to try in vain; what succeeds in the end uses up none of them.

        Raises:
            errors.TapError: What went wrong in the end, of the class that says how far it
                reaches.
        """
        return self._ask(lambda: self._exchange("GET", path, params=params), parse, _GOOD)

    def post(
        self,
        path: str,
        body: bytes,
        parse: Callable[[Response], _Parsed],
        statuses: Collection[int],
    ) -> _Parsed:
        """Send JSON to a path; return what `parse` makes of a response of one of these statuses.

        It may be sent again: `get` says when. So it must be harmless to send it twice.

        Raises:
            errors.TapError: As for `get`.
        """
        headers = {"Content-Type": "application/json"}
        return self._ask(
            lambda: self._exchange("POST", path, data=body, headers=headers), parse, statuses
        )

    def _ask(
        self,
        exchange: Callable[[], Response],
        parse: Callable[[Response], _Parsed],
        statuses: Collection[int],
    ) -> _Parsed:
        failed: list[errors.Retriable] = []
        lost = 0.0
        began = time.monotonic()

        def attempt() -> _Parsed:
            nonlocal lost
            lost = time.monotonic() - began
            self.waiting = False
            try:
                response = self._send(exchange)
                if response.status not in statuses:
                    raise error_for(response, self._api)
                parsed = parse(response)
            except errors.Retriable as error:
                failed.append(error)
                raise
            self.answered = True
            return parsed

        def gives_up(_: Exception) -> bool:
            """Whether it is tried no more, as by the same broken response twice: that lasts."""
            # First, so that a signal is not missed between the two.
            self.waiting = True
            *before, last = [error.lasting for error in failed]
            return self.is_ending or (last is not None and last in before)

        retried = backoff.on_exception(
            network.waits,
            errors.Retriable,
            max_time=self._retry_seconds,
            jitter=None,
            giveup=gives_up,
            on_backoff=self._log_wait,
            on_giveup=self._use_up,
            logger=None,
        )(attempt)
        try:
            return retried()
        except errors.BudgetSpent as spent:
            # Retries that use up the budget are a failure, not a polite stop.
            raise (failed[-1] if failed else spent) from None
        finally:
            self.waiting = False
            self.seconds_lost += lost

    def prefetch(self, path: str, params: Mapping[str, str | int]) -> None:
        """Send a request ahead, the very one that `get` is called for next.

        Its response is on the way while other work is done, and it costs nothing more.
        """
        if not self._spent:
            self.requests += 1
            self._coming = start_in_thread(lambda: self._exchange("GET", path, params=params))

    @cached_property
    def granted_scopes(self) -> Sequence[str]:
        """The scopes that the key has, as the API tells them; none where it does not."""
        endpoint = self._api.scopes
        if endpoint is None:
            return ()
        try:
            body = self.get(endpoint.path, {}, lambda response: response.body or {})
        except errors.QuotaSpent:
            # It counts the requests of this key, so it is the API.
            self.answered = True
            return ()
        except errors.TapError:
            return ()
        return tuple(endpoint.parse(body))

    @property
    def recognised(self) -> bool:
        """Whether this is the API at all: it has given a good response, or knows the key."""
        if self.answered or self.granted_scopes:
            return True
        # Asking for the scopes may have shown it.
        return self.answered

    @property
    def _spent(self) -> bool:
        return self.budget is not None and self.requests >= self.budget

    def _send(self, exchange: Callable[[], Response]) -> Response:
        coming, self._coming = self._coming, None
        if not coming:
            if self._spent:
                message = f"the run has made the {self.budget:,} requests of its request_budget"
                raise errors.BudgetSpent(message)
            self.requests += 1
        try:
            return coming.result() if coming else exchange()
        except errors.TapError as error:
            self.requests -= not error.sent
            raise

    def _exchange(self, method: str, path: str, **sending: t.Any) -> Response:
        sent = time.monotonic()
        try:
            response = self._session.request(
                method,
                self._url + path,
                **sending,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            )
            with response:
                content = self._read_body(response)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise network.unreachable(error, self._url, answered=self.answered) from None
        if response.status_code == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            raise environment.login_wanted(self._url, answered=self.answered)
        return Response(
            status=response.status_code,
            headers=response.headers,
            content=as_utf8(content, response.headers.get("Content-Type", "")),
            path=path,
            host=self.host,
            seconds=time.monotonic() - sent,
        )

    def _read_body(self, response: requests.Response) -> bytes:
        """Read the body as it comes, since the timeout holds only between two reads."""
        deadline = time.monotonic() + LONGEST_RESPONSE
        chunks = []
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            chunks.append(chunk)
            if time.monotonic() > deadline:
                raise requests.exceptions.ReadTimeout
        return b"".join(chunks)

    def _use_up(self, details: Details) -> None:
        """Take what was tried in vain off the minutes of the run: further requests try once."""
        self._retry_seconds = max(0.0, self._retry_seconds - details["elapsed"])

    def _log_wait(self, details: Details) -> None:
        self._logger.warning(
            "%s; trying again in %.0f s (try %d)",
            details["exception"],
            details["wait"],
            details["tries"] + 1,
        )
