"""What a run tells. Every line names its stream, as Meltano shows the bare message."""

from __future__ import annotations

import time
import typing as t

if t.TYPE_CHECKING:
    import logging
    from collections import Counter

    from paged_rest.reading.pagination import Read
    from paged_rest.singer.stream import ListStream

_SECONDS_BETWEEN_PROGRESS = 5.0
_MOST_NAMES = 10


def counted(number: int, what: str) -> str:
    """Return a count in words, as in `1 row` or `2,500 rows`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


class Progress:
    """Tells every few seconds how far a long read has come."""

    def __init__(self, logger: logging.Logger, name: str) -> None:
        """Begin now."""
        self._logger = logger
        self._name = name
        self._began = self._told = time.monotonic()

    def tell(self, read: Read) -> None:
        """Tell how far the read has come, unless that was told just now."""
        now = time.monotonic()
        if now - self._told < _SECONDS_BETWEEN_PROGRESS or not read.rows:
            return
        self._told = now
        left = (now - self._began) * max(0, read.total - read.rows) / read.rows
        self._logger.info(
            "%s: %s of %s in %s, %.0f s to go if all are read",
            self._name,
            f"{read.rows:,}",
            counted(read.total, "row"),
            counted(read.requests, "request"),
            left,
        )


def tell_stream(stream: ListStream) -> None:
    """Tell what came of a stream, and which of its values needed a place of their own."""
    read, requests = stream.read, stream.requests
    if read is None and not requests:
        return
    stream.logger.info(
        "%s: %s in %s, %s left out: %s",
        stream.name,
        counted(read.rows if read else 0, "row"),
        counted(requests, "request"),
        counted(read.repeats if read else 0, "repeat"),
        stream.outcome,
    )
    for kind, counts in (
        ("fields that the schema does not know", stream.conformer.unknown),
        ("values that do not fit their type", stream.conformer.misfits),
    ):
        if counts:
            stream.logger.warning(
                "%s: kept in extra_fields, as %s: %s", stream.name, kind, _named(counts)
            )


def how_far(stream: ListStream, requests: int) -> str:
    """Return in words how far a run came whose requests are used up."""
    made, read = f" after {counted(requests, 'request')} of this run", stream.read
    if read is None or not read.requests:
        return f"{made}; the next run goes on"
    goes_on = "the next run goes on"
    if read.resume and read.stretch == read.resume:
        goes_on = "no further than the run before, so that so few are not enough"
    elif too_few_requests(stream):
        goes_on = "its request_budget is too small for the list, which is read in one run or not"
    elif read.stretch is None:
        goes_on = "the next run reads it from its start"
    left = f"{max(0, read.total - read.rows):,} still to read"
    return f"{made}: {counted(read.rows, 'row')} of {stream.name} read, {left}; {goes_on}"


def too_few_requests(stream: ListStream) -> bool:
    """Whether no run with so small a request_budget can read the list of a stream."""
    read, budget = stream.read, stream.config.get("request_budget")
    if read is None or not budget or read.stretch is not None:
        return False
    pages = -(-read.total // stream.config["page_size"])
    # Where no creation tells that a row was there, a second reading proves the first.
    return bool(budget < (2 * pages if pages > 1 and not read.created else pages))


def tell_run(logger: logging.Logger, requests: int, requests_a_day: int | None) -> None:
    """Tell how many requests the run took, beside what the API allows in a day."""
    runs = (requests_a_day or 0) // requests if requests else 0
    fits = f"; the {requests_a_day:,} of a day allow {counted(runs, 'such run')}" if runs else ""
    logger.info("%s in all%s", counted(requests, "request"), fits)


def _named(counts: Counter[str]) -> str:
    shown = ", ".join(
        f"{name[:60]} ({number:,})" for name, number in counts.most_common(_MOST_NAMES)
    )
    more = len(counts) - _MOST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown
