"""One list of the API in memory: every row encoded once, kept in the list's order.

Nothing is sorted and nothing is encoded when a page is asked for: a page is a slice
of an order and a join of bytes. Rows are kept as their JSON only (a million leads as
dicts would take 3 GB) and decoded when somebody wants to look into them.
"""

from __future__ import annotations

import json
from bisect import bisect_left, insort
from datetime import UTC, datetime
from enum import IntEnum
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

Record = dict[str, Any]

_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = msgspec.json.Decoder()
_key = attrgetter("key")
# Bits of a key: the lower ones for the row's number, above them the time.
SEQUENCE_BITS = 40
NULL_BITS = 60
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def encode(value: object) -> bytes:
    """Encode as compact UTF-8 JSON; numbers keep their digits, a Decimal is one."""
    try:
        return _encoder.encode(value)
    except (UnicodeEncodeError, OverflowError):
        # Lone surrogates and huge numbers are what some tests want to see served.
        if isinstance(value, dict):
            pairs = (b"%b:%b" % (encode(name), encode(item)) for name, item in value.items())
            return b"{%b}" % b",".join(pairs)
        if isinstance(value, list | tuple):
            return b"[%b]" % b",".join(encode(item) for item in value)
        return json.dumps(value).encode()


def decode(data: bytes) -> Any:
    """Decode JSON, also what only Python's own decoder lets through."""
    try:
        return _decoder.decode(data)
    except msgspec.DecodeError:
        return json.loads(data)


def instant(value: object) -> int | None:
    """Return a time (text or datetime) in microseconds since 1970; None if it is none.

    A time without an offset is taken as UTC.
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    if value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    passed = value - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


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
        key: Any,
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


def created_key(created_at: int | None, sequence: int, nulls: int) -> int:
    """Return the key of a row in a list that is in the order of creation.

    `created_at` is in microseconds since 1970; None stands at the end of all if
    `nulls` is 1, in front of all if it is -1. Among equals, `sequence` decides.
    """
    moment = nulls << NULL_BITS if created_at is None else created_at
    return (moment << SEQUENCE_BITS) + sequence


def moment_of(row: Row) -> int:
    """Return the time in the key of a row, as `created_key` was given it."""
    key: int = row.key
    return key >> SEQUENCE_BITS


class Rows:
    """A list's rows by id and in two orders, the usual one and the full one.

    `version` grows with every change: whoever caches compares it. `stale` holds the
    lengths of the two readings before the latest change.
    """

    def __init__(self, *, newest_first: bool) -> None:
        """Order by key, falling if `newest_first`."""
        self.newest_first = newest_first
        self.by_id: dict[str, Row] = {}
        self.version = 0
        self.sequence = 0
        self.stale = (0, 0)
        # Rising keys, so that a new row goes to the end and costs nothing.
        self._orders: tuple[list[Row], list[Row]] = ([], [])

    def begin(self) -> None:
        """Announce a change."""
        self.stale = (len(self._orders[0]), len(self._orders[1]))
        self.version += 1

    def next_sequence(self) -> int:
        """Return the number of the next row to be made, from 1."""
        self.sequence += 1
        return self.sequence

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

    def remove(self, row_id: str) -> Row:
        """Take a row out and return it."""
        row = self.by_id.pop(row_id)
        for order in self._orders[row.level :]:
            del order[bisect_left(order, row.key, key=_key)]
        return row

    def count(self, level: Level) -> int:
        """Return how many rows a reading has."""
        return len(self._orders[level])

    def slice(self, level: Level, start: int, stop: int) -> list[Row]:
        """Return rows `start` to `stop` of a reading, in the list's order."""
        order = self._orders[level]
        if not self.newest_first:
            return order[start:stop]
        end = len(order)
        return order[max(0, end - stop) : max(0, end - start)][::-1]
