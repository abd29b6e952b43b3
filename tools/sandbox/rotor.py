"""The stand-in for the Rotor API, below `/open-api`: keys, quota, lists, upserts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect
from typing_extensions import override

from tools.sandbox.answers import Answer, Refusal, error, http_date
from tools.sandbox.keys import DEFAULT_KEY, DEFAULT_QUOTA, SCOPES, Key
from tools.sandbox.query import PATHS, read
from tools.sandbox.rotor_pages import RotorPages
from tools.sandbox.rows import Level, encode
from tools.sandbox.server import Server
from tools.sandbox.switches import Switches, changed
from tools.sandbox.upsert import upsert

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request
    from starlette.routing import Route

    from tools.sandbox.company import Company

VERSION = "1.1.0"


class Sandbox(Server):
    """A server of one company, running while it is entered."""

    prefix = "/open-api"
    switches: Switches
    pages: RotorPages

    def __init__(
        self,
        company: Company,
        *,
        port: int = 0,
        key: str = DEFAULT_KEY,
        quota: int = DEFAULT_QUOTA,
        **switches: Any,
    ) -> None:
        """Take the port (0: a free one); see `Switches` for the `switches`.

        `key` has all scopes and `quota` requests a day.
        """
        self.company = company
        self.api_key = key
        self.keys = {key: Key(quota=quota)}
        self.posted: list[tuple[str, bytes]] = []
        """List and body of each POST that was admitted, whatever became of its answer."""
        settings = changed(Switches(), switches)
        pages = RotorPages(company, settings)
        super().__init__(company, settings, pages, read, error, port=port)

    def spent(self, key: str | None = None) -> int:
        """Return how many requests count against a key's quota now."""
        rolling = self.switches.quota_window == "rolling"
        return self.keys[key or self.api_key].spent(self.company.now, rolling=rolling)

    def add_key(self, key: str, scopes: Iterable[str] = SCOPES, quota: int = DEFAULT_QUOTA) -> None:
        """Make a key known, by default with all scopes."""
        self.keys[key] = Key(list(scopes), quota)

    def precompress(self) -> None:
        """Compress all pages of 1,000 rows in advance."""
        with self.company.lock:
            self.pages.precompress()

    @override
    def routes(self) -> list[Route]:
        """Return the routes of all endpoints."""
        routes = [
            self.route("GET", "/auth/test", self._auth_test, None),
            self.route("GET", "/pin-types", self._pin_types, "pin_types:read"),
        ]
        for path, name in PATHS.items():
            routes.append(self.route("GET", path, partial(self.list_page, name), f"{name}:read"))
        for name in ("leads", "customers"):
            by_id, post = partial(self._by_id, name), partial(self._post, name)
            routes += [
                self.route("GET", f"/{name}/{{id}}", by_id, f"{name}:read"),
                self.route("POST", f"/{name}", post, f"{name}:write"),
            ]
        return routes

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
        now = self.company.now
        renewal = key.renewal(now, rolling=self.switches.quota_window == "rolling")
        if renewal is None:
            return
        headers = {}
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

    def _by_id(self, name: str, request: Request) -> Answer:
        row = self.company.lists[name].by_id.get(request.path_params["id"])
        if row is None:
            raise Refusal(error(404))
        request.scope["sandbox.request"].rows = 1
        return Answer(b'{"data":%b,"status":"success"}' % row.data)

    async def _post(self, name: str, request: Request) -> Answer:
        try:
            body = await request.body()
        except ClientDisconnect:
            # Killed while the answer was held back; nobody reads this one.
            raise Refusal(error(408)) from None
        self.posted.append((name, body))
        return upsert(self.company, name, body, self.switches)

    def _auth_test(self, request: Request) -> Answer:
        answer = {
            "auth_method": "api_key",
            "authenticated": True,
            "company_id": self.company.id,
            "message": "Authentication successful",
            "rotor_api_version": VERSION,
            "scopes": self.keys[request.headers["x-api-key"]].scopes,
            "status": "success",
            "timestamp": f"{self.company.now:%Y-%m-%dT%H:%M:%SZ}",
            "user_id": None,
        }
        return Answer(encode(answer))
