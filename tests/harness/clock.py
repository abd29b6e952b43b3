"""A clock for the waits of a tap, so that no test has to wait with it."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    import pytest


class Clock:
    """The time of a tap: it passes only while retries wait, and no chance is in it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Take the place of time and chance until `monkeypatch` is undone."""
        self.waits: list[float] = []
        self.chance = 1.0
        """Where between its bounds each wait lies."""
        monkeypatch.setattr("backoff._sync.time", self)
        monkeypatch.setattr("backoff._common.time", self)
        monkeypatch.setattr("paged_rest.http.client.time", self)
        monkeypatch.setattr("paged_rest.singer.log.time", self)
        monkeypatch.setattr(
            "paged_rest.http.network.random.uniform",
            lambda low, high: low + self.chance * (high - low),
        )

    def monotonic(self) -> float:
        """Return the seconds that were waited."""
        return sum(self.waits)

    def sleep(self, seconds: float) -> None:
        """Wait, which takes no time."""
        self.waits.append(seconds)
