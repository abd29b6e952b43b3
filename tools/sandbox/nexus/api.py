"""The one documented endpoint, `GET /api/v1/leads`: keys, scopes, parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import override

from tools.sandbox.answers import Answer, Refusal
from tools.sandbox.endpoints import Endpoints
from tools.sandbox.nexus.answers import error
from tools.sandbox.nexus.pages import NexusPages
from tools.sandbox.nexus.query import read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.routing import Route

    from tools.sandbox.nexus.keys import Key
    from tools.sandbox.nexus.organisation import Organisation
    from tools.sandbox.nexus.switches import Switches
    from tools.sandbox.parameters import Query


class Api(Endpoints):
    """The API of one organisation."""

    prefix = "/api/v1"
    switches: Switches

    def __init__(
        self, organisation: Organisation, keys: Mapping[str, Key], switches: Switches
    ) -> None:
        """Serve `organisation` to those who have one of the `keys`."""
        super().__init__(organisation, switches, NexusPages(organisation, switches))
        self.keys = keys

    @override
    def routes(self) -> list[Route]:
        """Return the one route."""
        return [self.route("GET", "/leads", self.pages_of("leads"), "leads.read")]

    @override
    def admit(self, request: Request, scope: str | None) -> None:
        """Check key and scope. Raises `Refusal`."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        key = self.keys.get(token) if scheme.lower() == "bearer" else None
        if key is None or key.expired(self.store.now):
            raise Refusal(error(401))
        if scope not in key.scopes:
            raise Refusal(error(403))

    @override
    def read(self, list_name: str, given: Mapping[str, str]) -> Query:
        """Read a request's parameters; raises `Refusal` for those that cannot be."""
        return read(given, self.switches)

    @override
    def error(
        self,
        status: int,
        *,
        code: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Make an error with the documented body."""
        return error(status, headers=headers)
