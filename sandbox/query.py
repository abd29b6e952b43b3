"""The lists' parameters (section 3): how they are read, and which rows they ask for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sandbox.answers import VALIDATION, Problem, Refusal, error
from sandbox.rows import Level, Record, instant
from sandbox.vocabulary import FREQUENCIES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.switches import Switches

    Test = Callable[[Record], bool]

DEFAULT_LIMIT = 50
MAX_LIMIT = 1000
DATE = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class Query:
    """What a request asks of a list. `values` holds the filters, read, by name."""

    page: int
    limit: int
    level: Level
    values: tuple[tuple[str, Any], ...]


def _boolean(text: str, _: Switches) -> bool:
    return {"true": True, "false": False}[text]


def _text(text: str, _: Switches) -> str:
    return text


def _tags(text: str, _: Switches) -> tuple[str, ...]:
    return tuple(filter(None, (tag.strip() for tag in text.split(","))))


def _uuid(text: str, _: Switches) -> str:
    return str(UUID(text))


def _moment(text: str, switches: Switches) -> int:
    if DATE.fullmatch(text) and switches.date_only == "400":
        raise ValueError(text)
    moment = instant(text)
    if moment is None:
        raise ValueError(text)
    return moment


def _one_of(*options: str) -> Callable[[str, Switches], str]:
    def read(text: str, _: Switches) -> str:
        if text not in options:
            raise ValueError(text)
        return text

    return read


def _number(text: str, _: Switches) -> int:
    # Not int(): it takes "+1", " 1" and "1_0" too.
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ValueError(text)
    return int(text)


_STATUS = _one_of("active", "inactive")
READERS: dict[str, dict[str, Callable[[str, Switches], Any]]] = {
    "leads": {"archived": _boolean, "search": _text, "stage": _text, "tags": _tags},
    "customers": {
        "archived": _boolean,
        "search": _text,
        "status": _STATUS,
        "tags": _tags,
    },
    "pins": {"pin_type_id": _uuid, "user_id": _uuid},
    "service_plans": {
        "created_at_range_start": _moment,
        "created_at_range_end": _moment,
        "frequency": _one_of(*dict(FREQUENCIES)),
        "service_type": _text,
        "sold_by_user_id": _uuid,
        "status": _STATUS,
    },
    "serviced_jobs": {
        "only_completed": _boolean,
        "service_date_range_start": _moment,
        "service_date_range_end": _moment,
    },
}
MESSAGES: dict[Callable[[str, Switches], Any], str] = {
    _boolean: "Expected true or false",
    _uuid: "Invalid uuid",
    _moment: "Invalid ISO 8601 date-time",
    _number: "Expected a whole number of at least 1",
}


def read(list_name: str, given: Mapping[str, str], switches: Switches) -> Query:
    """Read a request's parameters; raises `Refusal` for those that cannot be."""
    readers = {"page": _number, "limit": _number, **READERS[list_name]}
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, text in given.items():
        reader = readers.get(name)
        if reader is None:
            if switches.unknown_params == "400":
                problems.append({"field": name, "message": "Unknown parameter"})
            continue
        try:
            values[name] = reader(text, switches)
        except (ValueError, KeyError):
            if switches.bad_values == "400":
                message = MESSAGES.get(reader, "Invalid value")
                problems.append({"field": name, "message": message})
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
