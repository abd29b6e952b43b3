"""What a run logs. Every line names its stream, as Meltano shows the bare message."""

from __future__ import annotations

import time
import typing as t
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain
from operator import attrgetter

from paged_rest.timestamps import now as moment
from paged_rest.wording import counted, printable

if t.TYPE_CHECKING:
    import logging
    from collections.abc import Mapping, Sequence

    from paged_rest.errors import Outcome
    from paged_rest.reading import ListRead, Row
    from paged_rest.singer.state import StreamState

_SECONDS_BETWEEN_PROGRESS = 5.0
_MOST_NAMES = 10


@dataclass(frozen=True)
class Ending:
    """How a stream or a run ended.

    Attributes:
        outcome: What came of it.
        code: Why, for programs.
        sentence: Why, for people.
    """

    outcome: Outcome
    code: str
    sentence: str


@dataclass
class StreamSummary:
    """What came of a stream.

    Attributes:
        stream: Its name.
        began: When its reading began, or None.
        ended: When it ended, or None.
        ending: How it ended, or None.
        proof: How it is known that nothing was missed, or None.
        bookmark_before: Its bookmark when the run began, or None.
        requests: Requests made for it.
        rows: Rows that went to the target.
        read: The reading of its list, if that was begun.
        unknown: Fields that its schema does not know, each with the number of its rows.
        misfits: Values that do not fit their type, likewise by path.
        keeps: Whether both are kept in `extra_fields`.
    """

    stream: str
    began: str | None = None
    ended: str | None = None
    ending: Ending | None = None
    proof: str | None = None
    bookmark_before: str | None = None
    requests: int = 0
    rows: int = 0
    read: ListRead | None = None
    unknown: Counter[str] = field(default_factory=Counter)
    misfits: Counter[str] = field(default_factory=Counter)
    keeps: bool = True

    def begin(self) -> None:
        """Note that its reading begins."""
        self.began = moment()

    def end(self, ending: Ending, proof: str | None = None) -> None:
        """Note how its reading ended, and the proof where it was proven."""
        self.ending, self.proof, self.ended = ending, proof, moment()

    def count(self, rows: Sequence[Row]) -> None:
        """Count rows that go to the target, and what is noted of them."""
        self.rows += len(rows)
        for note in chain.from_iterable(map(attrgetter("notes"), rows)):
            counts = self.unknown if note.kind == "unknown" else self.misfits
            counts[note.path] += 1


class Progress:
    """Logs every few seconds how far a long read has come."""

    def __init__(self, logger: logging.Logger, stream: str) -> None:
        """Begin now."""
        self._logger = logger
        self._stream = stream
        self._began = self._logged = time.monotonic()

    def log(self, read: ListRead, lost: float) -> None:
        """Log how far the read has come, unless that was logged just now.

        Args:
            read: The read.
            lost: Seconds since its beginning that brought it no further, as for retries.
        """
        now = time.monotonic()
        if now - self._logged < _SECONDS_BETWEEN_PROGRESS or not read.rows:
            return
        self._logged = now
        left = (now - self._began - lost) * max(0, read.total - read.rows) / read.rows
        self._logger.info(
            "%s: %s of %s in %s, %.0f s to go if all are read",
            self._stream,
            f"{read.rows:,}",
            counted(read.total, "row"),
            counted(read.requests, "request"),
            left,
        )


def log_stream(logger: logging.Logger, summary: StreamSummary, ending: Ending) -> None:
    """Log what came of a stream, and which of its values needed a place of their own."""
    read, requests = summary.read, summary.requests
    if read is None and not requests:
        return
    proven = ending.outcome == "proven"
    logger.info(
        "%s: %s in %s, %s left out: %s",
        summary.stream,
        counted(summary.rows, "row"),
        counted(requests, "request"),
        counted(read.repeats if read else 0, "repeat"),
        ending.sentence if proven else "incomplete",
        extra={
            "stream": summary.stream,
            "code": ending.code,
            "outcome": ending.outcome,
            "proof": summary.proof,
            "rows": summary.rows,
            "requests": requests,
        },
    )
    for kind, counts in (
        ("fields that the schema does not know", summary.unknown),
        ("values that do not fit their type", summary.misfits),
    ):
        if counts:
            kept = "kept in extra_fields" if summary.keeps else "left out"
            logger.warning("%s: %s, as %s: %s", summary.stream, kept, kind, _named(counts))


def log_unfinished_refresh(logger: logging.Logger, stream: str, state: StreamState) -> None:
    """Warn if the last reading of the whole list did not come to its end, and say what waits."""
    began = state.unfinished_refresh
    if began is None:
        return
    since = state.last_whole_read_at or "the one before"
    next_one = "the next one that does"
    if state.bookmark:
        next_one += "; start it with --full-refresh"
    logger.warning(
        "%s: the last reading of the whole list, begun at %s, did not end complete. What was "
        "deleted since %s, and edits of old rows, wait for %s",
        stream,
        began,
        since,
        next_one,
        extra={"stream": stream},
    )


def log_run(
    logger: logging.Logger,
    requests: int,
    today: int,
    requests_a_day: int | None,
    extra: Mapping[str, str | int],
) -> None:
    """Log how many requests the run took, beside what the API allows in a day.

    Args:
        logger: Where to.
        requests: Requests of the run.
        today: Requests of today, as far as the state tells.
        requests_a_day: What the API allows, or None where it does not say.
        extra: The same for programs.
    """
    runs = (requests_a_day or 0) // requests if requests else 0
    fits = f"; the {requests_a_day:,} of a day allow {counted(runs, 'such run')}" if runs else ""
    since = f", {today:,} today with this state" if requests_a_day and today > requests else ""
    logger.info("%s in all%s%s", counted(requests, "request"), since, fits, extra=extra)


def how_far(stream: str, read: ListRead | None, requests: int, *, too_few: bool) -> str:
    """Return in words how far a run came whose requests are used up.

    Args:
        stream: The stream at which it ended.
        read: How far the list of that was read, if it was begun.
        requests: Requests of the whole run.
        too_few: Whether no run with this request_budget can read the list.
    """
    made = f" after {counted(requests, 'request')} of this run"
    if read is None or not read.requests:
        return f"{made}; the next run goes on"
    goes_on = "the next run goes on"
    if read.resume and read.resume_point == read.resume:
        goes_on = "no further than the run before, so that so few are not enough"
    elif too_few:
        goes_on = "its request_budget is too small for the list, which is read in one run or not"
    elif read.resume_point is None:
        goes_on = "the next run reads it from its start"
    left = f"{max(0, read.total - read.rows):,} still to read"
    return f"{made}: {counted(read.rows, 'row')} of {stream} read, {left}; {goes_on}"


def _named(counts: Counter[str]) -> str:
    shown = ", ".join(
        f"{printable(name[:60])} ({number:,})" for name, number in counts.most_common(_MOST_NAMES)
    )
    more = len(counts) - _MOST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown
