"""A stream that reads one list of the API, page by page, and remembers how far it came."""

from __future__ import annotations

import hashlib
import json
import logging
import time
import typing as t
from functools import cached_property
from urllib.parse import quote

from singer_sdk import Stream, metrics
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import RemoveRecordTransform
from singer_sdk.schema.source import SchemaDirectory, StreamSchema
from typing_extensions import override

from tap_rotor import answers, errors, schemas
from tap_rotor.bookmarks import Memory
from tap_rotor.pagination import LATE_MINUTES, Bookmark, Page, Read
from tap_rotor.records import Conformer
from tap_rotor.report import Progress, counted
from tap_rotor.timestamps import before, timestamp
from tap_rotor.writer import OutputLost

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from singer_sdk.helpers.types import Context, Record
    from singer_sdk.singerlib import Catalog, MetadataMapping

    from tap_rotor.tap import TapRotor

_Parsed = t.TypeVar("_Parsed")
INCREMENTAL = "INCREMENTAL"
FULL_TABLE = "FULL_TABLE"


class ListStream(Stream):
    """A list of the API.

    Attributes:
        path: Path below the API's address.
        valid_replication_key: The field that the stream can be read incrementally by, if any.
        created: The field that says when a row was created, if there is one.
        newest_first: Whether the API promises the list ordered by that field, newest first.
        since_param: Query parameter that leaves out rows before a moment, if there is one.
        paged: Whether the list comes in pages.
        filters_by_setting: Query parameters, each with the setting that it takes its value of.
    """

    path: t.ClassVar[str]
    valid_replication_key: t.ClassVar[str | None] = None
    newest_first: t.ClassVar[bool] = False
    since_param: t.ClassVar[str | None] = None
    created: t.ClassVar[str | None] = "created_at"
    paged: t.ClassVar[bool] = True
    filters_by_setting: t.ClassVar[Mapping[str, str]] = {}

    primary_keys = ("id",)
    schema = StreamSchema(SchemaDirectory(schemas))
    # The record comes out of `Conformer` as the schema declares it.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    def __init__(self, tap: TapRotor) -> None:
        """Belong to a tap."""
        super().__init__(tap)
        self.tap = tap
        self.requests = 0
        self.read: Read | None = None
        self.outcome = "not read"

    # What the SDK asks of a stream

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
        if catalog.get_stream(self.name) is None:
            super().apply_catalog(catalog)
            return
        default = self.replication_method
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

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        """Yield the records of the list; what goes wrong is told to the tap."""
        if self.tap.stopped:
            self.outcome = "not read, as the run had stopped"
            return
        if all(isinstance(stream_map, RemoveRecordTransform) for stream_map in self.stream_maps):
            self.outcome = "not read, as stream maps leave it out"
            return
        self.outcome = "incomplete"
        try:
            yield from self.read_records()
        except errors.TapError as error:
            self.tap.note(self, error)

    # Reading the list

    def read_records(self) -> Iterable[Record]:
        """Yield the records of the list, and remember how far it was read.

        Raises:
            errors.TapError: The list could not be read, or not completely.
        """
        memory = self._memory()
        self.read = read = self.new_read(memory)
        progress = Progress(self.logger, self.name)
        params = self.params(read.floor)
        settled = self.stream_state.get("fingerprint", self._fingerprint) == self._fingerprint
        if self.config["emit_activate_version_messages"]:
            self._stream_version = self._initialized_at // 1000
        with metrics.http_request_counter(self.name, self.path) as counter:
            while read.next_page is not None:
                page = self.request_page(read.next_page, params)
                counter.increment()
                rows = read.feed(page)
                self.conformer.count(rows)
                yield from rows
                self.tap.message_writer.flush()
                if memory and self._resumable:
                    memory.interrupted(read.stretch)
                progress.tell(read)
        if read.entered_behind:
            self.logger.warning(
                "%s: %s entered behind the bookmark (an import with old dates?): "
                "the list was read to its end",
                self.name,
                counted(read.entered_behind, "row"),
            )
        if read.unproven:
            message = f"it is not certain that all rows were read: {read.unproven}"
            raise errors.StreamFailed(message)
        self.outcome = f"complete, proven by {read.proof}"
        if read.whole and settled and not self._start_date:
            self._activate_version(read)
        if memory:
            memory.complete(read.bookmark)
        else:
            self.stream_state["fingerprint"] = self._fingerprint

    def new_read(self, memory: Memory | None) -> Read:
        """Return the reading of this run: how far down, and what the runs before left."""
        if memory is None:
            return Read(self.tap.started, self._created, self._newest_first)
        if reason := memory.stale():
            self.logger.warning("%s: read anew, as %s", self.name, reason)
        bookmark, resume = memory.recall()
        floor = start = self._start_date
        if not self._resumable:
            bookmark, resume = bookmark and Bookmark(bookmark.value), None
        if bookmark and not self.narrowed:
            lookback = before(bookmark.value, days=self.config["lookback_days"])
            late = before(bookmark.value, minutes=LATE_MINUTES)
            floor = max(min(lookback, late), start or "")
        return Read(
            self.tap.started,
            self._created,
            self._newest_first,
            key=self.replication_key,
            floor=floor,
            start=start,
            previous=bookmark,
            resume=resume,
        )

    def params(self, floor: str | None) -> dict[str, str | int]:
        """Return the query parameters that every page is asked for with."""
        params: dict[str, str | int] = dict(self.filters())
        if self.paged:
            params["limit"] = self.config["page_size"]
        if self.since_param and floor:
            params[self.since_param] = floor
        return params

    def filters(self) -> dict[str, str]:
        """Return the query parameters that limit which rows the list has."""
        filters = {}
        for name, setting in self.filters_by_setting.items():
            value = self.config.get(setting)
            if isinstance(value, bool):
                filters[name] = str(value).lower()
            elif value:
                filters[name] = ",".join(value) if isinstance(value, list) else value
        return filters

    def request_page(self, number: int, params: Mapping[str, str | int]) -> Page:
        """Ask for one page, from 1.

        Raises:
            errors.TapError: There is no such page to be had.
        """
        asked = {**params, "page": number} if self.paged else params

        def parse(answer: errors.Answer) -> Page:
            return answers.page(answer, number, self.conformer, paged=self.paged)

        return self._request(self.path, asked, parse)

    def request_row(self, row_id: str) -> Record:
        """Ask for one row by its id.

        Raises:
            errors.RowMissing: There is none.
            errors.TapError: It cannot be had.
        """
        path = f"{self.path}/{quote(row_id, safe='')}"
        return self._request(path, {}, lambda answer: answers.row(answer, self.conformer))

    @cached_property
    def conformer(self) -> Conformer:
        """Makes records of rows, and counts what does not fit."""
        return Conformer(self.effective_schema)

    def _request(
        self,
        path: str,
        params: Mapping[str, str | int],
        parse: Callable[[errors.Answer], _Parsed],
    ) -> _Parsed:
        client = self.tap.client
        made = client.requests
        started = time.monotonic()
        try:
            return client.get(path, params, parse)
        finally:
            self.requests += client.requests - made
            self._log_metric(
                metrics.Point(
                    "timer",
                    metric=metrics.Metric.HTTP_REQUEST_DURATION,
                    value=time.monotonic() - started,
                    tags={metrics.Tag.STREAM: self.name, metrics.Tag.ENDPOINT: self.path},
                )
            )

    # What is remembered, and what the target is told to forget

    @property
    def _start_date(self) -> str | None:
        start = self.config.get("start_date")
        return timestamp(start) if start else None

    @property
    def narrowed(self) -> bool:
        """Whether settings leave rows out that may enter the list later, whatever their age."""
        return False

    @property
    def _created(self) -> str | None:
        """The field that tells whether a row was there before, where it can tell that."""
        return None if self.narrowed else self.created

    @property
    def _newest_first(self) -> bool:
        return self.newest_first and not self.narrowed

    @property
    def _resumable(self) -> bool:
        """Whether positions mean the same in every run: not where the API cuts off by date."""
        return self._newest_first and not self.since_param

    @property
    def _fingerprint(self) -> str:
        """What limits the rows of a read, in short: a bookmark holds only under the same."""
        limits = [self.config["api_url"].rstrip("/"), self.path, self.filters()]
        return hashlib.sha256(json.dumps(limits, sort_keys=True).encode()).hexdigest()[:16]

    def _memory(self) -> Memory | None:
        if not self.replication_key:
            return None
        return Memory(
            self.stream_state, self.replication_key, self._fingerprint, self._start_date or ""
        )

    @property
    @override
    def emit_activate_version_messages(self) -> bool:
        """Never before the records, where the SDK would: a failed read would delete rows."""
        return False

    def _activate_version(self, read: Read) -> None:
        """Tell the target to remove the rows that a read of the whole list did not show."""
        if self._stream_version and not self.narrowed and read.total:
            self._write_activate_version_message(self._stream_version)
