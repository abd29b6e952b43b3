"""The lists of the Rotor API, a short class each, in the order in which they are read.

To add one: its class here, its JSON Schema in `schemas/`.
"""

from __future__ import annotations

import typing as t

from singer_sdk.schema.source import SchemaDirectory, StreamSchema
from typing_extensions import override

from paged_rest.errors import COMPLETE, NotFound
from paged_rest.singer import Ending, ListStream
from tap_rotor import schemas

if t.TYPE_CHECKING:
    from collections.abc import Iterable

    from singer_sdk.helpers.types import Record


# With archived rows in the list, archiving changes a row and does not take it away.
ALL_ARCHIVED: dict[str, set[str]] = {"archived": {"true"}}


class RotorList(ListStream):
    """A list whose JSON Schema is in `schemas/`, under its name."""

    schema = StreamSchema(SchemaDirectory(schemas))


class Leads(RotorList):
    """Leads."""

    name = "leads"
    path = "/leads"
    replication_key = valid_replication_key = "created_at"
    newest_first = True
    filters_by_setting: t.ClassVar = {
        "archived": "include_archived",
        "stage": "lead_stage",
        "tags": "lead_tags",
    }
    stable_filters = ALL_ARCHIVED

    @override
    def read_records(self) -> Iterable[Record]:
        """Yield all leads, or with the setting `lead_ids` just these and no bookmark."""
        ids = self.config.get("lead_ids")
        return self._read_each(ids) if ids else super().read_records()

    @property
    @override
    def has_unstable_filter(self) -> bool:
        return bool(self.config.get("lead_ids")) or super().has_unstable_filter

    def _read_each(self, ids: list[str]) -> Iterable[Record]:
        ids, refused = [*dict.fromkeys(ids)], None
        for lead_id in ids:
            try:
                lead = self.request_row(lead_id)
            except NotFound as error:
                refused = error
                self.logger.warning("There is no lead %s", lead_id)
            else:
                self.summary.count([lead])
                yield lead.record
        if refused and not self.run.client.recognised:
            # Nothing at all was found: the address may be wrong.
            raise refused
        sentence = f"{len(ids)} asked for by id"
        self.summary.end(Ending("proven", COMPLETE, sentence), "one_answer")


class Pins(RotorList):
    """Knocks on doors."""

    name = "pins"
    path = "/pins"
    replication_key = valid_replication_key = "created_at"
    newest_first = True


class PinTypes(RotorList):
    """Kinds of pins."""

    name = "pin_types"
    path = "/pin-types"
    created = None
    paged = False


class Customers(RotorList):
    """Customers; their order is not documented."""

    name = "customers"
    path = "/customers"
    filters_by_setting: t.ClassVar = {"archived": "include_archived"}
    stable_filters = ALL_ARCHIVED


class ServicePlans(RotorList):
    """Recurring service agreements, whose counts and sums change for years."""

    name = "service_plans"
    path = "/service-plans"
    valid_replication_key = "created_at"
    newest_first = True
    since_param = "created_at_range_start"


class ServicedJobs(RotorList):
    """Jobs; one enters the list when it is completed, perhaps months after its first visit."""

    name = "serviced_jobs"
    path = "/serviced-jobs"
    valid_replication_key = "service_date"
    created = None
    since_param = "service_date_range_start"
    filters_by_setting: t.ClassVar = {"only_completed": "only_completed_jobs"}
    stable_filters: t.ClassVar = {"only_completed": {"true", "false"}}


# Leads come first: they matter most where requests are short.
STREAMS = (Leads, Pins, PinTypes, Customers, ServicePlans, ServicedJobs)
