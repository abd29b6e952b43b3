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

from paged_rest import errors
from paged_rest.http import PageReader
from paged_rest.records import EXTRA_FIELDS, Conformer, TypedRows
from paged_rest.singer.declaration import refuse_unsupported_list
from paged_rest.singer.log import Ending, Progress, StreamSummary
from paged_rest.singer.sdk import SdkStream
from paged_rest.singer.state import StreamState
from paged_rest.timestamps import from_setting
from paged_rest.wording import counted

if t.TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Context, Record

    from paged_rest.http import Response
    from paged_rest.reading import ListRead, Page, PageRequest, Row
    from paged_rest.singer.run import Run

_Parsed = t.TypeVar("_Parsed")
Params = t.Mapping[str, str | int]
_MOST_IDS = 10


class ListStream(SdkStream):
    """A list of the API. What it declares is described at `ListDeclaration`."""

    def __init__(self, tap: Tap, run: Run) -> None:
        """Belong to a tap, and take part in its run.

        Raises:
            TypeError: The declaration is not supported, and a base class kept
                `__init_subclass__` from checking it.
        """
        refuse_unsupported_list(type(self))
        super().__init__(tap)
        self.run = run
        self.summary = StreamSummary(self.name)

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        """Yield the records of the list; what goes wrong is recorded in the run."""
        if self.run.stopped_by:
            return
        if all(isinstance(stream_map, RemoveRecordTransform) for stream_map in self.stream_maps):
            sentence = "not read, as stream maps leave it out"
            self.summary.ending = Ending("not_read", errors.LEFT_OUT, sentence)
            return
        self.summary.begin()
        try:
            yield from self.read_records()
        except errors.TapError as error:
            page_size = self.config["page_size"]
            ending = self.run.record_failure(self.name, error, self.summary.read, page_size)
            self.summary.end(ending)

    def begin_run(self) -> None:
        """Note what is remembered at the beginning of a run, and that a full refresh is due.

        It is noted before anything can fail: a refresh that never comes to its end, or to this
        stream, is known to the next run by that.
        """
        state = self._state()
        self.summary.bookmark_before = state.bookmark
        if state.begins_anew and not self.is_limited:
            self.stream_state.update(state.with_whole_read_begun(self.run.started).entry)

    @property
    def ending(self) -> Ending:
        """How the stream ended in this run."""
        if self.summary.ending:
            return self.summary.ending
        by = self.run.stopped_by
        if self.summary.began:
            return by or Ending("stopped", errors.Interrupted.code, "ended after a record")
        code = by.code if by else errors.Interrupted.code
        why = f" ({by.sentence})" if by else ""
        return Ending("not_read", code, f"not read, as the run had stopped{why}")

    @property
    def scope(self) -> str | None:
        """Which part of its list was to be read, or None if it was not."""
        read = self.summary.read
        if self.is_limited:
            return "filtered" if self.summary.began else None
        if read is None:
            return None
        if read.covered_entire_list:
            return "whole"
        if read.resume:
            return "resumed"
        if not read.stop_at:
            return "whole"
        return "since_bookmark" if read.previous else "since_start_date"

    @property
    def id_checksum(self) -> int | None:
        """The checksum of the ids that this run gave the target, where they are as read."""
        read = self.summary.read
        return read.id_checksum if read and self.is_unmapped and not self.is_limited else None

    @property
    def remembered(self) -> StreamState:
        """What is remembered of the stream now."""
        return self._state()

    def read_records(self) -> Iterable[Record]:
        """Yield the records of the list, and remember how far it was read.

        Raises:
            errors.TapError: The list could not be read, or not completely.
        """
        state = self._state()
        self.summary.read = read = self._new_read(state)
        progress = Progress(self.logger, self.name)
        lost_before = self.run.client.seconds_lost
        params = self._params(read)
        if self._may_activate(read, state):
            state = state.with_version(self.begin_version(state.version))
            self.stream_state.update(state.entry)
        with metrics.http_request_counter(self.name, self.path) as counter:
            while read.next_request is not None:
                try:
                    page = self._request_page(read.next_request, params)
                except errors.SizeRefused:
                    if not read.size_refused():
                        raise
                    continue
                if page is None:
                    read.page_vanished()
                    continue
                rows = read.feed(page)
                counter.increment()
                if read.next_request is not None:
                    self._request_ahead(read.next_request, params)
                yield from self._emit(rows)
                state = state.with_resume_point(read.resume_point)
                self.stream_state.update(state.entry)
                self.write_state()
                progress.log(read, self.run.client.seconds_lost - lost_before)
        self._finish(read, state)

    def _emit(self, rows: Sequence[Row]) -> Iterable[Record]:
        """Write the records of rows, or yield them where the SDK has more to do to each."""
        self.summary.count(rows)
        records = [row.record for row in rows]
        if self.uses_fast_path:
            head, tail = self.around_a_record()
            self.run.writer.write_records(head, records, tail)
            self.count_written(len(records))
        else:
            yield from records
            self.run.writer.flush()

    def _finish(self, read: ListRead, state: StreamState) -> None:
        """Remember a read that came to its end, and tell the target what is gone.

        Args:
            read: The read.
            state: What is remembered of the stream.

        Raises:
            errors.Unproven: It is not proven.
        """
        if read.entered_behind:
            self.logger.warning(
                "%s: %s entered behind the bookmark since the last run (an import with old "
                "dates?): the list was read back to %s",
                self.name,
                counted(read.entered_behind, "row"),
                read.stop_at or "its end",
            )
        if read.not_in_order:
            self.logger.info(
                "%s: every row is read and counted, as %s", self.name, read.not_in_order
            )
        if read.nameless:
            raise errors.RowWithoutId(self._about_nameless(*read.nameless))
        if read.unverified_reason:
            message = f"it is not certain that all rows were read: {read.unverified_reason}"
            raise errors.Unproven(message)
        if read.doubtful_end:
            self.logger.warning(
                "%s: the list ends after %s, though its responses state that there is more; "
                "nothing is deleted in the target. Report this to %s",
                self.name,
                counted(read.rows, "row"),
                self.run.api.name,
            )
        if read.proof == "agreement":
            self.logger.warning(
                "%s: two readings of %s show the same %s, though its total is %s%s; all are sent, "
                "but nothing is deleted in the target. Report this to %s",
                self.name,
                self.path,
                counted(read.rows, "row"),
                f"{read.total:,}",
                _listed_twice(read.repeated),
                self.run.api.name,
            )
        state = state.with_bookmark(read.bookmark, left_out_older=read.left_out_older)
        state = state.with_listed_twice(read.repeated)
        if read.covered_entire_list:
            if read.total:
                self.activate_version()
            state = state.with_full_read()
        state = state.with_proven(self.scope, self.summary.began or self.run.started)
        self.stream_state.update(state.entry)
        proof = "one_answer" if read.proof == "count" and not self.paged else read.proof
        sentence = f"complete, proven by {read.proof}"
        self.summary.end(Ending("proven", errors.COMPLETE, sentence), proof)

    def _about_nameless(self, fault: str, request: PageRequest) -> str:
        """Return in words what keeps a read from being complete for ever."""
        api = self.run.api
        page = f"page {request.number} of {self.path}" if self.paged else self.path
        size = f" ({api.page_size}={request.size})" if self.paged else ""
        return (
            f"{page}{size} holds {fault}. All rows with an id are sent, but the bookmark does not "
            f"move and nothing is deleted in the target. Report this to {api.name}"
        )

    # What is asked for

    def request_row(self, row_id: str) -> Row:
        """Ask for one row by its id.

        Raises:
            errors.NotFound: There is none.
            errors.TapError: It cannot be had.
        """
        path = f"{self.path}/{quote(row_id, safe='')}"
        return self._request(path, {}, self._reader.row)

    def filters(self) -> dict[str, str]:
        """Return the query parameters that limit which rows the list has."""
        given = {name: self.config.get(of) for name, of in self.filters_by_setting.items()}
        return {
            name: _as_text(value) for name, value in given.items() if value not in (None, "", [])
        }

    def _params(self, read: ListRead) -> Params:
        """Return the query parameters that every page is asked for with."""
        params: dict[str, str | int] = dict(self.filters())
        if self.since_param and read.stop_at:
            params[self.since_param] = read.stop_at
        return params

    def _numbered(self, params: Params, request: PageRequest) -> Params:
        if not self.paged:
            return params
        api = self.run.api
        return {**params, api.page_size: request.size, api.page: request.number}

    def _request_page(self, request: PageRequest, params: Params) -> Page | None:
        """Ask for one page; return None where the list ended before it meanwhile.

        Raises:
            errors.TapError: The page cannot be had.
        """

        def parse(response: Response) -> Page | None:
            return self._reader.page(response, request)

        try:
            return self._request(self.path, self._numbered(params, request), parse)
        except errors.NotFound:
            if request.number == 1:
                raise
            return None

    def _request_ahead(self, request: PageRequest, params: Params) -> None:
        """Begin to ask for the page that is certain to be asked for next."""
        if not self.is_test:
            with self._counted():
                self.run.client.prefetch(self.path, self._numbered(params, request))

    def _request(self, path: str, params: Params, parse: Callable[[Response], _Parsed]) -> _Parsed:
        def timed(response: Response) -> _Parsed:
            self.log_request(self.path, response.seconds)
            return parse(response)

        with self._counted():
            return self.run.client.get(path, params, timed)

    @contextmanager
    def _counted(self) -> Generator[None]:
        """Count the requests that are made meanwhile as this stream's."""
        made = self.run.client.requests
        try:
            yield
        finally:
            self.summary.requests += self.run.client.requests - made

    @cached_property
    def _reader(self) -> PageReader:
        self.summary.keeps = self.sends_extra_fields
        schema, own = self.outgoing_schema, self.schema
        # The reading goes by fields as they are here, whatever a catalog makes of them.
        read_by = {name: own["properties"][name] for name in self.read_by}
        properties = {**schema["properties"], **read_by}
        conformer = Conformer({"properties": properties}, [own, self.effective_schema])
        typed = None
        if self.uses_fast_path and not conformer.leaves_out:
            typed = TypedRows.for_properties(properties, EXTRA_FIELDS, self.run.api.success)
        return PageReader(
            api=self.run.api,
            conformer=conformer,
            typed=typed,
            replication_key=self.replication_key,
            created=self.created,
            paged=self.paged,
        )

    # What is remembered

    def _state(self) -> StreamState:
        start = self.config.get("start_date")
        return StreamState(
            dict(self.tap_state.get("bookmarks", {}).get(self.name, {})),
            key=self.replication_key,
            fingerprint=self.fingerprint,
            start=from_setting(start) if start else "",
        )

    def _new_read(self, state: StreamState) -> ListRead:
        """Return the reading of this run: how far down, and what the runs before left."""
        if state.outdated:
            self.logger.warning("%s: read anew, as %s", self.name, state.outdated)
        return state.new_read(
            self.run.started,
            page_size=int(self.config["page_size"]),
            created=None if self.has_unstable_filter else self.created,
            newest_first=self.newest_first,
            lookback_days=self.config["lookback_days"],
            filtered=self.has_unstable_filter,
            cut_off=bool(self.since_param),
        )

    def _may_activate(self, read: ListRead, state: StreamState) -> bool:
        """Whether the read can end in the activation of a version.

        A target that swaps tables by version hides the rows of one that is never activated.
        """
        return (
            bool(self.config["emit_activate_version_messages"])
            and read.may_cover_entire_list
            and state.same_settings
            and not (self.is_limited or self.is_test)
        )

    @property
    def is_limited(self) -> bool:
        """Whether settings or stream maps keep rows of the list from the target."""
        return self.has_unstable_filter or self.filtered

    @property
    def has_unstable_filter(self) -> bool:
        """Whether settings leave rows out that may enter the list later."""
        stable = self.stable_filters
        return any(value not in stable.get(name, ()) for name, value in self.filters().items())

    @property
    def fingerprint(self) -> str:
        """What limits the rows of a read, in short: a bookmark holds only under the same."""
        limits = [self.config["api_url"].rstrip("/"), self.path, self.filters()]
        return hashlib.sha256(json.dumps(limits, sort_keys=True).encode()).hexdigest()[:16]


def _as_text(value: t.Any) -> str:
    """Return a setting as a query parameter."""
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _listed_twice(ids: frozenset[str]) -> str:
    """Return in words which ids a list shows twice, as far as a log line can hold them."""
    shown = sorted(ids)[:_MOST_IDS]
    more = f" and {len(ids) - len(shown)} more" if len(ids) > len(shown) else ""
    return f" and it lists these ids twice: {', '.join(shown)}{more}" if ids else ""
