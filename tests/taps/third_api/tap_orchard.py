"""A tap for a made-up API: all that a third one takes."""

from __future__ import annotations

import typing as t

from singer_sdk import typing as th

from paged_rest.http.api import Api, Fault
from paged_rest.settings.schema import settings
from paged_rest.singer.stream import ListStream
from paged_rest.singer.tap import ListTap

if t.TYPE_CHECKING:
    from collections.abc import Mapping


def _headers(key: str) -> dict[str, str]:
    return {"X-Token": key}


def _fault(body: Mapping[str, t.Any]) -> Fault:
    return Fault(quota_spent=body.get("reason") == "quota")


ORCHARD = Api(
    name="Orchard",
    url="https://api.orchard.example/v2",
    key_owner="orchard",
    key_origin="Orchard under Account, Tokens",
    headers=_headers,
    fault=_fault,
    page="number",
    size="per_page",
    total="count",
    more="more",
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
