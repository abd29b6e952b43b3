"""The endpoints below `/open-api`: keys, quota, lists, rows by id, upserts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.routing import Route

from sandbox.answers import Answer, Refusal, error, http_date
from sandbox.pages import Pages
from sandbox.query import read
from sandbox.rows import Level, encode
from sandbox.upsert import upsert

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from sandbox.company import Company
    from sandbox.keys import Key, Keys
    from sandbox.switches import Switches

PREFIX = "/open-api"
VERSION = "1.1.0"
PATHS = {
    "/leads": "leads",
    "/customers": "customers",
    "/pins": "pins",
    "/service-plans": "service_plans",
    "/serviced-jobs": "serviced_jobs",
}


class Api:
    """The API of one company."""

    def __init__(self, company: Company, keys: Keys, switches: Switches) -> None:
        """Serve `company` to those who have one of the `keys`."""
        self.company = company
        self.keys = keys
        self.switches = switches
        self.pages = Pages(company, switches)

    def routes(self) -> list[Route]:
        """Return the routes of all endpoints."""
        routes = [
            self._route("GET", "/auth/test", self._auth_test, None),
            self._route("GET", "/pin-types", self._pin_types, "pin_types:read"),
        ]
        for path, name in PATHS.items():
            routes.append(self._route("GET", path, self._list(name), f"{name}:read"))
        for name in ("leads", "customers"):
            by_id, post = self._by_id(name), self._post(name)
            routes += [
                self._route("GET", f"/{name}/{{id}}", by_id, f"{name}:read"),
                self._route("POST", f"/{name}", post, f"{name}:write"),
            ]
        return routes

    def _route(
        self,
        method: str,
        path: str,
        handler: Callable[[Request], Awaitable[Answer] | Answer],
        scope: str | None,
    ) -> Route:
        async def endpoint(request: Request) -> Answer:
            try:
                with self.company.lock:
                    self._admit(request, scope)
                    answer = handler(request)
                    now = self.company.now
                if not isinstance(answer, Answer):
                    answer = await answer
                    now = self.company.now
            except Refusal as refusal:
                return refusal.answer
            if self.switches.date_header:
                # Of the same instant as the rows.
                answer.headers["Date"] = http_date(now)
            return answer

        return Route(PREFIX + path, endpoint, methods=[method])

    def _admit(self, request: Request, scope: str | None) -> None:
        """Check key, version, quota and scope; count the request. Raises `Refusal`."""
        key = self.keys.get(request.headers.get("x-api-key", ""))
        if key is None:
            raise Refusal(error(401))
        version = request.headers.get("rotor-api-version")
        if self.switches.version_header == "400" and version != VERSION:
            message = "Missing or unsupported rotor-api-version header"
            raise Refusal(error(400, message))
        counts = self.counts(request.method, request.url.path.removeprefix(PREFIX))
        if counts:
            self._check_quota(key)
        if scope is not None and scope not in key.scopes:
            if self.switches.count_refused:
                key.spend(self.company.now)
            message = f"Forbidden: required scope '{scope}' not granted for this API key"
            raise Refusal(error(403, message))
        if counts:
            key.spend(self.company.now)

    def counts(self, method: str, path: str) -> bool:
        """Tell whether a request counts against the quota."""
        if path == "/auth/test":
            return self.switches.count_auth_test
        return self.switches.limit_post_leads or (method, path) != ("POST", "/leads")

    def _check_quota(self, key: Key) -> None:
        now, rolling = self.company.now, self.switches.quota_window == "rolling"
        if key.spent(now, rolling=rolling) < key.quota:
            return
        headers = {}
        renewal = key.renewal(now, rolling=rolling)
        if self.switches.retry_after == "seconds":
            # Rounded up: one second too early is too early.
            headers["Retry-After"] = str(-int((now - renewal).total_seconds() // 1))
        elif self.switches.retry_after == "date":
            headers["Retry-After"] = http_date(renewal)
        if self.switches.count_refused:
            key.spend(now)
        message = f"Daily API key request limit of {key.quota} exceeded"
        raise Refusal(error(429, message, headers=headers))

    # Endpoints

    def _list(self, name: str) -> Callable[[Request], Answer]:
        def handler(request: Request) -> Answer:
            query = read(name, request.query_params, self.switches)
            page = self.pages.page(name, query, request.scope.get("sandbox.rule"))
            request.scope["sandbox.request"].rows = len(page.rows)
            if self.switches.gzip and accepts_gzip(request):
                body = self.pages.compressed(name, page)
                return Answer(body, headers={"Content-Encoding": "gzip"})
            return Answer(page.body())

        return handler

    def _pin_types(self, request: Request) -> Answer:
        rows = self.company.lists["pin_types"]
        found = rows.slice(Level.FULL, 0, rows.count(Level.FULL))
        request.scope["sandbox.request"].rows = len(found)
        joined = b",".join([row.data for row in found])
        return Answer(b'{"data":[%b],"status":"success"}' % joined)

    def _by_id(self, name: str) -> Callable[[Request], Answer]:
        def handler(request: Request) -> Answer:
            row = self.company.lists[name].by_id.get(request.path_params["id"])
            if row is None or (row.level != Level.USUAL and not self.switches.archived_by_id):
                raise Refusal(error(404))
            request.scope["sandbox.request"].rows = 1
            return Answer(b'{"data":%b,"status":"success"}' % row.data)

        return handler

    def _post(self, name: str) -> Callable[[Request], Awaitable[Answer]]:
        async def handler(request: Request) -> Answer:
            body = await request.body()
            return upsert(self.company, name, body, self.switches)

        return handler

    def _auth_test(self, request: Request) -> Answer:
        key = self.keys[request.headers["x-api-key"]]
        answer = {
            "auth_method": "api_key",
            "authenticated": True,
            "company_id": self.company.id,
            "message": "Authentication successful",
            "rotor_api_version": VERSION,
            "scopes": key.scopes,
            "status": "success",
            "timestamp": f"{self.company.now:%Y-%m-%dT%H:%M:%SZ}",
            "user_id": None,
        }
        if not self.switches.auth_test_version:
            del answer["rotor_api_version"]
        return Answer(encode(answer))


def accepts_gzip(request: Request) -> bool:
    """Tell whether the answer may be compressed."""
    return "gzip" in request.headers.get("accept-encoding", "")


def unknown(_request: Request, problem: Exception) -> Answer:
    """Answer a path or method that the API does not have."""
    assert isinstance(problem, HTTPException)  # noqa: S101
    return error(problem.status_code, headers=problem.headers)
