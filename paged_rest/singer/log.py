"""What a run logs. Every line names its stream, as Meltano shows the bare message."""

from __future__ import annotations

import time
import typing as t
from collections import Counter
from dataclasses import dataclass, field

if t.TYPE_CHECKING:
    import logging
    from collections.abc import Iterable

    from paged_rest.reading import ListRead, Row

_SECONDS_BETWEEN_PROGRESS = 5.0
_MOST_NAMES = 10


def counted(number: int, what: str) -> str:
    """Return a count in words, as in `1 row` or `2,500 rows`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


@dataclass
class StreamSummary:
    """What came of a stream.

    Attributes:
        stream: Its name.
        outcome: How its reading ended, in words.
        requests: Requests made for it.
        rows: Rows that went to the target.
        read: The reading of its list, if that was begun.
        unknown: Fields that its schema does not know, each with the number of its rows.
        misfits: Values that do not fit their type, likewise by path.
        keeps: Whether both are kept in `extra_fields`.
    """

    stream: str
    outcome: str = "not read"
    requests: int = 0
    rows: int = 0
    read: ListRead | None = None
    unknown: Counter[str] = field(default_factory=Counter)
    misfits: Counter[str] = field(default_factory=Counter)
    keeps: bool = True

    def count(self, rows: Iterable[Row]) -> None:
        """Count rows that go to the target, and what is noted of them."""
        for row in rows:
            self.rows += 1
            for note in row.notes:
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


def log_stream(logger: logging.Logger, summary: StreamSummary) -> None:
    """Log what came of a stream, and which of its values needed a place of their own."""
    read, requests = summary.read, summary.requests
    if read is None and not requests:
        return
    logger.info(
        "%s: %s in %s, %s left out: %s",
        summary.stream,
        counted(summary.rows, "row"),
        counted(requests, "request"),
        counted(read.repeats if read else 0, "repeat"),
        summary.outcome,
    )
    for kind, counts in (
        ("fields that the schema does not know", summary.unknown),
        ("values that do not fit their type", summary.misfits),
    ):
        if counts:
            kept = "kept in extra_fields" if summary.keeps else "left out"
            logger.warning("%s: %s, as %s: %s", summary.stream, kept, kind, _named(counts))


def log_run(logger: logging.Logger, requests: int, requests_a_day: int | None) -> None:
    """Log how many requests the run took, beside what the API allows in a day."""
    runs = (requests_a_day or 0) // requests if requests else 0
    fits = f"; the {requests_a_day:,} of a day allow {counted(runs, 'such run')}" if runs else ""
    logger.info("%s in all%s", counted(requests, "request"), fits)


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
        f"{_printable(name[:60])} ({number:,})" for name, number in counts.most_common(_MOST_NAMES)
    )
    more = len(counts) - _MOST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown


def _printable(name: str) -> str:
    """Return a name of the API's as it can stand in a line of a log."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in name)
