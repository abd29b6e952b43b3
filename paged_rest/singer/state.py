"""What a stream remembers between runs, as it stands in the Singer state.

A bookmark is flat and, once written, has all its keys, since Meltano merges states at depth and
never removes a key: an interrupted `--full-refresh` leaves a merge of its own and the former state.
"""

from __future__ import annotations

import typing as t
from dataclasses import astuple, dataclass

from paged_rest.reading.descent import Bookmark, Stretch
from paged_rest.timestamps import timestamp

_KEYS = (
    "replication_key",
    "replication_key_value",
    "rows_behind",
    "start_date",
    "fingerprint",
    "resume",
    "whole",
)

# In place of a bookmark that does not hold, as Meltano would bring back one that is left out.
_BEFORE_ALL = "0001-01-01T00:00:00.000000Z"


def own_part(entry: object, started: str) -> tuple[dict[str, t.Any], str | None]:
    """Return what can be used of a stream's entry in a state, and what was wrong with it.

    Args:
        entry: The entry, from wherever the state came.
        started: When the run began; no bookmark lies behind that.
    """
    if not isinstance(entry, dict):
        return {}, "is no object"
    own = {key: entry[key] for key in _KEYS if key in entry}
    if (stretch := _stretch(own.get("resume"))) is None or stretch.newest > started:
        own["resume"] = []
    value = own.get("replication_key_value")
    if value is None:
        return own, None
    try:
        value = timestamp(value)
    except (TypeError, ValueError):
        return {}, "holds no moment"
    if value > started:
        return {**own, "replication_key_value": started}, "lies in the future and is taken as now"
    return {**own, "replication_key_value": value}, None


@dataclass(frozen=True, slots=True)
class Memory:
    """The entry of one stream that is replicated incrementally.

    Attributes:
        entry: Its entry in the state, to be written to.
        key: The replication key.
        fingerprint: What limits the rows of a read, in short.
        start: The setting start_date in the fixed form of moments, or "".
    """

    entry: dict[str, t.Any]
    key: str
    fingerprint: str
    start: str

    def stale(self) -> str | None:
        """Return why what is remembered does not hold for this run, or None when it does."""
        if self.entry.get("fingerprint", self.fingerprint) != self.fingerprint:
            return "the settings that limit it have changed"
        if self.entry.get("replication_key", self.key) != self.key:
            return "its replication key was another"
        if self.start < _text(self.entry.get("start_date", self.start)):
            return "start_date is earlier than it was"
        return None

    def recall(self) -> tuple[Bookmark | None, Stretch | None]:
        """Return what the last complete read left, and what an interrupted one left since."""
        if self.stale():
            return None, None
        value = self.entry.get("replication_key_value")
        if not value or value == _BEFORE_ALL:
            bookmark = None
        else:
            behind = self.entry.get("rows_behind")
            bookmark = Bookmark(value, behind if isinstance(behind, int) else None)
        return bookmark, _stretch(self.entry.get("resume"))

    def interrupted(self, stretch: Stretch | None) -> None:
        """Remember how far an unfinished read has come."""
        if stretch or not self.stale():
            self._write(self._start(), resume=list(astuple(stretch)) if stretch else [])

    def complete(self, bookmark: Bookmark | None, *, anew: bool) -> None:
        """Remember a read that is proven.

        Args:
            bookmark: What it leaves, or None where no row had a key.
            anew: Whether it went down to start_date again, whatever was read before.
        """
        if bookmark:
            self._write(
                self.start if anew else self._start(),
                replication_key_value=bookmark.value,
                rows_behind=bookmark.rows_behind,
                resume=[],
            )

    def _start(self) -> str:
        """Return down to where the list was read, once this run or the ones before are done."""
        if self.recall() == (None, None):
            return self.start
        return min(self.start, _text(self.entry.get("start_date")))

    def _write(self, start: str, **values: t.Any) -> None:
        if self.stale() or not self.entry.get("replication_key_value"):
            self.entry.update(replication_key_value=_BEFORE_ALL, rows_behind=0)
        self.entry.update(
            replication_key=self.key, start_date=start, fingerprint=self.fingerprint, **values
        )


def _stretch(resume: object) -> Stretch | None:
    match resume:
        case [str(newest), str(oldest), int(rows), str(floor), int(behind)]:
            moments = (newest, oldest, floor or newest)
            if min(rows, behind) >= 0 and all(_is_timestamp(moment) for moment in moments):
                return Stretch(newest, oldest, rows, floor, behind)
    return None


def _is_timestamp(value: str) -> bool:
    try:
        return timestamp(value) == value
    except ValueError:
        return False


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
