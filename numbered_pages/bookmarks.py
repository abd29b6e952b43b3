"""What a stream remembers between runs, as it stands in the Singer state.

A bookmark is flat and its keys are always there, since Meltano merges states at depth and never
removes a key: an interrupted `--full-refresh` leaves a merge of its own and the former state.
"""

from __future__ import annotations

import typing as t
from dataclasses import astuple, dataclass

from numbered_pages.descent import Bookmark, Stretch
from numbered_pages.timestamps import timestamp

_KEYS = (
    "replication_key",
    "replication_key_value",
    "rows_behind",
    "start_date",
    "fingerprint",
    "resume",
)

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
        if self.start < _text(self.entry.get("start_date", self.start)):
            return "start_date is earlier than it was"
        return None

    def recall(self) -> tuple[Bookmark | None, Stretch | None]:
        """Return what the last complete read left, and what an interrupted one left since."""
        if self.stale() or self.entry.get("replication_key", self.key) != self.key:
            return None, None
        value = self.entry.get("replication_key_value")
        behind = self.entry.get("rows_behind")
        bookmark = Bookmark(value, behind if isinstance(behind, int) else None) if value else None
        return bookmark, _stretch(self.entry.get("resume"))

    def interrupted(self, stretch: Stretch | None) -> None:
        """Remember how far an unfinished read has come.

        A bookmark that does not hold any more gives way to one before everything.
        """
        if stretch and self.stale():
            self.entry.update(replication_key_value=_BEFORE_ALL, rows_behind=0)
        if stretch or not self.stale():
            self._write(resume=list(astuple(stretch)) if stretch else [])

    def complete(self, bookmark: Bookmark | None) -> None:
        """Remember a read that is proven."""
        if bookmark:
            self._write(
                replication_key_value=bookmark.value, rows_behind=bookmark.rows_behind, resume=[]
            )

    def _write(self, **values: t.Any) -> None:
        start = self.start
        if not self.stale() and "start_date" in self.entry:
            start = min(start, _text(self.entry["start_date"]))
        self.entry.update(
            replication_key=self.key, start_date=start, fingerprint=self.fingerprint, **values
        )


def _stretch(resume: object) -> Stretch | None:
    match resume:
        case [str(newest), str(oldest), int(rows), str(floor)] if rows >= 0:
            if all(_is_timestamp(moment) for moment in (newest, oldest, floor or newest)):
                return Stretch(newest, oldest, rows, floor)
    return None


def _is_timestamp(value: str) -> bool:
    try:
        return timestamp(value) == value
    except ValueError:
        return False


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
