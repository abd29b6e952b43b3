"""A stream that reads one list of the API, page by page, and remembers how far it came."""

from __future__ import annotations

import hashlib
import json
import typing as t
from contextlib import contextmanager
from functools import cached_property
from urllib.parse import quote

from singer_sdk import metrics
from singer_sdk.mapper import RemoveRecordTransform
from typing_extensions import override

from paged_rest.http import page as answers
from paged_rest.http import status as errors
from paged_rest.reading.pagination import LATE_MINUTES, Bookmark, Page, Read
from paged_rest.records.conform import EXTRA_FIELDS, Conformer, sent
from paged_rest.records.typed_rows import typed_rows
from paged_rest.singer.log import Progress, counted
from paged_rest.singer.sdk import RecordStream
from paged_rest.singer.state import Memory
from paged_rest.timestamps import before, timestamp

if t.TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping

    from singer_sdk.helpers.types import Context, Record

    from paged_rest.singer.tap import ListTap

_Parsed = t.TypeVar("_Parsed")


class ListStream(RecordStream):
    """A list of the API.

    Attributes:
        path: Path below the API's address.
        newest_first: Whether the API promises the list ordered by creation, newest first.
        since_param: Query parameter that leaves out rows before a moment, if there is one.
        paged: Whether the list comes in pages.
        filters_by_setting: Query parameters, each with the setting that it takes its value of.
    """

    path: t.ClassVar[str]
    newest_first: t.ClassVar[bool] = False
    since_param: t.ClassVar[str | None] = None
    paged: t.ClassVar[bool] = True
    filters_by_setting: t.ClassVar[Mapping[str, str]] = {}

    primary_keys = ("id",)

    def __init__(self, tap: ListTap) -> None:
        """Belong to a tap."""
        super().__init__(tap)
        self.requests = 0
        self.read: Read | None = None
        self.outcome = "not read"

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

    def read_records(self) -> Iterable[Record]:
        """Yield the records of the list, and remember how far it was read.

        Raises:
            errors.TapError: The list could not be read, or not completely.
        """
        memory = self._memory()
        self.read = read = self.new_read(memory)
        known = (self.stream_state.get(key) for key in ("fingerprint", "whole"))
        settled = all(fingerprint in (None, self._fingerprint) for fingerprint in known)
        progress = Progress(self.logger, self.name)
        params = self.params(read.floor)
        if self.config["emit_activate_version_messages"]:
            self._stream_version = self._initialized_at // 1000
        with metrics.http_request_counter(self.name, self.path) as counter:
            while read.next_page is not None:
                try:
                    rows = read.feed(self.request_page(read.next_page, params))
                except errors.NotFound:
                    # The list may have ended before it meanwhile, but not before its first.
                    if read.next_page == 1:
                        raise
                    read.lose_page()
                    continue
                counter.increment()
                if read.next_page is not None:
                    self.request_ahead(read.next_page, params)
                self.conformer.count(rows)
                records = [row[answers.RECORD] for row in rows]
                if self.written_as_read:
                    self.write_records(records)
                else:
                    yield from records
                    self.tap.message_writer.flush()
                if memory:
                    memory.interrupted(read.stretch if self._resumable else None)
                self.write_state()
                progress.tell(read)
        self._finish(read, memory, settled=settled)

    def _finish(self, read: Read, memory: Memory | None, *, settled: bool) -> None:
        """Remember a read that came to its end, and tell the target what is gone.

        Args:
            read: The read.
            memory: What is remembered of the stream, if it is read incrementally.
            settled: Whether the settings that limit its rows are those of the read before.

        Raises:
            errors.StreamFailed: It is not proven.
        """
        if read.entered_behind:
            self.logger.warning(
                "%s: %s behind the bookmark that the last run did not count there (an import "
                "with old dates?): the list was read to its end",
                self.name,
                counted(read.entered_behind, "row"),
            )
        if read.unproven:
            message = f"it is not certain that all rows were read: {read.unproven}"
            raise errors.StreamFailed(message)
        self.outcome = f"complete, proven by {read.proof}"
        if memory:
            memory.complete(read.bookmark, anew=bool(read.entered_behind))
        if read.whole:
            if read.total and settled and not self.narrowed and not self.filtered:
                self.activate_version()
            self.stream_state["whole"] = self._fingerprint

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
            params[self.tap.api.size] = int(self.config["page_size"])
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

        def parse(answer: errors.Answer) -> Page:
            return answers.page(answer, number, self._reader, paged=self.paged)

        return self._request(self.path, {**params, **self._numbered(number)}, parse)

    def request_ahead(self, number: int, params: Mapping[str, str | int]) -> None:
        """Begin to ask for the page that `request_page` is certain to be called for next."""
        if self.ABORT_AT_RECORD_COUNT is None:
            with self._counted():
                self.tap.client.begin(self.path, {**params, **self._numbered(number)})

    def _numbered(self, number: int) -> dict[str, int]:
        return {self.tap.api.page: number} if self.paged else {}

    def request_row(self, row_id: str) -> Record:
        """Ask for one row by its id.

        Raises:
            errors.NotFound: There is none.
            errors.TapError: It cannot be had.
        """
        path = f"{self.path}/{quote(row_id, safe='')}"
        return self._request(path, {}, lambda answer: answers.row(answer, self.conformer))

    @cached_property
    def conformer(self) -> Conformer:
        """Makes records of rows, and counts what does not fit."""
        deselected = {".".join(path[1::2]) for path, wanted in self.mask.items() if not wanted}
        return Conformer(self.effective_schema, deselected)

    @cached_property
    def _reader(self) -> answers.Reader:
        typed = None
        if self.written_as_read:
            typed = typed_rows(sent(self.effective_schema), EXTRA_FIELDS, self.tap.api.success)
        key, created = self.replication_key, self.created
        return answers.Reader(self.tap.api, self.conformer, typed, key, created)

    def _request(
        self,
        path: str,
        params: Mapping[str, str | int],
        parse: Callable[[errors.Answer], _Parsed],
    ) -> _Parsed:
        def timed(answer: errors.Answer) -> _Parsed:
            self._log_metric(
                metrics.Point(
                    "timer",
                    metric=metrics.Metric.HTTP_REQUEST_DURATION,
                    value=answer.seconds,
                    tags={metrics.Tag.STREAM: self.name, metrics.Tag.ENDPOINT: self.path},
                )
            )
            return parse(answer)

        with self._counted():
            return self.tap.client.get(path, params, timed)

    @contextmanager
    def _counted(self) -> Generator[None]:
        """Count the requests that are made meanwhile as this stream's."""
        made = self.tap.client.requests
        try:
            yield
        finally:
            self.requests += self.tap.client.requests - made

    # What is remembered

    @property
    def _start_date(self) -> str | None:
        start = self.config.get("start_date")
        return timestamp(start) if start else None

    @property
    def narrowed(self) -> bool:
        """Whether settings leave rows out that may enter the list later."""
        return False

    @property
    def _created(self) -> str | None:
        """The field that tells whether a row was there before, where it can tell."""
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
        start = self._start_date or ""
        return Memory(self.stream_state, self.replication_key, self._fingerprint, start)
