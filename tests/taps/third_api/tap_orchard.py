"""A tap for a made-up API: all that a third one takes."""

from __future__ import annotations

import typing as t

from singer_sdk import typing as th
from singer_sdk.authenticators import APIKeyAuthenticator

from paged_rest.http import Api, ErrorBody
from paged_rest.settings import settings
from paged_rest.singer import ListStream, ListTap

if t.TYPE_CHECKING:
    from collections.abc import Mapping


def authenticator(key: str) -> APIKeyAuthenticator:
    """Return what puts the key into each request."""
    return APIKeyAuthenticator(key="X-Token", value=key)


def parse_error(body: Mapping[str, t.Any]) -> ErrorBody:
    """Return what an error says: `{reason}`."""
    return ErrorBody(quota_spent=body.get("reason") == "quota")


ORCHARD = Api(
    name="Orchard",
    url_base="https://api.orchard.example/v2",
    key_owner="orchard",
    key_origin="Orchard under Account, Tokens",
    authenticator=authenticator,
    parse_error=parse_error,
    page="number",
    page_size="per_page",
    total="count",
    has_more="more",
    largest_page=200,
)


class Trees(ListStream):
    """Trees, newest first."""

    name = "trees"
    path = "/trees"
    created = replication_key = valid_replication_key = "planted_at"
    newest_first = True
    schema = th.PropertiesList(
        th.Property("id", th.StringType(nullable=False), required=True),
        th.Property("sort", th.StringType(nullable=True)),
        th.Property("planted_at", th.DateTimeType(nullable=True)),
        th.Property("extra_fields", th.ObjectType(additional_properties=True, nullable=True)),
    ).to_dict()


class TapOrchard(ListTap):
    """Singer tap for Orchard."""

    name = "tap-orchard"
    config_jsonschema: t.ClassVar = settings(ORCHARD)
    api = ORCHARD
    lists = (Trees,)


if __name__ == "__main__":
    TapOrchard.cli()
