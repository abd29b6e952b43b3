"""The stand-in for the Rotor API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tools.sandbox.api import Api
from tools.sandbox.keys import DEFAULT_KEY, DEFAULT_QUOTA, SCOPES, Key
from tools.sandbox.server import Server
from tools.sandbox.switches import Switches, changed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tools.sandbox.company import Company


class Sandbox(Server):
    """A server of one company, running while it is entered."""

    switches: Switches

    def __init__(
        self,
        company: Company,
        *,
        port: int = 0,
        key: str = DEFAULT_KEY,
        quota: int = DEFAULT_QUOTA,
        **switches: Any,
    ) -> None:
        """Take the port (0: a free one); see `Switches` for the `switches`.

        `key` has all scopes and `quota` requests a day.
        """
        self.company = company
        self.keys: dict[str, Key] = {}
        self.api_key = key
        self.api = Api(company, self.keys, changed(Switches(), switches))
        super().__init__(self.api, port=port)
        self.add_key(key, quota=quota)

    def spent(self, key: str | None = None) -> int:
        """Return how many requests count against a key's quota now."""
        rolling = self.switches.quota_window == "rolling"
        return self.keys[key or self.api_key].spent(self.company.now, rolling=rolling)

    def add_key(
        self,
        key: str,
        scopes: Iterable[str] = SCOPES,
        quota: int = DEFAULT_QUOTA,
    ) -> None:
        """Make a key known, by default with all scopes."""
        self.keys[key] = Key(list(scopes), quota)

    def precompress(self) -> None:
        """Compress all pages of 1,000 rows in advance."""
        with self.company.lock:
            self.api.pages.precompress()
