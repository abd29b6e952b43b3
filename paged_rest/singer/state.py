"""What a stream remembers between runs, as it stands in the Singer state.

An entry is flat, and the keys of a bookmark are written together, since Meltano merges states at
depth and never removes a key: an interrupted `--full-refresh` leaves a merge of its own and the
former state.
"""

from __future__ import annotations

import typing as t
from dataclasses import astuple, dataclass, replace

from paged_rest.reading import Bookmark, Stretch
from paged_rest.timestamps import timestamp

if t.TYPE_CHECKING:
    from collections.abc import Mapping

_KEYS = (
    "replication_key",
    "replication_key_value",
    "rows_behind",
    "start_date",
    "fingerprint",
    "resume",
    "last_full_read",
)

# In place of a bookmark that does not hold, as Meltano would bring back one that is left out.
_BEFORE_ALL = "0001-01-01T00:00:00.000000Z"


def sanitize(entry: object, started: str) -> tuple[dict[str, t.Any], str | None]:
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
class StreamState:
    """The entry of one stream, and what this run asks of it.

    Each change returns another `StreamState`, whose entry is to be written.

    Attributes:
        entry: The entry, as `sanitize` left it.
        key: The replication key, or None where the stream is read whole.
        fingerprint: What limits the rows of a read, in short.
        start: The setting start_date in the fixed form of timestamps, or "".
    """

    entry: Mapping[str, t.Any]
    key: str | None
    fingerprint: str
    start: str

    @property
    def same_settings(self) -> bool:
        """Whether what is remembered was read under the settings of this run."""
        known = (self.entry.get(name) for name in ("fingerprint", "last_full_read"))
        return all(fingerprint in (None, self.fingerprint) for fingerprint in known)

    @property
    def outdated(self) -> str | None:
        """Why what is remembered does not hold for this run, or None when it does."""
        if self.entry.get("fingerprint", self.fingerprint) != self.fingerprint:
            return "the settings that limit it have changed"
        if self.entry.get("replication_key", self.key) != self.key:
            return "its replication key was another"
        if self.start < _text(self.entry.get("start_date", self.start)):
            return "start_date is earlier than it was"
        return None

    def recall(self) -> tuple[Bookmark | None, Stretch | None]:
        """Return what the last complete read left, and what an interrupted one left since."""
        if self.outdated:
            return None, None
        value = self.entry.get("replication_key_value")
        if not value or value == _BEFORE_ALL:
            bookmark = None
        else:
            behind = self.entry.get("rows_behind")
            bookmark = Bookmark(value, behind if isinstance(behind, int) else None)
        return bookmark, _stretch(self.entry.get("resume"))

    def with_stretch(self, stretch: Stretch | None) -> StreamState:
        """Remember how far an unfinished read has come."""
        if stretch is None and self.outdated:
            return self
        return self._with(self._read_since, resume=list(astuple(stretch)) if stretch else [])

    def with_bookmark(self, bookmark: Bookmark | None, *, restarted: bool) -> StreamState:
        """Remember a read that is proven.

        Args:
            bookmark: What it leaves, or None where no row had a key.
            restarted: Whether it went down to start_date again, whatever was read before.
        """
        if bookmark is None:
            return self
        return self._with(
            self.start if restarted else self._read_since,
            replication_key_value=bookmark.value,
            rows_behind=bookmark.rows_behind,
            resume=[],
        )

    def with_full_read(self) -> StreamState:
        """Remember that one read went through the whole list."""
        return replace(self, entry={**self.entry, "last_full_read": self.fingerprint})

    @property
    def _read_since(self) -> str:
        """The start_date down to which the list has been read once this run is done."""
        if self.recall() == (None, None):
            return self.start
        return min(self.start, _text(self.entry.get("start_date")))

    def _with(self, start: str, **values: t.Any) -> StreamState:
        if self.key is None:
            return self
        entry = dict(self.entry)
        if self.outdated or not entry.get("replication_key_value"):
            entry.update(replication_key_value=_BEFORE_ALL, rows_behind=0)
        entry.update(
            replication_key=self.key, start_date=start, fingerprint=self.fingerprint, **values
        )
        return replace(self, entry=entry)


def _stretch(resume: object) -> Stretch | None:
    match resume:
        case [str(newest), str(oldest), int(rows), str(floor), int(behind)]:
            keys = (newest, oldest, floor or newest)
            if min(rows, behind) >= 0 and all(_is_timestamp(key) for key in keys):
                return Stretch(newest, oldest, rows, floor, behind)
    return None


def _is_timestamp(value: str) -> bool:
    try:
        return timestamp(value) == value
    except ValueError:
        return False


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
