"""The stand-in for the Nexus ERP API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tools.sandbox.nexus.api import Api
from tools.sandbox.nexus.keys import DEFAULT_KEY, SCOPES, Key
from tools.sandbox.nexus.organisation import Organisation
from tools.sandbox.nexus.switches import Switches
from tools.sandbox.server import Server
from tools.sandbox.switches import changed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta


class NexusSandbox(Server):
    """A server of one organisation, running while it is entered."""

    switches: Switches

    def __init__(
        self,
        organisation: Organisation | None = None,
        *,
        port: int = 0,
        key: str = DEFAULT_KEY,
        log: bool = False,
        **switches: Any,
    ) -> None:
        """Take the port (0: a free one); see `Switches` for the `switches`.

        `key` has all scopes and never expires; `log` lets the HTTP server write its log
        to stderr.
        """
        self.organisation = Organisation() if organisation is None else organisation
        self.keys = {key: Key()}
        self.api_key = key
        api = Api(self.organisation, self.keys, changed(Switches(), switches))
        super().__init__(api, port=port, log=log)

    def add_key(
        self,
        key: str,
        scopes: Iterable[str] = SCOPES,
        lifetime: timedelta | None = None,
    ) -> Key:
        """Make a key known; one with a `lifetime` expires by the organisation's clock."""
        expires = None if lifetime is None else self.organisation.now + lifetime
        self.keys[key] = Key(list(scopes), expires)
        return self.keys[key]
