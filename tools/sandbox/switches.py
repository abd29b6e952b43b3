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
    stale_total: bool = False
    """Whether `total` is from before the list's latest change, the rows from after."""
    unstable_ties: bool = False
    """Whether rows that the order leaves equal come in another one at every request."""
    bad_values: Literal["400", "default"] = "400"
    """A parameter that cannot be read: refused, or as if it were left out."""
    unknown_params: Literal["ignore", "400"] = "ignore"
    """A parameter that the list does not have."""


class Switches(Common):
    """Settings of the stand-in for Rotor."""

    version_header: Literal["ignore", "400"] = "ignore"
    """A request without `rotor-api-version: 1.1.0`."""

    max_limit: int = 1000
    """A limit above this is cut to it; smaller than 1000: the server clamps."""
    over_limit: Literal["clamp", "400"] = "clamp"
    """A limit above the documented 1000."""
    state_limit: bool = True
    """Whether `pagination` has `limit`."""
    validation_status: Literal[400, 422] = 400
    """The status of `Validation failed`."""

    stage_match: Literal["exact", "ignore_case"] = "exact"
    """How leads' `stage` is compared."""
    customer_tags: Literal["any", "all"] = "any"
    """Which of several `tags` a customer must have."""
    service_date_filter: Literal["whole", "page"] = "whole"
    """Service dates are filtered over the whole list, or within each fetched page:
    then pages are short, or empty, though `has_more` is true."""
    date_only: Literal["utc", "400"] = "utc"
    """A range given as a date: midnight in UTC, or refused."""

    quota_window: Literal["day", "rolling"] = "day"
    """The daily quota begins anew at midnight UTC, or counts the last 24 hours."""
    count_refused: bool = False
    """Whether 403 and 429 answers count against the quota."""
    count_failed: bool = False
    """Whether requests count that a fault answers instead of the API."""
    count_auth_test: bool = True
    """Whether `GET /auth/test` counts."""
    limit_post_leads: bool = True
    """Whether `POST /leads` counts; its page shows no 429."""
    retry_after: Literal["none", "seconds", "date"] = "none"
    """The form of `Retry-After` when the quota is spent: until it begins anew."""

    archived_by_id: bool = True
    """Whether archived leads and customers are found by id."""
    upsert_unknown_id: Literal["404", "create"] = "404"
    """A POST with an `id` that nobody has."""
    customer_created_status: Literal[200, 201] = 201
    """The status of a POST that made a customer."""
    auth_test_version: bool = True
    """Whether `/auth/test` has `rotor_api_version` (in its schema, not its sample)."""


def changed(switches: S, changes: dict[str, Any]) -> S:
    """Return the switches with changes.

    Raises `msgspec.ValidationError` for a name or value that does not exist.
    """
    return msgspec.convert({**msgspec.structs.asdict(switches), **changes}, type(switches))
