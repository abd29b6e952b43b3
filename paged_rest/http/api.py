"""What sets one API of page-numbered lists apart from another."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import requests

Authenticator = t.Callable[["requests.PreparedRequest"], "requests.PreparedRequest"]


@dataclass(frozen=True, kw_only=True)
class ErrorBody:
    """What an API says itself in the body of a response that is an error.

    Attributes:
        key_lacks: What the key would need, in words, or None where the API says no such thing.
        code: The name of the error, where the API has names for them.
        quota_spent: Whether the key's requests for the day are used up.
        fields: Names of what the API objects to in the request.
    """

    key_lacks: str | None = None
    code: str | None = None
    quota_spent: bool = False
    fields: Sequence[object] = ()


@dataclass(frozen=True, kw_only=True)
class ScopesEndpoint:
    """Where an API tells which scopes a key has.

    Attributes:
        path: Path below the API's address.
        parse: Reads the JSON object in the body, {} where there is none.
        owner: Reads from it whom the key belongs to, where the API tells that.
        version: Reads from it which version of the API answers, where the API tells that.
    """

    path: str
    parse: Callable[[Mapping[str, t.Any]], Iterable[str]]
    owner: Callable[[Mapping[str, t.Any]], str | None] = lambda _: None
    version: Callable[[Mapping[str, t.Any]], str | None] = lambda _: None


@dataclass(frozen=True, kw_only=True)
class Api:
    """An API as its documentation describes it.

    A list comes as `{data, pagination}`: rows, each with an `id`, and what is said of the page.
    Pages are numbered from 1.

    Attributes:
        name: What its users call it.
        url_base: Its address, the default of the setting api_url; every path is appended.
        url_is_example: Whether each customer has an address of their own, of this form.
        key_owner: Whom a key belongs to, as in `company`.
        key_origin: Where a key is made, as in `the app under Settings`.
        authenticator: Makes one of the SDK's authenticators, or any that `requests` takes, from
            the setting api_key.
        http_headers: Header fields that this API wants in every request.
        version: Its version that the tap is made for, where it has versions.
        parse_error: Reads the JSON object in the body of an error, {} where there is none.
        scopes: Where the API tells which scopes a key has, if it does.
        page: Name of the number of a page, as a parameter and in `pagination`.
        page_size: Name of the number of rows that a page holds, as a parameter and in `pagination`.
        total: Name of the number of rows in the whole list, in `pagination`.
        has_more: Name of the boolean that promises further pages, in `pagination`.
        success: Other members of the body of a page, which must have these values where they are
            present, as in `{"status": "success"}`.
        largest_page: Most rows that a page can hold.
        requests_a_day: Requests that a key is allowed in a day, or None where that is not said.
    """

    name: str
    url_base: str
    url_is_example: bool = False
    key_owner: str
    key_origin: str
    authenticator: Callable[[str], Authenticator]
    http_headers: Mapping[str, str] = field(default_factory=dict)
    version: str | None = None
    parse_error: Callable[[Mapping[str, t.Any]], ErrorBody]
    scopes: ScopesEndpoint | None = None
    page: str
    page_size: str
    total: str
    has_more: str
    success: Mapping[str, str] = field(default_factory=dict)
    largest_page: int
    requests_a_day: int | None = None

    def __post_init__(self) -> None:
        """Refuse one name for two things.

        Raises:
            TypeError: Two of the names in `pagination` are the same.
        """
        names = (self.page, self.page_size, self.total, self.has_more)
        if len(set(names)) < len(names):
            message = f"{self.name}: page, page_size, total and has_more need a name each"
            raise TypeError(message)
