"""What the tests of tap-nexus-erp expect of the leads that a run gives."""

from __future__ import annotations

import typing as t

from tap_nexus_erp.tap import TapNexusErp
from tests.harness.catalog import as_records, selecting

if t.TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.harness.run import Message, Run
    from tools.sandbox import Organisation


def full_table() -> dict[str, t.Any]:
    """Return the catalog with leads as FULL_TABLE."""
    return selecting("leads", of=TapNexusErp, metadata={"replication-method": "FULL_TABLE"})


def by_id(records: Iterable[Message]) -> dict[str, Message]:
    """Return records by id; fails where one came twice."""
    listed = list(records)
    found = {record["id"]: record for record in listed}
    assert len(found) == len(listed)
    return found


def assert_complete(run: Run, organisation: Organisation) -> None:
    """Assert that a run gave just the leads that there are now."""
    assert (run.status, run.problems) == (0, [])
    expected = as_records("leads", organisation.rows("leads"), TapNexusErp)
    assert by_id(run.records("leads")) == by_id(expected)
