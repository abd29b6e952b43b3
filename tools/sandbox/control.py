"""The sandbox's own endpoints, outside the API: for use from another process.

No key, no quota, not in the log of requests. A wrong body is answered with 400.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from tools.sandbox.rows import decode, encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request as StarletteRequest

    from tools.sandbox.front import Request
    from tools.sandbox.switches import Common

PREFIX = "/sandbox"


def routes(log: list[Request], switch: Callable[..., Common]) -> list[Route]:
    """Return the routes: the `log` is shown and emptied, `switch` changes switches."""

    def requests(_: Any) -> object:
        return [asdict(request) for request in log]

    def forget(_: Any) -> object:
        log.clear()
        return {}

    def switches(body: Any) -> object:
        return msgspec.structs.asdict(switch(**body))

    return [
        _route("GET", "/requests", requests),
        _route("DELETE", "/requests", forget),
        _route("POST", "/switches", switches),
    ]


def _route(method: str, path: str, handler: Callable[[Any], object]) -> Route:
    async def endpoint(request: StarletteRequest) -> Response:
        try:
            answer, status = handler(decode(await request.body() or b"{}")), 200
        except (ValueError, TypeError) as problem:
            answer, status = {"error": str(problem)}, 400
        return Response(encode(answer), status, media_type="application/json")

    return Route(PREFIX + path, endpoint, methods=[method])
