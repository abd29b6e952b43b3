"""What the endpoints of every API have in common: admission, the lock, `Date`, gzip."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from starlette.exceptions import HTTPException
from starlette.routing import Route

from tools.sandbox.answers import Answer, Refusal, http_date

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime

    from starlette.requests import Request

    from tools.sandbox.pages import Pages
    from tools.sandbox.parameters import Query
    from tools.sandbox.store import Store
    from tools.sandbox.switches import Common


class Endpoints(ABC):
    """The endpoints of one API, below its base URL."""

    prefix: ClassVar[str]
    """The path of the base URL."""

    def __init__(
        self,
        store: Store,
        switches: Common,
        pages: Pages,
        read: Callable[[str, Mapping[str, str], Any], Query],
        error: Callable[..., Answer],
    ) -> None:
        """Serve `store` in the way that `switches` say at the time.

        `read` takes a list's name, the parameters of a request and the switches; it
        raises `Refusal` for parameters that it cannot read. `error` takes a status,
        `headers`, and `code`: whether the body has the documented error code.
        """
        self.store = store
        self.switches = switches
        self.pages = pages
        self.read = read
        self.error = error

    @abstractmethod
    def routes(self) -> Sequence[Route]:
        """Return the routes of all endpoints."""

    @abstractmethod
    def admit(self, request: Request, scope: str | None) -> None:
        """Check who asks, and for what. Raises `Refusal`."""

    def route(
        self,
        method: str,
        path: str,
        handler: Callable[[Request], Awaitable[Answer] | Answer],
        scope: str | None,
    ) -> Route:
        """Let `handler` answer those who are admitted with `scope`."""

        async def endpoint(request: Request) -> Answer:
            try:
                with self.store.lock:
                    self.admit(request, scope)
                    answer = handler(request)
                    now = self.store.now
                if not isinstance(answer, Answer):
                    answer = await answer
                    now = self.store.now
            except Refusal as refusal:
                return refusal.answer
            if self.switches.date_header:
                # Of the same instant as the rows.
                answer.headers["Date"] = self.date(now)
            return answer

        return Route(self.prefix + path, endpoint, methods=[method])

    def date(self, now: datetime) -> str:
        """Return what `Date` says at a time of the clock that dates rows."""
        return http_date(now + timedelta(seconds=self.switches.date_ahead))

    def list_page(self, name: str, request: Request) -> Answer:
        """Answer with a page of a list."""
        query = self.read(name, request.query_params, self.switches)
        page = self.pages.page(name, query, request.scope.get("sandbox.rule"))
        request.scope["sandbox.request"].rows = len(page.rows)
        if self.switches.gzip and "gzip" in request.headers.get("accept-encoding", ""):
            return Answer(self.pages.compressed(page), headers={"Content-Encoding": "gzip"})
        return Answer(page.body())

    def unknown(self, _request: Request, problem: Exception) -> Answer:
        """Answer a path or method that the API does not have."""
        assert isinstance(problem, HTTPException)  # noqa: S101
        return self.error(problem.status_code, headers=problem.headers)
