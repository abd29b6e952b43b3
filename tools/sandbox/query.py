"""The lists' parameters: how they are read, and which rows they ask for.

Only the parameters that a tap sends; the API has more filters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.sandbox.answers import VALIDATION, Refusal, error
from tools.sandbox.parameters import Query, Reader, Test, number, read_all
from tools.sandbox.rows import Level, Record, instant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tools.sandbox.switches import Switches

PATHS = {
    "/leads": "leads",
    "/customers": "customers",
    "/pins": "pins",
    "/service-plans": "service_plans",
    "/serviced-jobs": "serviced_jobs",
}
"""The lists that come in pages."""
DEFAULT_LIMIT = 50
MAX_LIMIT = 1000


def _boolean(value: str) -> bool:
    if value not in {"true", "false"}:
        message = "Expected true or false"
        raise ValueError(message)
    return value == "true"


def _stage(value: str) -> Test:
    return lambda row: row.get("stage") == value


def _tags(value: str) -> Test:
    tags = {tag.strip() for tag in value.split(",")} - {""}
    return lambda row: not tags.isdisjoint(row.get("tags") or ())


def _not_before(field: str) -> Reader:
    def read_start(value: str) -> Test:
        start = instant(value)
        if start is None:
            message = "Invalid ISO 8601 date-time"
            raise ValueError(message)

        def test(row: Record) -> bool:
            moment = instant(row.get(field))
            return moment is not None and moment >= start

        return test

    return read_start


FILTERS: dict[str, dict[str, Reader]] = {
    "leads": {"stage": _stage, "tags": _tags},
    "service_plans": {"created_at_range_start": _not_before("created_at")},
    "serviced_jobs": {"service_date_range_start": _not_before("service_date")},
}
# The parameter that chooses between the two readings of a list.
READINGS = {"leads": "archived", "customers": "archived", "serviced_jobs": "only_completed"}


def read(list_name: str, given: Mapping[str, str], switches: Switches) -> Query:
    """Read a request's parameters; raises `Refusal` for those that cannot be."""
    readers = {"page": number, "limit": number, **FILTERS.get(list_name, {})}
    if list_name in READINGS:
        readers[READINGS[list_name]] = _boolean
    values, problems = read_all(given, readers)
    if problems:
        raise Refusal(error(400, VALIDATION, errors=problems))
    page, limit = values.pop("page", 1), values.pop("limit", DEFAULT_LIMIT)
    if switches.only_limit not in {0, limit}:
        problem = {"field": "limit", "message": f"Must be {switches.only_limit}"}
        raise Refusal(error(400, VALIDATION, errors=[problem]))
    whole = values.pop("archived", False) or not values.pop("only_completed", True)
    return Query(
        page,
        min(limit, MAX_LIMIT, switches.max_limit),
        Level.FULL if whole else Level.USUAL,
        tuple(values.values()),
    )
