"""How the stand-in behaves where Rotor's documentation is silent, and how well.

The default is the most likely value. All of them can be changed while it serves.
"""

from __future__ import annotations

from typing import Any, Literal, TypeVar

import msgspec

S = TypeVar("S", bound="Common")


class Common(msgspec.Struct, forbid_unknown_fields=True):
    """What every API may be told; a wrong name or value is refused by `changed`."""

    latency: float = 0.0
    """Seconds that every answer takes longer."""
    gzip: bool = True
    """Whether answers are compressed for those who accept it."""
    date_header: bool = True
    """Whether answers carry `Date` (the clock of what is served, not the machine's)."""
    date_ahead: float = 0.0
    """Seconds by which `Date` is ahead of the clock that dates rows; negative: behind it."""
    stale_total: bool = False
    """Whether `total` is from before the list's latest change, the rows from after."""
    stale_rows: bool = False
    """The reverse: the rows are from before that change, in their order, `total` from after."""
    cache: bool = False
    """Whether a cache in front keeps the latest answer to each URL, for the rule `cached`."""
    unstable_ties: bool = False
    """Whether rows that the order leaves equal come in another one at every request."""


class Switches(Common):
    """Settings of the stand-in for Rotor."""

    max_limit: int = 1000
    """A limit above this is cut to it; smaller than 1000: the server clamps."""
    only_limit: int = 0
    """A limit other than this one is rejected; 0: none is."""
    state_limit: bool = True
    """Whether `pagination` has `limit`."""
    has_more_from: Literal["rows", "total"] = "rows"
    """What `has_more` follows where rows and total are of two moments."""
    service_date_filter: Literal["whole", "page"] = "whole"
    """Service dates are filtered over the whole list, or within each fetched page:
    then pages are short, or empty, though `has_more` is true."""

    quota_window: Literal["day", "rolling"] = "day"
    """The daily quota begins anew at midnight UTC, or counts the last 24 hours."""
    retry_after: Literal["none", "seconds", "date"] = "none"
    """The form of `Retry-After` when the quota is spent: until it begins anew."""

    upsert_unknown_id: Literal["404", "create", "create_anew"] = "404"
    """A POST with an `id` that nobody has: refused, made under this id, or under another one."""
    upsert_null: Literal["clear", "ignore"] = "clear"
    """What a null in a POST does to a field."""
    upsert_unknown_stage: Literal["take", "ignore", "refuse"] = "take"
    """What becomes of a stage that no lead has, in a POST."""
    upsert_contacts: Literal["as_sent", "plain"] = "as_sent"
    """Phones and e-mails are matched and kept as they are sent, or as digits and in lower case."""
    upsert_default_source: str | None = None
    """The source of a lead that is made without one: the company's first, as in Rotor's screens."""


def changed(switches: S, changes: dict[str, Any]) -> S:
    """Return the switches with changes.

    Raises `msgspec.ValidationError` for a name or value that does not exist.
    """
    return msgspec.convert({**msgspec.structs.asdict(switches), **changes}, type(switches))
