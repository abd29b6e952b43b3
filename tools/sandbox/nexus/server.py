"""The stand-in for the Nexus ERP API: its one documented endpoint, `GET /api/v1/leads`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from tools.sandbox.answers import Refusal
from tools.sandbox.nexus.answers import error
from tools.sandbox.nexus.keys import DEFAULT_KEY, SCOPES, Key
from tools.sandbox.nexus.pages import NexusPages
from tools.sandbox.nexus.query import read
from tools.sandbox.nexus.switches import Switches
from tools.sandbox.server import Server
from tools.sandbox.switches import changed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    from starlette.requests import Request
    from starlette.routing import Route

    from tools.sandbox.nexus.organisation import Organisation


class NexusSandbox(Server):
    """A server of one organisation, running while it is entered."""

    prefix = "/api/v1"
    switches: Switches

    def __init__(self, organisation: Organisation, *, port: int = 0, **switches: Any) -> None:
        """Take the port (0: a free one); see `Switches` for the `switches`.

        The default key has all scopes and never expires.
        """
        self.organisation = organisation
        self.api_key = DEFAULT_KEY
        self.keys = {DEFAULT_KEY: Key()}
        settings = changed(Switches(), switches)
        pages = NexusPages(organisation, settings)
        super().__init__(organisation, settings, pages, read, error, port=port)

    def add_key(
        self,
        key: str,
        scopes: Iterable[str] = SCOPES,
        lifetime: timedelta | None = None,
    ) -> None:
        """Make a key known; one with a `lifetime` expires by the organisation's clock."""
        expires = None if lifetime is None else self.organisation.now + lifetime
        self.keys[key] = Key(list(scopes), expires)

    @override
    def routes(self) -> list[Route]:
        """Return the one route."""
        return [self.route("GET", "/leads", partial(self.list_page, "leads"), "leads.read")]

    @override
    def admit(self, request: Request, scope: str | None) -> None:
        """Check key and scope. Raises `Refusal`."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        key = self.keys.get(token) if scheme.lower() == "bearer" else None
        if key is None or (key.expires and key.expires <= self.organisation.now):
            raise Refusal(error(401))
        if scope not in key.scopes:
            raise Refusal(error(403))
