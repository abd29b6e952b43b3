"""Stands in front of the API: keeps the log of requests, plays the faults."""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass, field
from socket import SO_LINGER, SOL_SOCKET
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl

from tools.sandbox.answers import compress
from tools.sandbox.faults import IN_FRONT, Faults, Rule
from tools.sandbox.rows import decode, encode

if TYPE_CHECKING:
    from datetime import datetime
    from types import MethodType

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from tools.sandbox.endpoints import Endpoints

DRIP_SECONDS = 0.05
"""Between two drops."""
FLUSH_SECONDS = 0.001
# On, and no time to linger: closing sends RST instead of FIN.
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
LATE = frozenset({"hang", "delay"})
ON_THE_WAY = frozenset({"cut_fin", "cut_rst", "drip", "bad_gzip", "bad_json", "no_data", "recode"})
PLAIN = frozenset({"bad_gzip", "bad_json", "no_data", "recode"})


@dataclass
class Request:
    """A request that was received, and what became of it."""

    method: str
    path: str
    """Below the base URL: "/leads"."""
    query: dict[str, str]
    status: int | None = None
    """None while, or because, nothing was answered."""
    rows: int | None = None
    """Rows in the answer; None where it has none."""


@dataclass
class Collected:
    """The API's answer before it is spoilt."""

    start: Message = field(default_factory=dict)
    body: bytes = b""

    async def send(self, message: Message) -> None:
        """Take the application's messages."""
        if message["type"] == "http.response.start":
            self.start = message
        else:
            self.body += message.get("body", b"")

    def replace(self, body: bytes, *headers: tuple[bytes, bytes]) -> None:
        """Put another body in, of the right length."""
        self.body = body
        kept = [pair for pair in self.start["headers"] if pair[0] != b"content-length"]
        length = (b"content-length", str(len(body)).encode())
        self.start["headers"] = [*kept, length, *headers]

    def recode(self, charset: str) -> None:
        """Put the same text in, in another charset."""
        kind = b"application/json"
        if charset != "utf-8-sig":
            kind += f"; charset={charset}".encode()
        self.start["headers"] = [
            pair for pair in self.start["headers"] if pair[0] != b"content-type"
        ]
        self.replace(
            self.body.decode().encode(charset, "backslashreplace"), (b"content-type", kind)
        )


class Front:
    """An ASGI application around the API's."""

    def __init__(self, app: ASGIApp, api: Endpoints, faults: Faults, log: list[Request]) -> None:
        """Log every request, and pass on to `app` what is not answered here."""
        self.app = app
        self.api = api
        self.faults = faults
        self.log = log
        self.errors: list[Exception] = []
        self._kept: dict[bytes, tuple[datetime, Collected]] = {}
        self.stopping = asyncio.Event()
        self.released = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if not scope["path"].startswith(f"{self.api.prefix}/"):
            await self.app(scope, receive, send)
            return
        query = dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
        request = Request(scope["method"], scope["path"].removeprefix(self.api.prefix), query)
        self.log.append(request)
        page = int(query["page"]) if query.get("page", "").isdecimal() else 1
        rule = self.faults.rule(request.path, page)
        scope["sandbox.request"] = request
        scope["sandbox.rule"] = rule

        async def dated_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                request.status = message["status"]
                dated = any(name == b"date" for name, _ in message["headers"])
                if self.api.switches.date_header and not dated:
                    date = self.api.date(self.api.store.now).encode()
                    message["headers"] = [*message["headers"], (b"date", date)]
            await send(message)

        try:
            if self.api.switches.latency:
                await self.pause(self.api.switches.latency)
            if rule and rule.kind in LATE:
                await self.pause(rule.seconds, self.released)
            for action in self.faults.actions(request.path, page):
                action()
            await self._answer(rule, scope, receive, dated_send)
        except Exception as problem:  # noqa: BLE001
            # For the one who holds the server; the client cannot know what it means.
            self.errors.append(problem)
            if request.status is None:
                await self.api.error(500)(scope, receive, dated_send)

    async def _answer(self, rule: Rule | None, scope: Scope, receive: Receive, send: Send) -> None:
        if self.stopping.is_set() or (rule and rule.kind == "reset"):
            await self._close(receive, reset=True)
        elif rule and rule.kind in IN_FRONT:
            await rule.answer(self.api.store.now, self.api.error)(scope, receive, send)
        elif rule and rule.kind in ON_THE_WAY:
            await self._spoil(rule, scope, receive, send)
        elif self.api.switches.cache:
            await self._pass_cache(rule, scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _pass_cache(
        self, rule: Rule | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Send what the API answers and keep it, or what was kept last where the rule says so."""
        url = scope["path"].encode() + b"?" + scope["query_string"]
        now = self.api.store.now
        if rule and rule.kind == "cached" and url in self._kept:
            made, answer = self._kept[url]
            age = str(int((now - made).total_seconds())).encode()
            headers = [*answer.start["headers"], *([(b"age", age)] if rule.age else [])]
        else:
            answer = Collected()
            await self.app(scope, receive, answer.send)
            self._kept[url] = now, answer
            headers = answer.start["headers"]
        await send({**answer.start, "headers": list(headers)})
        await send({"type": "http.response.body", "body": answer.body})

    async def pause(self, seconds: float | None, *ends: asyncio.Event) -> None:
        """Wait `seconds` (None: forever), for one of `ends`, or for the end of the server."""
        waits = [asyncio.ensure_future(event.wait()) for event in (self.stopping, *ends)]
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    async def _spoil(self, rule: Rule, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the API answer and send something else, or not all of it."""
        if rule.kind in PLAIN:
            scope["headers"] = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
        answer = Collected()
        await self.app(scope, receive, answer.send)
        if rule.kind == "bad_json":
            answer.replace(answer.body[: len(answer.body) // 2])
        elif rule.kind == "no_data":
            body = decode(answer.body)
            body.pop("data", None)
            answer.replace(encode(body))
        elif rule.kind == "recode":
            answer.recode(rule.charset)
        elif rule.kind == "bad_gzip":
            whole = compress(answer.body)
            middle = len(whole) // 2
            # All ones in the middle of the deflate stream: invalid, or a wrong sum.
            spoilt = whole[:middle] + b"\xff" * 8 + whole[middle + 8 :]
            answer.replace(spoilt, (b"content-encoding", b"gzip"))
        await send(answer.start)
        if rule.kind in {"cut_fin", "cut_rst"}:
            half = answer.body[: len(answer.body) // 2]
            await send({"type": "http.response.body", "body": half, "more_body": True})
            await self._close(receive, reset=rule.kind == "cut_rst")
            return
        size = len(answer.body)
        drop = max(1, int(rule.rate * DRIP_SECONDS)) if rule.kind == "drip" else size
        for begin in range(0, size, drop):
            if begin:
                await self.pause(drop / rule.rate)
            if self.stopping.is_set():
                await self._close(receive, reset=True)
                return
            message = {"type": "http.response.body", "body": answer.body[begin : begin + drop]}
            await send({**message, "more_body": begin + drop < size})

    async def _close(self, receive: Receive, *, reset: bool) -> None:
        """End the connection: with RST, or with FIN."""
        # uvicorn's `receive` is a method of an object that knows the connection.
        owner: Any = cast("MethodType", receive).__self__
        transport: asyncio.Transport = owner.transport
        if reset:
            # What is not sent yet would be thrown away; nothing tells when it is.
            while transport.get_write_buffer_size() and not self.stopping.is_set():  # noqa: ASYNC110
                await asyncio.sleep(FLUSH_SECONDS)
        if reset and not transport.is_closing():
            raw = transport.get_extra_info("socket")
            raw.setsockopt(SOL_SOCKET, SO_LINGER, RESET_ON_CLOSE)
            transport.abort()
        else:
            transport.close()
        # The server calls it a mistake when an application ends before its answer.
        while (await receive())["type"] != "http.disconnect":
            pass
