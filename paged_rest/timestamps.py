"""Moments as text of one fixed form, `YYYY-MM-DDTHH:MM:SS.ffffffZ`.

The SDK compares bookmarks as text and targets drop offsets, so every moment is brought to
UTC and to one width before anything compares or emits it.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime

_FORM = "%Y-%m-%dT%H:%M:%S.%fZ"
_ISO_8601 = re.compile(
    r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d+)?)?\s?(Z|[+-]\d\d(:?\d\d)?)?)?",
    re.IGNORECASE,
)
# What stands at every third place from the fifth on, where a moment has milliseconds.
_MILLISECONDS = "--T::."


def timestamp(value: str) -> str:
    """Return an ISO 8601 moment in the fixed form; without an offset it is UTC.

    Raises:
        ValueError: The value is no ISO 8601 date or moment of the years 1 to 9999.
    """
    if len(value) == 24 and value[4:20:3] == _MILLISECONDS and value[23] == "Z":  # noqa: PLR2004
        if value[11:13] < "24":
            datetime.fromisoformat(value)
            return f"{value[:-1]}000Z"
    elif _ISO_8601.fullmatch(value):
        return _parse(value)
    message = f"{value[:40]!r} is no ISO 8601 moment"
    raise ValueError(message)


def _parse(value: str) -> str:
    import pendulum  # noqa: PLC0415 (slow to import, and the API sends only milliseconds)

    try:
        moment = pendulum.parse(value.upper().replace(",", "."), tz="UTC")
        assert isinstance(moment, pendulum.DateTime)  # noqa: S101 (for the type checker)
        return fixed(moment)
    except (OverflowError, pendulum.parsing.exceptions.ParserError) as error:
        raise ValueError(str(error)) from error


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
    """Return the moment of an HTTP date, in UTC, or None when there is none to be read."""
    try:
        moment = parsedate_to_datetime(value or "")
        # One of the three forms that HTTP allows states no zone, and means UTC.
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (OverflowError, ValueError):
        return None


def now() -> str:
    """Return the present moment."""
    return fixed(datetime.now(UTC))


def before(moment: str, *, days: int = 0, minutes: int = 0, seconds: float = 0) -> str:
    """Return the moment that lies so much before another, both in the fixed form."""
    earlier = timedelta(days=days, minutes=minutes, seconds=seconds)
    try:
        return fixed(datetime.fromisoformat(moment) - earlier)
    except OverflowError:
        return "0001-01-01T00:00:00.000000Z"


def fixed(moment: datetime) -> str:
    """Return a moment in the fixed form."""
    # Some C libraries do not pad the years before 1000.
    return moment.astimezone(UTC).strftime(_FORM).zfill(27)
