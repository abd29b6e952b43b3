"""The endpoints below `/open-api`: keys, quota, lists, rows by id, upserts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import override

from tools.sandbox.answers import Answer, Refusal, error, http_date
from tools.sandbox.endpoints import Endpoints
from tools.sandbox.query import read
from tools.sandbox.rotor_pages import RotorPages
from tools.sandbox.rows import Level, encode
from tools.sandbox.upsert import upsert

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request
    from starlette.routing import Route

    from tools.sandbox.company import Company
    from tools.sandbox.keys import Key
    from tools.sandbox.parameters import Query
    from tools.sandbox.switches import Switches

VERSION = "1.1.0"
PATHS = {
    "/leads": "leads",
    "/customers": "customers",
    "/pins": "pins",
    "/service-plans": "service_plans",
    "/serviced-jobs": "serviced_jobs",
}


class Api(Endpoints):
    """The API of one company."""

    prefix = "/open-api"
    switches: Switches
    pages: RotorPages

    def __init__(self, company: Company, keys: Mapping[str, Key], switches: Switches) -> None:
        """Serve `company` to those who have one of the `keys`."""
        super().__init__(company, switches, RotorPages(company, switches))
        self.company = company
        self.keys = keys

    @override
    def routes(self) -> list[Route]:
        """Return the routes of all endpoints."""
        routes = [
            self.route("GET", "/auth/test", self._auth_test, None),
            self.route("GET", "/pin-types", self._pin_types, "pin_types:read"),
        ]
        for path, name in PATHS.items():
            routes.append(self.route("GET", path, self.pages_of(name), f"{name}:read"))
        for name in ("leads", "customers"):
            by_id, post = self._by_id(name), self._post(name)
            routes += [
                self.route("GET", f"/{name}/{{id}}", by_id, f"{name}:read"),
                self.route("POST", f"/{name}", post, f"{name}:write"),
            ]
        return routes

    @override
    def read(self, list_name: str, given: Mapping[str, str]) -> Query:
        """Read a request's parameters; raises `Refusal` for those that cannot be."""
        return read(list_name, given, self.switches)

    @override
    def error(
        self, status: int, *, code: bool = True, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Make an error with the documented body."""
        return error(status, code=code, headers=headers)

    @override
    def admit(self, request: Request, scope: str | None) -> None:
        """Check key, quota and scope; count a request that passes. Raises `Refusal`."""
        key = self.keys.get(request.headers.get("x-api-key", ""))
        if key is None:
            raise Refusal(error(401))
        self._check_quota(key)
        if scope is not None and scope not in key.scopes:
            message = f"Forbidden: required scope '{scope}' not granted for this API key"
            raise Refusal(error(403, message))
        key.spend(self.company.now)

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
        message = f"Daily API key request limit of {key.quota} exceeded"
        raise Refusal(error(429, message, headers=headers))

    # Endpoints

    def _pin_types(self, request: Request) -> Answer:
        found = self.company.lists["pin_types"].order(Level.FULL)
        request.scope["sandbox.request"].rows = len(found)
        joined = b",".join([row.data for row in found])
        return Answer(b'{"data":[%b],"status":"success"}' % joined)

    def _by_id(self, name: str) -> Callable[[Request], Answer]:
        def handler(request: Request) -> Answer:
            row = self.company.lists[name].by_id.get(request.path_params["id"])
            if row is None:
                raise Refusal(error(404))
            request.scope["sandbox.request"].rows = 1
            return Answer(b'{"data":%b,"status":"success"}' % row.data)

        return handler

    def _post(self, name: str) -> Callable[[Request], Awaitable[Answer]]:
        async def handler(request: Request) -> Answer:
            body = await request.body()
            return upsert(self.company, name, body)

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
        return Answer(encode(answer))
