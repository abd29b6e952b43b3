"""API keys: their scopes and their daily quota (sections 2.2 and 2.6)."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

DEFAULT_KEY = "rotor_demo_key"
DEFAULT_QUOTA = 1000
# Documented are `leads:read` and `customers:read`; the others follow the pattern.
SCOPES = (
    "leads:read",
    "leads:write",
    "customers:read",
    "customers:write",
    "pins:read",
    "pin_types:read",
    "service_plans:read",
    "serviced_jobs:read",
)
DAY = timedelta(days=1)


@dataclass
class Key:
    """A key; `quota` (requests a day) and `scopes` may be changed at any time."""

    scopes: list[str] = field(default_factory=lambda: list(SCOPES))
    quota: int = DEFAULT_QUOTA
    _days: Counter[date] = field(default_factory=Counter, repr=False)
    _latest: deque[datetime] = field(default_factory=deque, repr=False)

    def spend(self, now: datetime) -> None:
        """Count a request."""
        self._days[now.date()] += 1
        self._latest.append(now)

    def spent(self, now: datetime, *, rolling: bool = False) -> int:
        """Return how many requests count today (UTC), or in the last 24 hours."""
        while self._latest and self._latest[0] <= now - DAY:
            self._latest.popleft()
        return len(self._latest) if rolling else self._days[now.date()]

    def renewal(self, now: datetime, *, rolling: bool = False) -> datetime:
        """Return when the next request is free, given that the quota is spent."""
        if rolling and 0 < self.quota <= len(self._latest):
            return self._latest[-self.quota] + DAY
        return now.replace(hour=0, minute=0, second=0, microsecond=0) + DAY


class Keys(dict[str, Key]):
    """The keys that the API knows."""

    def add(self, key: str, scopes: Iterable[str] | None, quota: int) -> Key:
        """Make a key known; no scopes given: all of them."""
        self[key] = Key(list(SCOPES if scopes is None else scopes), quota)
        return self[key]
