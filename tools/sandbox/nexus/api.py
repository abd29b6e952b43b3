"""The one documented endpoint, `GET /api/v1/leads`: keys, scopes, parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import override

from tools.sandbox.answers import Answer, Refusal
from tools.sandbox.endpoints import Endpoints
from tools.sandbox.nexus.answers import error
from tools.sandbox.nexus.invent import STATUSES
from tools.sandbox.nexus.pages import NexusPages
from tools.sandbox.parameters import Query, number, one_of, read_all, text
from tools.sandbox.rows import Level

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.routing import Route

    from tools.sandbox.nexus.keys import Key
    from tools.sandbox.nexus.organisation import Organisation
    from tools.sandbox.nexus.switches import Switches

DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 100
READERS = {
    "assignedToId": text,
    "page": number,
    "pageSize": number,
    "search": text,
    "status": one_of(*STATUSES),
}


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
            raise Refusal(error(self.switches.scope_status, self.switches.scope_message))

    @override
    def read(self, list_name: str, given: Mapping[str, str]) -> Query:
        """Read a request's parameters; raises `Refusal` for those that cannot be."""
        values, problems = read_all(given, READERS, self.switches)
        size = values.pop("pageSize", DEFAULT_PAGE_SIZE)
        if size > MAX_PAGE_SIZE and self.switches.over_page_size == "400":
            message = f"Expected at most {MAX_PAGE_SIZE}"
            problems.append({"field": "pageSize", "message": message})
        if problems:
            texts = [f"{problem['field']}: {problem['message']}" for problem in problems]
            raise Refusal(error(400, "; ".join(texts)))
        page, limit = values.pop("page", 1), min(size, self.switches.max_page_size)
        return Query(page, limit, Level.USUAL, tuple(sorted(values.items())))

    @override
    def error(
        self,
        status: int,
        *,
        code: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Make an error with the documented body."""
        return error(status, self.switches.scope_message if status == 403 else None, headers)  # noqa: PLR2004
