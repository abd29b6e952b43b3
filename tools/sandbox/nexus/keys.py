"""API keys: their scopes, and when they expire."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

# 44 characters in the documented form; the third part would be the secret.
DEFAULT_KEY = "sk_sandbox1_" + "0" * 32
SCOPES = ("leads.read",)


@dataclass
class Key:
    """A key; both may be changed at any time."""

    scopes: list[str] = field(default_factory=lambda: list(SCOPES))
    expires: datetime | None = None
    """By the organisation's clock; None: never."""
