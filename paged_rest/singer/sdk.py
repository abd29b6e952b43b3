"""A stream of the SDK whose bookmark, messages and selection are in its own hands."""

from __future__ import annotations

import logging
import typing as t
from fnmatch import fnmatch
from functools import cached_property

import msgspec
from singer_sdk import Stream, metrics
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.singerlib import Schema
from typing_extensions import override

from paged_rest.http import status as errors
from paged_rest.singer.writer import OutputLost
from paged_rest.timestamps import now, timestamp

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from singer_sdk.helpers.types import Context, Record
    from singer_sdk.singerlib import Catalog, MetadataMapping

    from paged_rest.singer.tap import ListTap

INCREMENTAL = "INCREMENTAL"
FULL_TABLE = "FULL_TABLE"


class RecordStream(Stream):
    """A stream that the SDK syncs, without what the SDK adds to it on its own.

    Attributes:
        valid_replication_key: The field that the stream can be read incrementally by, if any.
        created: The field that says when a row was created, if there is one.
    """

    valid_replication_key: t.ClassVar[str | None] = None
    created: t.ClassVar[str | None] = "created_at"
    # The record comes out of `Conformer` as the schema declares it.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    def __init__(self, tap: ListTap) -> None:
        """Belong to a tap."""
        super().__init__(tap)
        self.tap = tap
        self._since_state = 0

    @property
    @override
    def metadata(self) -> MetadataMapping:
        """The catalog's metadata, with the field that the stream can be read by."""
        metadata = super().metadata
        if self.valid_replication_key:
            metadata.root.valid_replication_keys = [self.valid_replication_key]
        return metadata

    @override
    def apply_catalog(self, catalog: Catalog) -> None:
        """Take selection, schema and replication method from a catalog.

        The SDK lets a catalog that names no replication key turn a stream into FULL_TABLE
        without a word; here what a catalog leaves out stays as it is by default.

        Raises:
            errors.UsageError: The stream cannot be replicated as the catalog wants it.
        """
        entry = catalog.get_stream(self.name)
        if entry is None:
            super().apply_catalog(catalog)
            return
        default = self.replication_method
        # What the reading goes by is declared as it is here, whatever a catalog makes of it.
        properties = entry.schema.properties = entry.schema.properties or {}
        for name in {*self.primary_keys, self.created, self.valid_replication_key} - {None}:
            properties[name] = Schema.from_dict(self.schema["properties"][name])
        super().apply_catalog(catalog)
        self.primary_keys = ("id",)
        method = (self.forced_replication_method or default).upper()
        key = self.replication_key or self.valid_replication_key
        if method == FULL_TABLE:
            key = None
        elif method != INCREMENTAL or not key or key != self.valid_replication_key:
            possible = FULL_TABLE
            if self.valid_replication_key:
                possible += f", or {INCREMENTAL} on {self.valid_replication_key}"
            wanted = f"{method} on {key}" if key else method
            message = f"The stream {self.name} can be replicated as {possible}, not as {wanted}"
            raise errors.UsageError(message)
        self.forced_replication_method = method
        self.replication_key = key

    @override
    def get_replication_key_signpost(self, context: Context | None = None) -> None:
        """Return none: the bookmark is capped where it is made."""

    @override
    def compare_start_date(self, value: str, start_date_value: str) -> str:
        """Return the later of a bookmark and start_date: the SDK reads fewer forms of a moment."""
        return max(timestamp(value), timestamp(start_date_value))

    @override
    def _increment_stream_state(
        self, latest_record: Record, *, context: Context | None = None
    ) -> None:
        """Leave the bookmark alone.

        The SDK moves it with each record and keeps what it has when a stream ends early,
        which would skip the rest for ever. Here it moves once, when a read is proven.
        """

    @override
    def log(self, message: str, *args: t.Any, level: int = logging.INFO, **options: t.Any) -> None:
        """Log the SDK's own lines, but its errors only for those who debug.

        It calls every end of `--test` an unhandled error; what does go wrong, the tap tells.
        """
        level = logging.DEBUG if level >= logging.ERROR else level
        super().log(message, *args, level=level, **options)

    @override
    def generate_child_contexts(self, record: Record, context: Context | None) -> Iterable[Context]:
        """Return none: no stream has children."""
        return ()

    @override
    def _write_record_message(self, record: Record) -> None:
        """Write a record as its stream maps make it.

        Raises:
            errors.UsageError: A stream map fails on it. Why, might hold the record's values.
        """
        try:
            super()._write_record_message(record)
        except Exception as error:
            if isinstance(error, OutputLost) or not self.config.get("stream_maps"):
                raise
            message = f"{self.name}: its stream map fails on a record ({type(error).__name__})"
            raise errors.UsageError(message) from None

    @cached_property
    def written_as_read(self) -> bool:
        """Whether records go out as they are: all of them and whole, not mapped, not flattened."""
        maps = self.stream_maps
        return (
            self.ABORT_AT_RECORD_COUNT is None
            and len(maps) == 1
            and type(maps[0]) is SameRecordTransform
            and not maps[0].flattening_enabled
            and all(self.mask.values())
        )

    def write_records(self, records: Sequence[object]) -> None:
        """Write records as they are, a page at once, in place of the SDK's work on each."""
        if records:
            name = msgspec.json.encode(self.stream_maps[0].stream_alias)
            version = b',"version":%d' % self._stream_version if self._stream_version else b""
            self.tap.message_writer.write_records(
                b'{"type":"RECORD","stream":%b,"record":' % name,
                records,
                b'%b,"time_extracted":"%b"}' % (version, now().encode()),
            )
            self.state_manager.is_flushed = False
            self._counter.increment(len(records))
            self._since_state += len(records)

    def write_state(self) -> None:
        """Write a STATE after the records, if it is time for one."""
        if self._since_state >= self.STATE_MSG_FREQUENCY:
            self._since_state = 0
            self._write_state_message()

    @override
    def get_record_counter(self, **options: t.Any) -> metrics.Counter:
        """Return the SDK's counter, and count the records that do not pass by the SDK too."""
        self._counter = super().get_record_counter(**options)
        return self._counter

    @property
    @override
    def emit_activate_version_messages(self) -> bool:
        """Never before the records, where the SDK would: a failed read would delete rows."""
        return False

    @property
    def filtered(self) -> bool:
        """Whether stream maps keep rows of this stream from the target."""
        maps = self.config.get("stream_maps") or {}
        return any(
            isinstance(a_map, dict)
            and "__filter__" in a_map
            and fnmatch(self.name, a_map.get("__source__", source))
            for source, a_map in maps.items()
        )

    def activate_version(self) -> None:
        """Tell the target to remove the rows that a read of the whole list did not show."""
        if self._stream_version:
            self._write_activate_version_message(self._stream_version)
