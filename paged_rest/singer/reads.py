"""The stream `reads`: what each run read of each list, and how that is known, as rows of data."""

from __future__ import annotations

import typing as t

from typing_extensions import override

from paged_rest.singer.declaration import READS
from paged_rest.singer.sdk import StatelessStream
from paged_rest.timestamps import now

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Context, Record

    from paged_rest.singer.run import Run
    from paged_rest.singer.stream import ListStream

_TEXT = "string"
_MOMENT = "date-time"
_NUMBER = "integer"

_FIELDS: dict[str, tuple[str, str]] = {
    "run_id": (_TEXT, "Tells the run from all others"),
    "stream": (_TEXT, "Name of the stream, as the catalog has it"),
    "started_at": (_MOMENT, "When its reading began; null if it was not read"),
    "ended_at": (_MOMENT, "When its reading ended; of what was not read, when the run did"),
    "outcome": (_TEXT, "proven, unproven, stopped, failed or not_read"),
    "reason": (_TEXT, "Code of why it ended so: complete, budget_spent, ..."),
    "detail": (_TEXT, "The same in a sentence"),
    "proof": (
        _TEXT,
        "How it is proven: chain, observed_order, count, agreement or one_answer",
    ),
    "scope": (
        _TEXT,
        "What was to be read: whole, since_bookmark, since_start_date, resumed or filtered",
    ),
    "read_since": (_MOMENT, "Oldest replication key that was to be read; null if there is none"),
    "passes": (_NUMBER, "How often the list was gone through"),
    "requests": (_NUMBER, "Requests that were made for it"),
    "rows_read": (_NUMBER, "Rows in the responses, repeats among them"),
    "rows_sent": (_NUMBER, "Rows handed on to the target or to the stream map"),
    "repeats": (_NUMBER, "Rows that came again and were left out"),
    "rows_listed_first": (_NUMBER, "Rows in the list, as its first response states"),
    "rows_listed_last": (_NUMBER, "Rows in the list, as its last response states"),
    "newest": (_MOMENT, "Newest replication key that was read"),
    "bookmark_before": (_MOMENT, "Bookmark before the run"),
    "bookmark_after": (_MOMENT, "Bookmark after the run"),
    "last_whole_read_at": (
        _MOMENT,
        "When the last proven reading of the whole list began, this one included",
    ),
    "id_checksum": (
        _NUMBER,
        "Sum of the first 32 bits of md5(id) over the rows sent, if each was sent once",
    ),
    "settings": (_TEXT, "Fingerprint of the settings that limit the list"),
    "tap_version": (_TEXT, "Version of the tap"),
}
_KEYS = ("run_id", "stream")


def _declared(name: str, kind: str, description: str) -> dict[str, t.Any]:
    form = {"format": kind} if kind == _MOMENT else {}
    base = _TEXT if kind == _MOMENT else kind
    types: t.Any = base if name in _KEYS else [base, "null"]
    return {"type": types, **form, "description": description}


class ReadsStream(StatelessStream):
    """A row for each selected list, written last, or where the run ends before.

    Attributes:
        lists: The streams of the lists.
        begun: Whether the rows are being written.
        written: Whether all have been written.
    """

    name = READS
    primary_keys = _KEYS
    schema: t.ClassVar[dict[str, t.Any]] = {
        "type": "object",
        "description": "What each run read of each list, and how that is known",
        "properties": {name: _declared(name, *said) for name, said in _FIELDS.items()},
        "required": [*_KEYS],
    }

    def __init__(self, tap: Tap, run: Run, lists: Sequence[ListStream]) -> None:
        """Belong to a tap, and tell of the lists of its run."""
        super().__init__(tap)
        self.lists = lists
        self.begun = self.written = False
        self._run = run
        self._version = tap.plugin_version

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        """Yield what came of each list that is selected."""
        self.begun = True
        for stream in self.lists:
            if stream.selected:
                yield self._row(stream)
        self.written = True

    def _row(self, stream: ListStream) -> Record:
        summary, ending, state = stream.summary, stream.ending, stream.remembered
        read = summary.read
        return {
            "run_id": self._run.id,
            "stream": stream.name,
            "started_at": summary.began,
            "ended_at": summary.ended or now(),
            "outcome": ending.outcome,
            "reason": ending.code,
            "detail": ending.sentence,
            "proof": summary.proof,
            "scope": stream.scope,
            "read_since": read and read.stop_at,
            "passes": read and read.passes,
            "requests": summary.requests,
            "rows_read": read.shown if read else summary.rows,
            "rows_sent": summary.rows,
            "repeats": read and read.repeats,
            "rows_listed_first": read and read.first_total,
            "rows_listed_last": read.total if read and read.requests else None,
            "newest": read and read.newest,
            "bookmark_before": summary.bookmark_before,
            "bookmark_after": state.bookmark,
            "last_whole_read_at": state.last_whole_read_at,
            "id_checksum": stream.id_checksum,
            "settings": state.fingerprint,
            "tap_version": self._version,
        }
