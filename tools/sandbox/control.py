"""The sandbox's own endpoints, outside the API: for use from another process.

No key, no quota, not in the log of requests. A wrong switch is answered with 400.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from tools.sandbox.rows import decode, encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from tools.sandbox import front
    from tools.sandbox.switches import Common


def routes(log: list[front.Request], switch: Callable[..., Common]) -> list[Route]:
    """Return the routes that show and empty `log`, and that call `switch`."""

    async def requests(request: Request) -> Response:
        if request.method == "DELETE":
            log.clear()
        return _json([asdict(entry) for entry in log])

    async def switches(request: Request) -> Response:
        try:
            new = switch(**decode(await request.body()))
        except (ValueError, TypeError) as problem:
            return _json({"error": str(problem)}, 400)
        return _json(msgspec.structs.asdict(new))

    return [
        Route("/sandbox/requests", requests, methods=["GET", "DELETE"]),
        Route("/sandbox/switches", switches, methods=["POST"]),
    ]


def _json(value: object, status: int = 200) -> Response:
    return Response(encode(value), status, media_type="application/json")
