"""One list of the API in memory: every row encoded once, kept in the list's order.

Nothing is sorted and nothing is encoded when a page is asked for: a page is a slice
of an order and a join of bytes. Rows are kept as their JSON only (a million leads as
dicts would take 3 GB) and decoded when somebody wants to look into them.
"""

from __future__ import annotations

import json
from bisect import bisect_left, insort
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Record = dict[str, Any]
Draft = tuple[Record, Record]
"""A row that is not in a list yet: what the API shows of it, and what it hides."""
Key = tuple[Any, ...]
"""The sort key of a row. Its last element, the row's number or its negative, breaks ties."""

_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = msgspec.json.Decoder()
_key = attrgetter("key")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def encode(value: object) -> bytes:
    """Encode as compact UTF-8 JSON; numbers keep their digits, a Decimal is one."""
    try:
        return _encoder.encode(value)
    except (UnicodeEncodeError, OverflowError):
        # Lone surrogates and huge numbers are what some tests want to see served.
        return json.dumps(value, separators=(",", ":"), default=float).encode()


def decode(data: bytes) -> Any:
    """Decode JSON, also what only Python's own decoder lets through."""
    try:
        return _decoder.decode(data)
    except msgspec.DecodeError:
        return json.loads(data)


def instant(value: object) -> int | None:
    """Return a time as text in microseconds since 1970; None if it is none.

    A time without an offset is taken as UTC.
    """
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return microseconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def microseconds(moment: datetime) -> int:
    """Return an aware time in microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


class Level(IntEnum):
    """In which of a list's two readings a row is."""

    USUAL = 0
    """With the parameter left out: not archived; jobs: completed."""
    FULL = 1
    """Only with `archived=true`; jobs: `only_completed=false`."""
    HIDDEN = 2
    """In neither: archived jobs and quotes."""


class Row:
    """A row as it is served and what is needed to place it."""

    __slots__ = ("data", "hidden", "id", "key", "level")

    def __init__(
        self,
        row_id: str,
        key: Key,
        level: Level,
        data: bytes,
        hidden: Record | None = None,
    ) -> None:
        """Keep `data`, the row's JSON, and `hidden`, what the API does not show."""
        self.id = row_id
        self.key = key
        self.level = level
        self.data = data
        self.hidden = hidden

    def decoded(self) -> Record:
        """Return the row as the API shows it."""
        record: Record = decode(self.data)
        return record


class Rows:
    """A list's rows by id and sorted by key, in the usual reading and in the full one.

    `former` holds the two readings as they were before the latest change.
    """

    def __init__(self) -> None:
        """Begin without rows."""
        self.by_id: dict[str, Row] = {}
        self.sequence = 0
        """The number of rows made so far."""
        self.former: tuple[Sequence[Row], Sequence[Row]] = ([], [])
        self._orders: tuple[list[Row], list[Row]] = ([], [])

    def begin(self) -> None:
        """Announce a change."""
        self.former = (self._orders[0][:], self._orders[1][:])

    @property
    def stale(self) -> tuple[int, int]:
        """The lengths of the two readings before the latest change."""
        return len(self.former[0]), len(self.former[1])

    def fill(self, rows: Iterable[Row]) -> None:
        """Put the first rows in, in any order."""
        usual, full = self._orders
        for row in rows:
            self.by_id[row.id] = row
            if row.level != Level.HIDDEN:
                full.append(row)
        full.sort(key=_key)
        usual.extend([row for row in full if row.level == Level.USUAL])
        self.begin()

    def add(self, row: Row) -> None:
        """Put a row in its place."""
        self.by_id[row.id] = row
        for order in self._orders[row.level :]:
            insort(order, row, key=_key)

    def remove(self, row_id: str) -> None:
        """Take a row out."""
        row = self.by_id.pop(row_id)
        for order in self._orders[row.level :]:
            del order[bisect_left(order, row.key, key=_key)]

    def order(self, level: Level) -> Sequence[Row]:
        """Return the rows of a reading in the list's order; not a copy."""
        return self._orders[level]
