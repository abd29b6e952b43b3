"""The tap that the SDK's template leads to for one list of the API: its defaults, filled in."""

from __future__ import annotations

import decimal
import typing as t

from singer_sdk import Tap
from singer_sdk import typing as th
from singer_sdk.authenticators import APIKeyAuthenticator
from singer_sdk.helpers.jsonpath import extract_jsonpath
from singer_sdk.pagination import PageNumberPaginator
from singer_sdk.streams import RESTStream

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import requests

TEXTS = (
    *("assigned_to", "email", "follow_up_date", "lead_source", "name", "notes", "phone"),
    *("priority", "property_city", "property_country", "property_state", "property_street1"),
    *("property_street2", "property_zip", "service_type", "stage"),
)


class Pages(PageNumberPaginator):
    """Page numbers, for as long as the API says that there is more."""

    def has_more(self, response: requests.Response) -> bool:
        """Return whether another page follows."""
        return bool(response.json()["pagination"]["has_more"])


class Leads(RESTStream[int]):
    """Leads."""

    name = "leads"
    path = "/leads"
    primary_keys = ("id",)
    replication_key = "created_at"
    records_jsonpath = "$.data[*]"
    schema = th.PropertiesList(
        th.Property("id", th.StringType, required=True),
        th.Property("archived", th.BooleanType),
        th.Property("archived_at", th.DateTimeType),
        th.Property("created_at", th.DateTimeType),
        th.Property("location", th.ArrayType(th.NumberType)),
        th.Property("projected_value", th.NumberType),
        th.Property("tags", th.ArrayType(th.StringType)),
        th.Property("value_score", th.NumberType),
        *(th.Property(name, th.StringType) for name in TEXTS),
    ).to_dict()

    @property
    def url_base(self) -> str:
        """The API's address."""
        return str(self.config["api_url"])

    @property
    def authenticator(self) -> APIKeyAuthenticator:
        """The key, in a header."""
        return APIKeyAuthenticator(
            key="x-api-key", value=self.config["auth_token"], location="header"
        )

    def get_new_paginator(self) -> Pages:
        """Return a paginator from the first page on."""
        return Pages(start_value=1)

    def get_url_params(
        self, _context: Mapping[str, t.Any] | None, token: int | None
    ) -> dict[str, t.Any]:
        """Return the parameters of a page."""
        return {"page": token, "limit": 1000, "archived": self.config["archived"]}

    def parse_response(self, response: requests.Response) -> Iterable[dict[str, t.Any]]:
        """Yield the leads of a page."""
        yield from extract_jsonpath(
            self.records_jsonpath, input=response.json(parse_float=decimal.Decimal)
        )


class TapTemplate(Tap):
    """The tap."""

    name = "tap-template"
    config_jsonschema = th.PropertiesList(
        th.Property("auth_token", th.StringType, required=True, secret=True),
        th.Property("api_url", th.StringType, required=True),
        th.Property("archived", th.StringType, default="true"),
    ).to_dict()

    def discover_streams(self) -> list[Leads]:
        """Return the one stream."""
        return [Leads(self)]


if __name__ == "__main__":
    TapTemplate.cli()
