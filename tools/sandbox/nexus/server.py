"""The stand-in for the Nexus ERP API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tools.sandbox.nexus.api import Api
from tools.sandbox.nexus.keys import DEFAULT_KEY, SCOPES, Key
from tools.sandbox.nexus.switches import Switches
from tools.sandbox.server import Server
from tools.sandbox.switches import changed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    from tools.sandbox.nexus.organisation import Organisation


class NexusSandbox(Server):
    """A server of one organisation, running while it is entered."""

    switches: Switches

    def __init__(
        self,
        organisation: Organisation,
        *,
        port: int = 0,
        **switches: Any,
    ) -> None:
        """Take the port (0: a free one); see `Switches` for the `switches`.

        The default key has all scopes and never expires.
        """
        self.organisation = organisation
        self.api_key = DEFAULT_KEY
        self.keys = {DEFAULT_KEY: Key()}
        api = Api(organisation, self.keys, changed(Switches(), switches))
        super().__init__(api, port=port)

    def add_key(
        self,
        key: str,
        scopes: Iterable[str] = SCOPES,
        lifetime: timedelta | None = None,
    ) -> None:
        """Make a key known; one with a `lifetime` expires by the organisation's clock."""
        expires = None if lifetime is None else self.organisation.now + lifetime
        self.keys[key] = Key(list(scopes), expires)
