"""The tap's command line in this process, against a made-up organisation."""

from __future__ import annotations

import typing as t

from tap_nexus_erp.tap import TapNexusErp
from tests.harness.in_process import Tap, as_records, selecting

if t.TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.conftest import Message
    from tests.harness.in_process import Run
    from tools.sandbox import Organisation


class NexusTap(Tap):
    """tap-nexus-erp."""

    tap = TapNexusErp


def full_table() -> dict[str, t.Any]:
    """Return the catalog with leads as FULL_TABLE."""
    catalog = selecting("leads", tap=TapNexusErp)
    for item in catalog["streams"][0]["metadata"]:
        if not item["breadcrumb"]:
            item["metadata"]["replication-method"] = "FULL_TABLE"
    return catalog


def by_id(records: Iterable[Message]) -> dict[str, Message]:
    """Return records by id; fails where one came twice."""
    listed = list(records)
    found = {record["id"]: record for record in listed}
    assert len(found) == len(listed)
    return found


def assert_complete(run: Run, organisation: Organisation) -> None:
    """Assert that a run gave just the leads that there are now."""
    assert (run.status, run.warnings) == (0, [])
    expected = as_records("leads", organisation.rows("leads"), TapNexusErp)
    assert by_id(run.records("leads")) == by_id(expected)
