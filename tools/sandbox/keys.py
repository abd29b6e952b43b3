"""API keys: their scopes and their daily quota."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import datetime, timedelta

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
    _times: list[datetime] = field(default_factory=list, repr=False)

    def spend(self, now: datetime) -> None:
        """Count a request."""
        self._times.append(now)

    def spent(self, now: datetime, *, rolling: bool = False) -> int:
        """Return how many requests count today (UTC), or in the last 24 hours."""
        if rolling:
            return len(self._times) - bisect_right(self._times, now - DAY)
        return len(self._times) - bisect_left(self._times, _midnight(now))

    def renewal(self, now: datetime, *, rolling: bool) -> datetime | None:
        """Return when the key may be used again, or None if it may be used now."""
        if self.spent(now, rolling=rolling) < self.quota:
            return None
        if rolling and self.quota:
            return self._times[-self.quota] + DAY
        return _midnight(now) + DAY


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)
