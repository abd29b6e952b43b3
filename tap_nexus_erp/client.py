"""The Nexus ERP API: its address and authenticator, and what its errors say."""

from __future__ import annotations

import typing as t

from singer_sdk.authenticators import BearerTokenAuthenticator

from paged_rest.http import Api, ErrorBody

if t.TYPE_CHECKING:
    from collections.abc import Mapping


def authenticator(key: str) -> BearerTokenAuthenticator:
    """Return what puts the key into each request."""
    return BearerTokenAuthenticator(token=key)


def parse_error(body: Mapping[str, t.Any]) -> ErrorBody:
    """Return what an error says: `{error}`, a text without a code."""
    if not isinstance(body.get("error"), str):
        return ErrorBody()
    return ErrorBody(
        key_lacks="the scope leads.read, or its organisation the feature DEVELOPER_API"
    )


NEXUS_ERP = Api(
    name="Nexus ERP",
    url_base="https://erp.example.com/api/v1",
    url_is_example=True,
    key_owner="Nexus ERP organisation",
    key_origin="Nexus ERP under Dashboard, Developer",
    authenticator=authenticator,
    parse_error=parse_error,
    page="page",
    page_size="pageSize",
    total="total",
    has_more="hasNextPage",
    largest_page=100,
)
