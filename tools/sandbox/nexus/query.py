"""The parameters of the list of leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.sandbox.answers import Refusal
from tools.sandbox.nexus.answers import error
from tools.sandbox.nexus.invent import STATUSES
from tools.sandbox.parameters import Query, Test, number, read_all
from tools.sandbox.rows import Level, Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tools.sandbox.nexus.switches import Switches

DEFAULT_PAGE_SIZE = 50


def _status(value: str) -> Test:
    if value not in STATUSES:
        message = "Invalid value"
        raise ValueError(message)
    return lambda row: row.get("status") == value


def _assigned(value: str) -> Test:
    wanted = None if value == "unassigned" else value
    return lambda row: row.get("assignedToId") == wanted


def _search(value: str) -> Test:
    wanted = value.casefold()

    def test(row: Record) -> bool:
        many = (*(row.get("phones") or ()), *(row.get("emails") or ()))
        texts = (row.get("name"), row.get("company"), *many)
        return any(wanted in str(text or "").casefold() for text in texts)

    return test


READERS = {
    "page": number,
    "pageSize": number,
    "assignedToId": _assigned,
    "search": _search,
    "status": _status,
}


def read(_list_name: str, given: Mapping[str, str], switches: Switches) -> Query:
    """Read a request's parameters; raises `Refusal` for those that cannot be."""
    values, problems = read_all(given, READERS)
    if problems:
        texts = [f"{problem['field']}: {problem['message']}" for problem in problems]
        raise Refusal(error(400, "; ".join(texts)))
    page, size = values.pop("page", 1), values.pop("pageSize", DEFAULT_PAGE_SIZE)
    limit = min(size, switches.max_page_size)
    return Query(page, limit, Level.USUAL, tuple(values.values()))
