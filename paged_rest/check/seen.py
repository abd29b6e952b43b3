"""What the responses of a check have shown."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from datetime import datetime

from paged_rest.timestamps import http_date, now

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from paged_rest.http import Api, Response
    from paged_rest.reading import Page

# Why a page was asked for: the first one; one within the first, cut elsewhere; the last one; one
# of the same list without the parameter that lets rows in.
Purpose = t.Literal["first", "within", "last", "without"]


@dataclass(frozen=True, kw_only=True)
class CheckedList:
    """A list as a tap declares it.

    Attributes:
        name: Name of the stream.
        path: Path below the API's address.
        params: The query parameters that limit which rows it has.
        lets_in: The one of these that only lets further rows in, or None.
        paged: Whether it comes in pages.
        created: The field that says when a row was created, if rows can be counted by it.
        order: The field that it is ordered by, newest first, if that is promised.
        incremental: Whether runs read it down to a bookmark.
        schema: The JSON Schema of its records.
    """

    name: str
    path: str
    params: Mapping[str, str]
    lets_in: str | None
    paged: bool
    created: str | None
    order: str | None
    incremental: bool
    schema: Mapping[str, t.Any]


@dataclass(frozen=True)
class Answer:
    """A good response, without what is in it.

    Attributes:
        seconds: How long it took.
        ahead: By how many seconds the API's clock is ahead of this machine's, as far as its
            `Date` tells; None without one.
        compressed: How it was compressed, or "".
        cached: Whether a cache says that it has kept it.
        limits: Names of header fields that seem to tell of a limit of requests.
    """

    seconds: float
    ahead: float | None
    compressed: str
    cached: bool
    limits: Sequence[str]

    @classmethod
    def of(cls, response: Response) -> Answer:
        """Return what there is to say of a response that came just now."""
        names = [name.lower() for name in response.headers]
        return cls(
            seconds=response.seconds,
            ahead=_ahead(response),
            compressed=response.headers.get("Content-Encoding", ""),
            cached=response.cached,
            limits=sorted(name for name in names if "ratelimit" in name.replace("-", "")),
        )


def _ahead(response: Response) -> float | None:
    date = http_date(response.headers.get("Date"))
    if date is None:
        return None
    came = (date - datetime.fromisoformat(now())).total_seconds()
    # It was made at some time within a second, while the request was on its way.
    latest, earliest = came + 1.0 + response.seconds, came
    return earliest if earliest > 0 else min(latest, 0.0)


@dataclass(frozen=True)
class Look:
    """A page that was looked at.

    Attributes:
        page: The page.
        fields: Names of all fields of its rows.
        seconds: How long it took to come.
    """

    page: Page
    fields: frozenset[str]
    seconds: float

    @property
    def ids(self) -> list[str]:
        """The ids of its rows, in order."""
        return [row.id for row in self.page.rows]

    @property
    def dates(self) -> list[str | None]:
        """When each of its rows was created, as far as they say."""
        return [row.created for row in self.page.rows]

    @property
    def size(self) -> int:
        """How many rows a page holds, as far as this one shows."""
        page = self.page
        return page.limit or (len(page.rows) if page.has_more else page.request.size)

    @property
    def shows_all(self) -> bool:
        """Whether it is the first page, and the only one."""
        return self.page.request.number == 1 and len(self.page.rows) >= self.page.total

    @property
    def fills_a_page(self) -> bool:
        """Whether it has as many rows as a page can have, or states that there are more."""
        page = self.page
        return page.has_more or len(page.rows) >= page.request.size

    @property
    def newest_first(self) -> bool:
        """Whether no row is newer than the one before; undated ones stand at either end."""
        dates = self.dates
        dated = [date for date in dates if date is not None]
        undated = len(dates) - len(dated)
        at_an_end = dates[:undated] == [None] * undated or dates[len(dated) :] == [None] * undated
        return at_an_end and dated == sorted(dated, reverse=True)


@dataclass
class Observed:
    """What was seen of a list.

    Attributes:
        listed: The list.
        looks: The pages that were looked at.
        refused: For each page that could not be had, why: a part of a sentence.
        failure: In a sentence why the list cannot be read, or None.
    """

    listed: CheckedList
    looks: dict[Purpose, Look] = field(default_factory=dict)
    refused: dict[Purpose, str] = field(default_factory=dict)
    failure: str | None = None

    @property
    def first(self) -> Look | None:
        """The first page, if it could be had."""
        return self.looks.get("first")

    @property
    def is_newest_first(self) -> bool:
        """Whether all that was seen of it is ordered by creation, newest first."""
        seen = [look for purpose, look in self.looks.items() if purpose != "without"]
        return bool(seen) and all(look.newest_first for look in seen)

    @property
    def ignored_size(self) -> str | None:
        """What came in place of a page of an odd size, in words, or None."""
        for purpose in ("within", "last", "without"):
            if purpose in self.refused:
                return self.refused[purpose]
            look = self.looks.get(purpose)
            if look and (wrong := _wrong_size(look.page)):
                return wrong
        return None


def _wrong_size(page: Page) -> str | None:
    asked = page.request.size
    if page.limit not in {0, asked}:
        return f"its answer states pages of {page.limit:,}"
    if len(page.rows) > asked:
        return f"{len(page.rows):,} came"
    return None


@dataclass
class Checkup:
    """All that was seen.

    Attributes:
        api: The API.
        page_size: Rows asked for in a first page.
        lists: What was seen of each list.
        answers: All good responses.
        requests: How many requests were made.
        owner: Whom the key belongs to, or None if that is not known.
        scopes: The scopes of the key.
        version: The version that the API says it is, or None.
        key_unknown: In a sentence why nothing is known of the key, or None.
        stopped: In a sentence why nothing more could be asked, or None.
        cut_short: Whether questions are left that a larger budget would have allowed.
    """

    api: Api
    page_size: int
    lists: list[Observed]
    answers: list[Answer] = field(default_factory=list)
    requests: int = 0
    owner: str | None = None
    scopes: Sequence[str] = ()
    version: str | None = None
    key_unknown: str | None = None
    stopped: str | None = None
    cut_short: bool = False

    @property
    def readable(self) -> list[Observed]:
        """The lists that can be read."""
        return [one for one in self.lists if one.first and not one.failure]

    @property
    def unasked(self) -> list[Observed]:
        """The lists that were not asked for, as nothing more could be."""
        return [one for one in self.lists if not one.first and not one.failure]

    @property
    def failures(self) -> list[str]:
        """Sentences on what cannot be read."""
        stopped = [self.stopped] if self.stopped else []
        return [*stopped, *(one.failure for one in self.lists if one.failure)]

    @property
    def size(self) -> int:
        """How many rows a page holds: the fewest that any list gives."""
        sizes = [one.first.size for one in self.readable if one.first and one.listed.paged]
        return min(sizes, default=self.page_size) or 1

    @property
    def odd_sizes(self) -> bool | None:
        """Whether pages of odd sizes are given; None if none was asked for."""
        tried = [one for one in self.lists if {*one.looks, *one.refused} - {"first"}]
        return not any(one.ignored_size for one in tried) if tried else None
