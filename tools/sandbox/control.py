"""The sandbox's own endpoints, outside the API: for use from another process.

No key, no quota, not in the log of requests. A wrong body is answered with 400.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from tools.sandbox.faults import Rule
from tools.sandbox.rows import decode, encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from tools.sandbox.server import Server

PREFIX = "/sandbox"


def routes(sandbox: Server) -> list[Route]:
    """Return the routes of the control endpoints."""

    def change(_: Request, body: Any) -> object:
        return sandbox.store.change(**body)

    def rules(_: Request, body: Any) -> object:
        sandbox.add_rule(*msgspec.convert(body, list[Rule]))
        return {"rules": len(body)}

    def clear_rules(_: Request, __: object) -> object:
        sandbox.faults.clear()
        return {}

    def requests(_: Request, __: object) -> object:
        return [asdict(request) for request in sandbox.requests]

    def forget(_: Request, __: object) -> object:
        sandbox.reset_log()
        return {}

    def rows(request: Request, _: object) -> object:
        flags = {name: value == "true" for name, value in request.query_params.items()}
        return sandbox.store.rows(request.path_params["list"], **flags)

    def switches(_: Request, body: Any) -> object:
        sandbox.switch(**body)
        return msgspec.structs.asdict(sandbox.switches)

    return [
        _route("POST", "/change", change),
        _route("POST", "/rules", rules),
        _route("DELETE", "/rules", clear_rules),
        _route("GET", "/requests", requests),
        _route("DELETE", "/requests", forget),
        _route("GET", "/rows/{list}", rows),
        _route("POST", "/switches", switches),
    ]


def _route(method: str, path: str, handler: Callable[[Request, Any], object]) -> Route:
    async def endpoint(request: Request) -> Response:
        try:
            body = decode(await request.body() or b"{}")
            answer, status = handler(request, body), 200
        except (ValueError, TypeError, KeyError) as problem:
            answer, status = {"error": str(problem)}, 400
        return Response(encode(answer), status, media_type="application/json")

    return Route(PREFIX + path, endpoint, methods=[method])
