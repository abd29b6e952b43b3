"""The streams of both taps, written by hand: what the tests expect, whatever the taps say."""

from __future__ import annotations

import typing as t


class Stream(t.NamedTuple):
    """What is true of a stream.

    Attributes:
        path: Where the API has its list.
        fields: How many fields rows can have; the schema has `extra_fields` besides.
        key: The replication key by default; None where the default is FULL_TABLE.
        possible_keys: The replication keys that a catalog may ask for.
    """

    path: str
    fields: int
    key: str | None = None
    possible_keys: tuple[str, ...] = ()

    @property
    def method(self) -> str:
        """The replication method by default."""
        return "INCREMENTAL" if self.key else "FULL_TABLE"


# In the order in which they are read.
ROTOR = {
    "leads": Stream("/leads", 24, "created_at", ("created_at",)),
    "pins": Stream("/pins", 5, "created_at", ("created_at",)),
    "pin_types": Stream("/pin-types", 3),
    "customers": Stream("/customers", 15),
    "service_plans": Stream("/service-plans", 13, None, ("created_at",)),
    "serviced_jobs": Stream("/serviced-jobs", 7, None, ("service_date",)),
}
NAMES = tuple(ROTOR)
INCREMENTAL = ("leads", "pins")
FULL_TABLE = ("pin_types", "customers", "service_plans", "serviced_jobs")

NEXUS_ERP = {"leads": Stream("/leads", 16, "updatedAt", ("updatedAt",))}

BY_TAP = {"tap-rotor": ROTOR, "tap-nexus-erp": NEXUS_ERP}
