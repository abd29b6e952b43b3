"""The reading of this project, as the adversary drives it: what `ListStream` does, without I/O."""

from __future__ import annotations

import typing as t

from paged_rest.reading import Page, PageRequest, Row
from paged_rest.singer.state import StreamState, sanitize
from tests.adversary.protocol import Asked, Ending

if t.TYPE_CHECKING:
    from tests.adversary.protocol import Answer, Listed, Reading, Settings


class ListSession:
    """One run of a `ListRead`, set up and finished as in `paged_rest.singer.stream`."""

    def __init__(self, entry: dict[str, t.Any], settings: Settings, started: str) -> None:
        """Begin where the entry says."""
        own, _ = sanitize(entry, started)
        self._settings = settings
        self._filtered = not settings.include_archived
        self._state = StreamState(
            own,
            key=None if settings.full_table else "created_at",
            fingerprint=f"archived={settings.include_archived}",
            start=settings.start_date or "",
        )
        self._same_settings = self._state.same_settings
        created = settings.dated and not self._filtered
        self._read = self._state.new_read(
            started,
            page_size=settings.page_size,
            created="created_at" if created else None,
            newest_first=settings.newest_first,
            lookback_days=settings.lookback_days,
            filtered=self._filtered,
            cut_off=False,
        )
        self._ending: Ending | None = None

    def asks(self) -> Asked | None:
        """Return the next page."""
        request = self._read.next_request
        return Asked(request.number, request.size) if request else None

    def takes(self, answer: Answer) -> list[Listed]:
        """Feed a page, and remember how far the reading came."""
        request = self._read.next_request
        assert request
        keyed = not self._settings.full_table
        page = Page(
            PageRequest(request.number, request.size),
            [Row(row.id, row.created if keyed else None, row.created, row) for row in answer.rows],
            answer.total,
            answer.limit or 0,
            answer.has_more,
            answer.date,
            answer.asked,
            cached=answer.age is not None,
        )
        rows = self._read.feed(page)
        self._state = self._state.with_resume_point(self._read.resume_point)
        return [row.record for row in rows]

    def vanished(self) -> None:
        """Tell the reading."""
        self._read.page_vanished()

    def entry(self) -> dict[str, t.Any]:
        """Return the entry."""
        if self._read.next_request is None:
            self.ends()
        return dict(self._state.entry)

    def ends(self) -> Ending:
        """Finish the reading, once."""
        if self._ending is None:
            self._ending = self._finish()
        return self._ending

    def _finish(self) -> Ending:
        read = self._read
        if read.unverified_reason:
            return Ending(1)
        state = self._state.with_bookmark(read.bookmark, left_out_older=read.left_out_older)
        state = state.with_listed_twice(read.repeated)
        activates = False
        if read.covered_entire_list:
            activates = bool(read.total) and self._same_settings and not self._filtered
            state = state.with_full_read()
        self._state = state
        return Ending(0, activates)


class ListReading:
    """The reading of this project."""

    name = "new"

    def begin(self, entry: dict[str, t.Any], settings: Settings, started: str) -> ListSession:
        """Begin a run."""
        return ListSession(entry, settings, started)


def list_reading() -> Reading:
    """Return the reading."""
    return ListReading()
