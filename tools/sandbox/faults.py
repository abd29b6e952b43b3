"""Rules that make answers fail, late or wrong, and actions between two answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from tools.sandbox.answers import Answer, http_date
from tools.sandbox.rows import encode

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

Kind = Literal[
    # Answered in front of the API.
    "status",
    "html",
    "error_200",
    "reset",
    # The API's own answer, late,
    "hang",
    "delay",
    # spoilt on its way,
    "cut_fin",
    "cut_rst",
    "drip",
    "bad_gzip",
    "bad_json",
    "no_data",
    "recode",
    # or wrong in itself (pages of lists only).
    "repeat_page",
    "wrong_page",
    "clamp",
    "no_total",
    "stale_total",
    "stale_rows",
    "contradict",
    # A cache's answer in place of the API's.
    "cached",
]
IN_FRONT = frozenset({"status", "html", "error_200", "reset"})

HTML = "<!DOCTYPE html><html><head><title>{0}</title></head><body>{0}</body></html>"
ELSEWHERE = "https://elsewhere.example/open-api"


class Rule(msgspec.Struct, forbid_unknown_fields=True):
    """Which requests, and what happens to their answers.

    A request matches by `path` ("/leads", "/leads/*", None: any) and `page` (as asked
    for; 1 when left out; None: any). Of those that match, the first `nth - 1` go by
    unharmed, then `times` (None: all) are hit.
    """

    kind: Kind
    path: str | None = None
    page: int | None = None
    nth: int = 1
    times: int | None = 1

    status: int = 500
    """`status`: the status."""
    body: str | dict[str, Any] | None = None
    """`status`, `html`: text is sent as HTML, an object as JSON; None: as documented."""
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    """`status`, `html`: further headers. A 3xx without `Location` gets one."""
    error_code: bool = True
    """`status`: whether the documented body keeps its `error_code` (Rotor)."""
    retry_after: int | None = None
    """`status`: seconds to state in `Retry-After`,"""
    retry_after_date: bool = False
    """as an HTTP date instead of a number."""
    seconds: float | None = None
    """`hang`, `delay`: answer after so long; None: never."""
    charset: str = "utf-8-sig"
    """`recode`: what the body is in, and is declared to be unless that is UTF-8 with its mark."""
    rate: int = 1000
    """`drip`: bytes a second."""
    limit: int = 100
    """`clamp`: the page size used and stated."""
    age: bool = False
    """`cached`: whether the cache says how old its answer is, in `Age`."""

    def answer(self, now: datetime, error: Callable[..., Answer]) -> Answer:
        """Return the answer of a rule that answers in front of the API.

        `error` is `Endpoints.error`: an error in the API's own words.
        """
        if self.kind == "error_200":
            return Answer(error(500).body, 200)
        headers = dict(self.headers)
        status = 200 if self.kind == "html" else self.status
        if 300 <= status < 400:  # noqa: PLR2004
            headers.setdefault("Location", ELSEWHERE)
        if self.retry_after is not None:
            later = now + timedelta(seconds=self.retry_after)
            headers["Retry-After"] = (
                http_date(later) if self.retry_after_date else str(self.retry_after)
            )
        if isinstance(self.body, dict):
            return Answer(encode(self.body), status, headers)
        if self.body is None and self.kind != "html":
            return error(status, code=self.error_code, headers=headers)
        text = HTML.format("Just a moment") if self.body is None else self.body
        return Answer(text, status, headers, "text/html; charset=utf-8")


@dataclass
class _Counted:
    """A rule or an action, and how often its requests came and it was used."""

    what: Any
    path: str | None
    page: int | None
    nth: int
    times: int | None
    seen: int = 0
    used: int = 0

    def matches(self, path: str, page: int) -> bool:
        """Count a request that matches and tell whether it is one to be hit."""
        if self.path is not None and not fnmatchcase(path, self.path):
            return False
        if self.page is not None and page != self.page:
            return False
        self.seen += 1
        left = self.times is None or self.used < self.times
        return self.seen >= self.nth and left

    def use(self) -> Any:
        """Count a use and return the rule or the action."""
        self.used += 1
        return self.what


class Faults:
    """The rules and actions of a server. Any thread may add some; the server's uses them."""

    def __init__(self) -> None:
        """Begin without any."""
        self._rules: list[_Counted] = []
        self._actions: list[_Counted] = []

    def add(self, rule: Rule) -> None:
        """Add a rule behind those there are: the first that matches wins."""
        self._rules.append(_Counted(rule, rule.path, rule.page, rule.nth, rule.times))

    def before(
        self, path: str | None, page: int | None, action: Callable[[], object], nth: int
    ) -> None:
        """Run `action` once, right before the nth matching answer is made."""
        self._actions.append(_Counted(action, path, page, nth, 1))

    def clear(self) -> None:
        """Forget all rules and actions."""
        self._rules.clear()
        self._actions.clear()

    def rule(self, path: str, page: int) -> Rule | None:
        """Count a request and return the rule that it is hit by."""
        hit = [rule for rule in list(self._rules) if rule.matches(path, page)]
        return hit[0].use() if hit else None

    def actions(self, path: str, page: int) -> list[Callable[[], object]]:
        """Count a request and return what is to be done before its answer is made."""
        return [action.use() for action in list(self._actions) if action.matches(path, page)]
