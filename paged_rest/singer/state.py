"""What a stream remembers between runs, as it stands in the Singer state.

An entry is flat, and the keys of a bookmark are written together, since Meltano merges states at
depth and never removes a key: an interrupted `--full-refresh` leaves a merge of its own and the
former state.
"""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass, replace

from paged_rest.reading import LATE_MINUTES, Bookmark, ListRead, OlderRows, ResumePoint
from paged_rest.timestamps import before, timestamp

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_KEYS = (
    "replication_key",
    "replication_key_value",
    "start_date",
    "settings",
    "resume_point",
    "older_rows",
    "older_rows_gone",
    "listed_twice",
    "last_full_read",
    "version",
    "whole_read_began",
    "last_whole_read_at",
)
# Moments of which "" says that there is none.
_MOMENTS = ("whole_read_began", "last_whole_read_at")

# Said of a state, or of a bookmark in it, that has nothing of what is read in it.
UNUSED = (
    "is not used, and everything is read again: it has no {}. A state looks like "
    '{{"bookmarks": {{"<stream>": {{"replication_key": "<field>", '
    '"replication_key_value": "2026-01-31T00:00:00Z"}}}}}}'
)

# What the SDK writes while it reads; of itself it means nothing.
_IN_PASSING = frozenset({"starting_replication_value", "replication_key_signpost"})

# In place of a bookmark that does not hold, as Meltano would bring back one that is left out.
_BEFORE_ALL = "0001-01-01T00:00:00.000000Z"
_MOST_LISTED_TWICE = 100
_REQUESTS = "requests_today"
# More than any clock shows, and less than a target can hold.
_HIGHEST_VERSION = 1 << 52


class RequestsToday(t.NamedTuple):
    """Requests of one day: a help, as other states and full refreshes are not seen.

    Attributes:
        day: The day in UTC, as in `2026-01-31`.
        requests: How many there were.
    """

    day: str
    requests: int

    @classmethod
    def recall(cls, state: Mapping[str, t.Any], day: str) -> int:
        """Return how many requests of a day a state tells of."""
        match state.get(_REQUESTS):
            case [str(known), int(requests)] if known == day and requests > 0:
                return requests
        return 0

    @property
    def entry(self) -> dict[str, t.Any]:
        """What stands in the state, beside the bookmarks."""
        return {_REQUESTS: list(self)} if self.requests else {}


def unwrap(state: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return the state in a STATE message, or in what Meltano prints of one."""
    match state:
        case {"type": "STATE", "value": dict(value)} | {"singer_state": dict(value)}:
            return unwrap(value)
    return state


def sanitize(entry: object, started: str) -> tuple[dict[str, t.Any], str | None]:
    """Return what can be used of a stream's entry in a state, and what was wrong with it.

    Args:
        entry: The entry, from wherever the state came.
        started: When the run began; no bookmark lies behind that.
    """
    if not isinstance(entry, dict):
        return {}, "is no object"
    entry = _of_today(entry)
    own = {key: entry[key] for key in _KEYS if key in entry and _is_writable(entry[key])}
    foreign = {key for key in entry.keys() - own.keys() - _IN_PASSING if entry[key]}
    if foreign and not own:
        return {}, UNUSED.format("replication_key_value")
    if (point := _resume_point(own.get("resume_point"))) is None or point.newest > started:
        own["resume_point"] = []
    own.update(
        {name: "" for name in _MOMENTS if name in own and not _is_timestamp(_text(own[name]))}
    )
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
        known = (self.entry.get(name) for name in ("settings", "last_full_read"))
        return all(fingerprint in (None, self.fingerprint) for fingerprint in known)

    @property
    def outdated(self) -> str | None:
        """Why what is remembered does not hold for this run, or None when it does."""
        if self.key is None:
            return None
        if self.entry.get("settings", self.fingerprint) != self.fingerprint:
            return "the settings that limit it have changed"
        if self.entry.get("replication_key", self.key) != self.key:
            return "its replication key was another"
        if self.start < _text(self.entry.get("start_date", self.start)):
            return "start_date is earlier than it was"
        return None

    def new_read(
        self, started: str, *, filtered: bool, cut_off: bool, **options: t.Any
    ) -> ListRead:
        """Return the reading of this run.

        Args:
            started: When the run began.
            filtered: As in `ListRead`.
            cut_off: As in `ListRead`.
            options: Further attributes of a `ListRead`: what is true of the list.
        """
        bookmark, point = self.recall()
        if cut_off or filtered:
            # Places in the list mean something else in every run.
            bookmark, point = bookmark and Bookmark(bookmark.value), None
        twice = self.entry.get("listed_twice")
        return ListRead(
            started,
            key=self.key,
            full_since=(self.key and self.start) or None,
            previous=bookmark,
            resume=point,
            filtered=filtered,
            cut_off=cut_off,
            listed_twice=frozenset(filter(_text, twice) if isinstance(twice, list) else ()),
            **options,
        )

    def recall(self) -> tuple[Bookmark | None, ResumePoint | None]:
        """Return what the last complete read left, and what an interrupted one left since."""
        if self.outdated or self.key is None:
            return None, None
        value = self.entry.get("replication_key_value")
        bookmark = None
        if value and value != _BEFORE_ALL:
            gone = self.entry.get("older_rows_gone")
            counts = _counts(self.entry.get("older_rows")) or {}
            bookmark = Bookmark(value, OlderRows(counts, gone if isinstance(gone, int) else 0))
        return bookmark, _resume_point(self.entry.get("resume_point"))

    def with_resume_point(self, point: ResumePoint | None) -> StreamState:
        """Remember how far an unfinished read has come."""
        if point is None and self.outdated:
            return self
        flat: list[str | int] = []
        if point:
            flat = [point.newest, point.oldest, point.stop_at, point.rows, *_flat(point.newer)]
        return self._with(self._read_since, resume_point=flat)

    def with_bookmark(self, bookmark: Bookmark | None, *, left_out_older: bool) -> StreamState:
        """Remember a read that is proven.

        Args:
            bookmark: What it leaves, or None where no row had a key.
            left_out_older: Whether start_date kept it from reading on to where the read before
                had begun: what lies between has not been read.
        """
        if bookmark is None:
            return self
        older = bookmark.older
        return self._with(
            self.start if left_out_older else self._read_since,
            replication_key_value=bookmark.value,
            older_rows=_flat(older.counts),
            older_rows_gone=older.gone,
            resume_point=[],
        )

    def with_listed_twice(self, ids: Iterable[str]) -> StreamState:
        """Remember which rows the list shows twice."""
        twice = sorted(ids)[:_MOST_LISTED_TWICE]
        if twice == self.entry.get("listed_twice", []):
            return self
        return replace(self, entry={**self.entry, "listed_twice": twice})

    def with_full_read(self) -> StreamState:
        """Remember that one read went through the whole list."""
        return replace(self, entry={**self.entry, "last_full_read": self.fingerprint})

    @property
    def bookmark(self) -> str | None:
        """How far the stream has been read completely, or None."""
        value = self.entry.get("replication_key_value")
        return _text(value) if self.key and value != _BEFORE_ALL and value else None

    @property
    def begins_anew(self) -> bool:
        """Whether this run begins at the start of the list, and relies on no run before."""
        return self.recall() == (None, None)

    @property
    def last_whole_read_at(self) -> str | None:
        """When the last proven reading of the whole list began, or None."""
        return _text(self.entry.get("last_whole_read_at")) or None

    @property
    def unfinished_refresh(self) -> str | None:
        """When the last reading of the whole list began, if it is owed to rows read before."""
        read_before = self._was_read_whole or self.bookmark
        return (_text(self.entry.get("whole_read_began")) or None) if read_before else None

    def with_whole_read_begun(self, at: str) -> StreamState:
        """Remember that a reading of the whole list begins."""
        return replace(self, entry={**self.entry, "whole_read_began": at})

    def with_proven(self, scope: str | None, at: str) -> StreamState:
        """Remember that a reading of a scope, which began at a moment, is proven."""
        values = {}
        if scope == "whole":
            values = {"whole_read_began": "", "last_whole_read_at": at}
        elif scope == "since_start_date" or (scope == "resumed" and not self._was_read_whole):
            values = {"whole_read_began": ""}
        return replace(self, entry={**self.entry, **values})

    @property
    def _was_read_whole(self) -> bool:
        return bool(self.last_whole_read_at or self.entry.get("last_full_read"))

    @property
    def version(self) -> int:
        """The highest version that RECORDs were stamped with, or 0."""
        version = self.entry.get("version")
        return version if isinstance(version, int) and 0 < version < _HIGHEST_VERSION else 0

    def with_version(self, version: int) -> StreamState:
        """Remember a version that RECORDs are stamped with."""
        return replace(self, entry={**self.entry, "version": version})

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
            entry.update(replication_key_value=_BEFORE_ALL, older_rows=[], older_rows_gone=0)
        entry.update(
            replication_key=self.key, start_date=start, settings=self.fingerprint, **values
        )
        return replace(self, entry=entry)


def _of_today(entry: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return an entry in the form of today: earlier versions called some keys otherwise."""
    if "settings" in entry or "fingerprint" not in entry:
        return entry
    entry = {**entry, "settings": entry["fingerprint"]}
    match entry.get("replication_key_value"), entry.get("rows_behind"):
        case str(value), int(behind) if _is_timestamp(value) and value != _BEFORE_ALL:
            entry["older_rows"] = [before(value, minutes=LATE_MINUTES), behind]
    match entry.get("resume"):
        case [str(newest), str(oldest), int(rows), str(stop_at), int()] if _is_timestamp(newest):
            edge = before(newest, minutes=LATE_MINUTES)
            entry["resume_point"] = [newest, oldest, stop_at, rows, edge, 0]
    return entry


def _resume_point(flat: object) -> ResumePoint | None:
    match flat:
        case [str(newest), str(oldest), str(stop_at), int(rows), *numbers]:
            newer = _counts(numbers)
            keys = (newest, oldest, stop_at or newest)
            if newer is not None and rows >= 0 and all(_is_timestamp(key) for key in keys):
                return ResumePoint(newest, oldest, stop_at, rows, newer)
    return None


def _counts(flat: object) -> dict[str, int] | None:
    """Return moments and their counts, which stand in turn in a list; None if it is not one."""
    if not isinstance(flat, list) or len(flat) % 2:
        return None
    pairs = list(zip(flat[::2], flat[1::2], strict=True))
    for moment, count in pairs:
        if not (_is_timestamp(_text(moment)) and isinstance(count, int) and count >= 0):
            return None
    return dict(pairs)


def _flat(counts: Mapping[str, int]) -> list[str | int]:
    return [value for moment in sorted(counts, reverse=True) for value in (moment, counts[moment])]


def _is_writable(value: object) -> bool:
    """Whether a value can be written again: a lone surrogate cannot."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except (TypeError, UnicodeEncodeError):
        return False
    return True


def _is_timestamp(value: str) -> bool:
    try:
        return timestamp(value) == value
    except ValueError:
        return False


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
