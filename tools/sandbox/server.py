"""A stand-in API on a real socket, in a thread."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import TYPE_CHECKING, Any, Self

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from tools.sandbox import control
from tools.sandbox.endpoints import Endpoints
from tools.sandbox.faults import Faults, Rule
from tools.sandbox.front import Front, Request
from tools.sandbox.switches import changed

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp

    from tools.sandbox.switches import Common

HOST = "127.0.0.1"
# Longer than any test keeps a connection unused: a server that closes one just when
# the client sends on it looks like a fault.
KEEP_ALIVE_SECONDS = 600
SEND_BUFFER = 1 << 20
STOP_SECONDS = 5


class Server(Endpoints):
    """A server of one API, running while it is entered.

    A problem in an action or in the server itself is answered with 500 and raised
    when the sandbox is left.
    """

    def __init__(self, *args: Any, port: int = 0) -> None:
        """Take the port (0: a free one) and pass `args` on to `Endpoints`."""
        super().__init__(*args)
        self.faults = Faults()
        self._log: list[Request] = []
        app = Starlette(
            routes=[*self.routes(), *control.routes(self._log, self.switch)],
            exception_handlers={HTTPException: self.unknown},
        )
        self._front = Front(app, self, self.faults, self._log)
        self.errors = self._front.errors
        """What went wrong in actions or in the server itself."""
        # asyncio turns Nagle's algorithm off only where the protocol is named: without
        # that, every short answer on a kept connection takes 40 ms.
        self._socket = socket.socket(proto=socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # A page of 1,000 leads is to leave in one call; connections inherit it.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        try:
            self._socket.bind((HOST, port))
        except OSError:
            self._socket.close()
            raise
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://{HOST}:{self.port}{self.prefix}"
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sandbox", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._failure: BaseException | None = None

    def __enter__(self) -> Self:
        """Start; returns when requests are answered."""
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """Stop at once, whatever is being answered."""
        self.stop()
        if kind is None and self.errors:
            raise self.errors[0]

    def stop(self) -> None:
        """Stop serving and close all sockets; may be called more than once."""
        if self._loop is not None:
            loop, self._loop = self._loop, None
            loop.call_soon_threadsafe(self._front.stopping.set)
            self._thread.join()
        self._socket.close()

    # What was asked

    @property
    def requests(self) -> list[Request]:
        """The requests below the base URL so far, the oldest first."""
        return list(self._log)

    def count(self, path: str | None = None) -> int:
        """Return how many requests there were, all or for one path ("/leads")."""
        return sum(path in {None, request.path} for request in self.requests)

    def reset_log(self) -> None:
        """Forget the requests; the quota is not given back."""
        self._log.clear()

    # What is answered

    def switch(self, **switches: Any) -> Common:
        """Change switches, from the next request on; return all of them."""
        new = changed(self.switches, switches)
        for name in switches:
            setattr(self.switches, name, getattr(new, name))
        return new

    def rule(self, kind: str, path: str | None = None, **settings: Any) -> Rule:
        """Make a rule of a kind and its settings, checked, and add it.

        Of several rules that match a request, the first wins.
        """
        made = msgspec.convert({"kind": kind, "path": path, **settings}, Rule)
        self.faults.add(made)
        return made

    def before(
        self,
        path: str | None,
        page: int | None,
        action: Callable[[], object],
        *,
        nth: int = 1,
    ) -> None:
        """Run `action` right before an answer is made, once.

        Which answer: to the `nth` request for the path and page (None: any).
        """
        self.faults.before(path, page, action, nth)

    def release(self) -> None:
        """Let all answers go that hang, now and later."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._front.released.set)

    # The thread

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as problem:  # noqa: BLE001
            self._failure = problem
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        app: ASGIApp = self._front
        config = uvicorn.Config(
            app,
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            date_header=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )
        server = _Server(config)
        await server.open(self._socket)
        self._loop = asyncio.get_running_loop()
        self._ready.set()
        await self._front.stopping.wait()
        await server.end()


class _Server(uvicorn.Server):
    """Starts and ends at once, where uvicorn's own loop looks every 0.1 s."""

    async def open(self, listener: socket.socket) -> None:
        self.config.load()
        self.lifespan = self.config.lifespan_class(self.config)
        await self.startup([listener])

    async def end(self) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        if tasks := list(self.server_state.tasks):
            # They end by themselves: nothing that waits outlasts `stopping`.
            await asyncio.wait(tasks, timeout=STOP_SECONDS)
        for server in self.servers:
            await server.wait_closed()
