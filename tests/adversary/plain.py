"""Plain page-by-page reading, as connectors do it: the adversary must find what it misses."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.adversary.moments import FULL_DATE
from tests.adversary.protocol import Asked, Ending

if t.TYPE_CHECKING:
    from tests.adversary.protocol import Answer, Listed, Settings


@dataclass
class PlainSession:
    """Pages one after another until there are no more, or they are older than the lookback."""

    settings: Settings
    state: dict[str, t.Any]
    number: int | None = 1
    newest: str = ""
    floor: str = ""
    rows: int = 0
    _ids: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Set the floor."""
        bookmark = None if self.settings.full_table else self.state.get("replication_key_value")
        self.newest = bookmark or ""
        if bookmark:
            days = timedelta(days=self.settings.lookback_days, minutes=5)
            self.floor = (datetime.fromisoformat(bookmark) - days).strftime(FULL_DATE)
        if not self.settings.full_table:
            self.floor = max(self.floor, self.settings.start_date or "")

    def asks(self) -> Asked | None:
        """Return the next page."""
        return Asked(self.number, self.settings.page_size) if self.number else None

    def takes(self, answer: Answer) -> list[Listed]:
        """Take all rows that are wanted."""
        assert self.number
        keys = [row.created for row in answer.rows if row.created]
        more = answer.has_more and bool(answer.rows) and self.number < 1000
        if self.floor and keys and min(keys) < self.floor:
            more = False
        self.number = self.number + 1 if more else None
        self.newest = max([self.newest, *keys])
        return [row for row in answer.rows if not row.created or row.created >= self.floor]

    def vanished(self) -> None:
        """Take it for the end."""
        self.number = None

    def entry(self) -> dict[str, t.Any]:
        """Return the bookmark, once the run is over."""
        if self.settings.full_table or self.number is not None or not self.newest:
            return self.state
        return {"replication_key": "created_at", "replication_key_value": self.newest}

    def ends(self) -> Ending:
        """End well, always; a full table is activated."""
        return Ending(0, activates=self.settings.full_table)


class PlainReading:
    """What most connectors do."""

    name = "plain"

    def begin(self, entry: dict[str, t.Any], settings: Settings, started: str) -> PlainSession:  # noqa: ARG002
        """Begin a run."""
        return PlainSession(settings, entry)
