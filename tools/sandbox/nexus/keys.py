"""API keys: their scopes, and when they expire (sections 1 and 3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

# 44 characters in the documented form; the third part would be the secret.
DEFAULT_KEY = "sk_sandbox1_" + "0" * 32
SCOPES = ("leads.read",)
TEST_TOKEN_LIFE = timedelta(hours=1)


@dataclass
class Key:
    """A key; both may be changed at any time."""

    scopes: list[str] = field(default_factory=lambda: list(SCOPES))
    expires: datetime | None = None
    """By the organisation's clock; None: never."""

    def expired(self, now: datetime) -> bool:
        """Tell whether the key is of no use any more."""
        return self.expires is not None and now >= self.expires
