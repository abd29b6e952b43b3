"""The lists' parameters (section 3): how they are read, and which rows they ask for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tools.sandbox import parameters
from tools.sandbox.answers import VALIDATION, Refusal, error
from tools.sandbox.parameters import Query, Test, number, one_of, read_all, text
from tools.sandbox.rows import Level, Record, instant
from tools.sandbox.vocabulary import FREQUENCIES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tools.sandbox.switches import Switches

DEFAULT_LIMIT = 50
MAX_LIMIT = 1000
DATE = re.compile(r"\d{4}-\d\d-\d\d")


def _boolean(value: str, _: Switches) -> bool:
    return {"true": True, "false": False}[value]


def _tags(value: str, _: Switches) -> tuple[str, ...]:
    return tuple(filter(None, (tag.strip() for tag in value.split(","))))


def _uuid(value: str, _: Switches) -> str:
    return str(UUID(value))


def _moment(value: str, switches: Switches) -> int:
    if DATE.fullmatch(value) and switches.date_only == "400":
        raise ValueError(value)
    moment = instant(value)
    if moment is None:
        raise ValueError(value)
    return moment


_STATUS = one_of("active", "inactive")
READERS: dict[str, dict[str, Callable[[str, Switches], Any]]] = {
    "leads": {"archived": _boolean, "search": text, "stage": text, "tags": _tags},
    "customers": {
        "archived": _boolean,
        "search": text,
        "status": _STATUS,
        "tags": _tags,
    },
    "pins": {"pin_type_id": _uuid, "user_id": _uuid},
    "service_plans": {
        "created_at_range_start": _moment,
        "created_at_range_end": _moment,
        "frequency": one_of(*dict(FREQUENCIES)),
        "service_type": text,
        "sold_by_user_id": _uuid,
        "status": _STATUS,
    },
    "serviced_jobs": {
        "only_completed": _boolean,
        "service_date_range_start": _moment,
        "service_date_range_end": _moment,
    },
}
MESSAGES = {
    **parameters.MESSAGES,
    _boolean: "Expected true or false",
    _uuid: "Invalid uuid",
    _moment: "Invalid ISO 8601 date-time",
}


def read(list_name: str, given: Mapping[str, str], switches: Switches) -> Query:
    """Read a request's parameters; raises `Refusal` for those that cannot be."""
    readers = {"page": number, "limit": number, **READERS[list_name]}
    values, problems = read_all(given, readers, switches, MESSAGES)
    limit = values.pop("limit", DEFAULT_LIMIT)
    if limit > MAX_LIMIT and switches.over_limit == "400":
        message = f"Expected at most {MAX_LIMIT}"
        problems.append({"field": "limit", "message": message})
    if problems:
        raise Refusal(error(switches.validation_status, VALIDATION, errors=problems))
    if list_name == "serviced_jobs":
        whole = not values.pop("only_completed", True)
    else:
        whole = values.pop("archived", False)
    return Query(
        values.pop("page", 1),
        min(limit, switches.max_limit),
        Level.FULL if whole else Level.USUAL,
        tuple(sorted(values.items())),
    )


def test_of(list_name: str, query: Query, switches: Switches) -> Test:
    """Return what tells whether a row passes the query's filters."""
    tests = [_TESTS[list_name, name](value, switches) for name, value in query.values]
    return lambda row: all(test(row) for test in tests)


def _search(*fields: str) -> Callable[[str, Switches], Test]:
    def make(value: str, _: Switches) -> Test:
        wanted = value.casefold()
        return lambda row: any(wanted in str(row.get(field) or "").casefold() for field in fields)

    return make


def _stage(value: str, switches: Switches) -> Test:
    if switches.stage_match == "exact":
        return lambda row: row.get("stage") == value
    wanted = value.casefold()
    return lambda row: str(row.get("stage") or "").casefold() == wanted


def _any_tag(value: tuple[str, ...], _: Switches) -> Test:
    return lambda row: not set(value).isdisjoint(row.get("tags") or ())


def _customer_tags(value: tuple[str, ...], switches: Switches) -> Test:
    if switches.customer_tags == "any":
        return _any_tag(value, switches)
    return lambda row: set(value).issubset(row.get("tags") or ())


def _equal(*path: str) -> Callable[[Any, Switches], Test]:
    def make(value: object, _: Switches) -> Test:
        def test(row: Record) -> bool:
            found: Any = row
            for name in path:
                found = (found or {}).get(name)
            return bool(found == value)

        return test

    return make


def _active(value: str, _: Switches) -> Test:
    return lambda row: row.get("active") is (value == "active")


def _not_before(field: str) -> Callable[[int, Switches], Test]:
    def make(value: int, _: Switches) -> Test:
        def test(row: Record) -> bool:
            moment = instant(row.get(field))
            return moment is not None and moment >= value

        return test

    return make


def _not_after(field: str) -> Callable[[int, Switches], Test]:
    def make(value: int, _: Switches) -> Test:
        def test(row: Record) -> bool:
            moment = instant(row.get(field))
            return moment is not None and moment <= value

        return test

    return make


_TESTS: dict[tuple[str, str], Callable[[Any, Switches], Test]] = {
    ("leads", "search"): _search("name", "email", "phone"),
    ("leads", "stage"): _stage,
    ("leads", "tags"): _any_tag,
    ("customers", "search"): _search("first_name", "last_name", "company_name", "email", "phone"),
    ("customers", "status"): _equal("status"),
    ("customers", "tags"): _customer_tags,
    ("pins", "pin_type_id"): _equal("pin_type", "id"),
    ("pins", "user_id"): _equal("created_by", "user_id"),
    ("service_plans", "created_at_range_start"): _not_before("created_at"),
    ("service_plans", "created_at_range_end"): _not_after("created_at"),
    ("service_plans", "frequency"): _equal("service_frequency"),
    ("service_plans", "service_type"): _equal("service_type"),
    ("service_plans", "sold_by_user_id"): _equal("sold_by", "user_id"),
    ("service_plans", "status"): _active,
    ("serviced_jobs", "service_date_range_start"): _not_before("service_date"),
    ("serviced_jobs", "service_date_range_end"): _not_after("service_date"),
}
