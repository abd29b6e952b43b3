"""Times of histories: seconds since an epoch, and text in the fixed form."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

EPOCH = datetime(2026, 6, 1, tzinfo=UTC)
DAY = 86400.0
_NAIVE = EPOCH.replace(tzinfo=None)
FULL_DATE = "%Y-%m-%dT%H:%M:%S.%fZ"


@lru_cache(maxsize=1 << 17)
def text(seconds: float) -> str:
    """Return a moment, in seconds since the epoch of the histories, in the fixed form."""
    return (_NAIVE + timedelta(seconds=seconds)).isoformat(timespec="microseconds") + "Z"


def seconds(moment: str) -> float:
    """Return the seconds of a moment in the fixed form."""
    return (datetime.fromisoformat(moment) - EPOCH).total_seconds()
