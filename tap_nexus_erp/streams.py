"""The one list of the Nexus ERP API."""

from __future__ import annotations

import typing as t

from singer_sdk.schema.source import SchemaDirectory, StreamSchema

from paged_rest.singer import ListStream
from tap_nexus_erp import schemas


class Leads(ListStream):
    """Leads, ordered by next call: one moves whenever its call is rescheduled."""

    name = "leads"
    path = "/leads"
    schema = StreamSchema(SchemaDirectory(schemas))
    created = "createdAt"
    replication_key = valid_replication_key = "updatedAt"
    filters_by_setting: t.ClassVar = {
        "status": "status",
        "search": "search",
        "assignedToId": "assigned_to_id",
    }


STREAMS = (Leads,)
