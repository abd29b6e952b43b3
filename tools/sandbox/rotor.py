"""The stand-in for the Rotor API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tools.sandbox.api import Api
from tools.sandbox.company import Company
from tools.sandbox.keys import DEFAULT_KEY, DEFAULT_QUOTA, Key, Keys
from tools.sandbox.server import Server
from tools.sandbox.switches import Switches, changed

if TYPE_CHECKING:
    from collections.abc import Iterable


class Sandbox(Server):
    """A server of one company, running while it is entered."""

    switches: Switches

    def __init__(
        self,
        company: Company | None = None,
        *,
        port: int = 0,
        key: str = DEFAULT_KEY,
        quota: int = DEFAULT_QUOTA,
        log: bool = False,
        **switches: Any,
    ) -> None:
        """Take the port (0: a free one); see `Switches` for the `switches`.

        `key` has all scopes and `quota` requests a day; `log` lets the HTTP server
        write its log to stderr.
        """
        self.company = Company() if company is None else company
        self.keys = Keys()
        self.keys.add(key, None, quota)
        self.api_key = key
        self.api = Api(self.company, self.keys, changed(Switches(), switches))
        super().__init__(self.api, port=port, log=log)

    def spent(self, key: str | None = None) -> int:
        """Return how many requests count against a key's quota now."""
        rolling = self.switches.quota_window == "rolling"
        return self.keys[key or self.api_key].spent(self.company.now, rolling=rolling)

    def add_key(
        self,
        key: str,
        scopes: Iterable[str] | None = None,
        quota: int = DEFAULT_QUOTA,
    ) -> Key:
        """Make a key known, by default with all scopes."""
        return self.keys.add(key, scopes, quota)

    def precompress(self) -> int:
        """Compress all pages of 1,000 rows in advance; return how many."""
        with self.company.lock:
            return self.api.pages.precompress()
