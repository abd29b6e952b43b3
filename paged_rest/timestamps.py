"""Timestamps as text of one fixed form, `YYYY-MM-DDTHH:MM:SS.ffffffZ`.

The SDK compares bookmarks as text and targets drop offsets, so every timestamp is brought to
UTC and to one width before anything compares or emits it.
"""

from __future__ import annotations

import re
import typing as t
from collections import deque
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime

if t.TYPE_CHECKING:
    from collections.abc import Sequence

_ISO_8601 = re.compile(
    r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d(:?\d\d)?)?)?",
    re.IGNORECASE,
)
# What stands at every third place from the fifth on, where a timestamp has milliseconds.
_MILLISECONDS = "--T::."
# What stands where in such timestamps, each with a comma behind it.
_PLACES = {4: "-", 7: "-", 10: "T", 13: ":", 16: ":", 19: ".", 23: "Z", 24: ","}


def timestamp(value: str) -> str:
    """Return an ISO 8601 timestamp in the fixed form; without an offset it is UTC.

    Raises:
        ValueError: The value is no ISO 8601 date or timestamp of the years 1 to 9999.
    """
    if len(value) == 24 and value[4:20:3] == _MILLISECONDS and value[23] == "Z":  # noqa: PLR2004
        if value[11:13] < "24":
            datetime.fromisoformat(value)
            return f"{value[:-1]}000Z"
    elif _ISO_8601.fullmatch(value) and value[11:13] < "24":
        try:
            parsed = datetime.fromisoformat(value.upper())
            return fixed(parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC))
        except OverflowError as error:
            raise ValueError(str(error)) from error
    raise _refused(value)


def timestamps(values: Sequence[str]) -> Sequence[str]:
    """Return each of many as `timestamp` does, far quicker where all have milliseconds.

    Raises:
        ValueError: As for `timestamp`.
    """
    count, text = len(values), ",".join(values) + ","
    placed = all(text[place::25] == mark * count for place, mark in _PLACES.items())
    if not placed or len(text) != 25 * count or text.count(",") != count or "T24" in text:
        return list(map(timestamp, values))
    # All of them are read, as one may be no date.
    deque(map(datetime.fromisoformat, values), maxlen=0)
    return text[:-1].replace("Z", "000Z").split(",")


def from_setting(value: str) -> str:
    """Return a date or timestamp that a user wrote, in the fixed form; without an offset it is UTC.

    Raises:
        ValueError: As for `timestamp`.
    """
    import pendulum  # noqa: PLC0415 (slow to import, and most runs have no start_date)

    if not _ISO_8601.fullmatch(value):
        raise _refused(value)
    try:
        parsed = pendulum.parse(value.upper().replace(",", "."), tz="UTC")
        return fixed(t.cast("datetime", parsed))
    except OverflowError as error:
        raise ValueError(str(error)) from error


def _refused(value: str) -> ValueError:
    return ValueError(f"{value[:40]!r} is no ISO 8601 timestamp")


def calendar_date(value: str) -> str:
    """Return an ISO 8601 date, `YYYY-MM-DD`, as it is.

    Raises:
        ValueError: The value is anything else.
    """
    if date.fromisoformat(value).isoformat() != value:
        message = f"{value[:40]!r} is no date of the form YYYY-MM-DD"
        raise ValueError(message)
    return value


def http_date(value: str | None) -> datetime | None:
    """Return an HTTP date, in UTC, or None when there is none to be read."""
    try:
        parsed = parsedate_to_datetime(value or "")
        # One of the three forms that HTTP allows states no zone, and means UTC.
        return parsed.replace(tzinfo=parsed.tzinfo or UTC).astimezone(UTC)
    except (OverflowError, ValueError):
        return None


def now() -> str:
    """Return the present time in the fixed form."""
    return fixed(datetime.now(UTC))


def before(later: str, *, days: float = 0, minutes: int = 0, seconds: float = 0) -> str:
    """Return the timestamp that lies so much before another, both in the fixed form."""
    distance = timedelta(days=days, minutes=minutes, seconds=seconds)
    try:
        return fixed(datetime.fromisoformat(later) - distance)
    except OverflowError:
        return "0001-01-01T00:00:00.000000Z"


def fixed(value: datetime) -> str:
    """Return a timestamp in the fixed form."""
    in_utc = value.astimezone(UTC).replace(tzinfo=None)
    return f"{in_utc.isoformat(timespec='microseconds')}Z"
