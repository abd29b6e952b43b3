"""The one promise: with status 0, no row that was there before and after a run is missing."""

from __future__ import annotations

import typing as t
from collections import Counter

from tests.harness.catalog import as_records

if t.TYPE_CHECKING:
    from tests.harness.run import Run
    from tests.harness.tap import Tap
    from tools.sandbox import Company

# What stands in a state where no read has been proven.
NO_BOOKMARK = (None, "0001-01-01T00:00:00.000000Z")
ALL = [(0, 10), (8, 16), (14, 21), (18, 27), (24, 32), (30, 40), (36, 45)]
"""The pages of 40 rows at a page_size of 10: each holds the last row of the one before."""
LONG = [
    *ALL,
    *[(40, 50), (48, 56), (54, 63), (60, 70), (63, 72), (70, 80), (77, 84), (80, 90)],
    *[(88, 96), (90, 100), (98, 105)],
]
"""Those of 100 rows."""
COUNTED = [(0, 10), (10, 20), (20, 30), (30, 40), (40, 50)]
"""Those of a list of no certain order, which is counted: an empty one shows that it ends."""
AGAIN = [(0, 9), (9, 18), (18, 27), (27, 36), (36, 45)]
"""Those of its second pass."""
ONCE_MORE = [(0, 8), (8, 16), (16, 24), (24, 32), (32, 40), (40, 48)]
"""Those of its third."""


def ids(company: Company, *places: int) -> list[str]:
    rows = company.rows("leads")
    return [rows[place]["id"] for place in places]


def read(
    tap: Tap,
    company: Company,
    stream: str = "leads",
    state: t.Any = None,
    *,
    begun_again: bool = False,
    **config: t.Any,
) -> Run:
    """Run the tap and check the one promise, and that nothing is built on a read that broke off.

    Each row comes once; twice only where the order was not believed, and the list begun again.
    """

    def there() -> set[str]:
        archived = config.get("include_archived", True)
        return {row["id"] for row in company.rows(stream, archived)}

    before, rows = there(), company.rows(stream)
    settings: dict[str, t.Any] = {"emit_activate_version_messages": True, **config}
    run = tap.run(stream, state=state, **settings)
    missing = (before & there()) - set(run.ids(stream))
    sent = Counter(run.ids(stream))
    assert max(sent.values(), default=0) <= 1 + begun_again
    _assert_sent_as_they_are(run, stream, [*rows, *company.rows(stream)])
    if run.status == 0:
        assert not missing, f"{len(missing)} rows are missing though the status is 0"
    else:
        _assert_nothing_is_built_on(run, stream, state)
    return run


def _assert_sent_as_they_are(run: Run, stream: str, rows: list[dict[str, t.Any]]) -> None:
    """Assert that each row came as it was or as it is."""
    versions: dict[str, list[t.Any]] = {}
    for record in as_records(stream, rows):
        versions.setdefault(record["id"], []).append(record)
    for record in run.records(stream):
        # What entered and left again meanwhile is in neither.
        assert record in versions.get(record["id"], [record])


def _assert_nothing_is_built_on(run: Run, stream: str, state: t.Any) -> None:
    """Assert that a run said that it is not certain, moved no bookmark and took no row away."""
    assert run.status == 1
    (sentence,) = run.errors
    assert sentence.startswith(f"Failed. {stream}: it is not certain that all rows")
    assert run.last_line == f"ERROR {sentence}"
    assert run.of_type("ACTIVATE_VERSION") == []
    known = (state or {}).get("bookmarks", {}).get(stream, {})
    left = (run.states or [{}])[-1].get("bookmarks", {}).get(stream, {})
    kept = known.get("replication_key_value")
    assert left.get("replication_key_value") in (NO_BOOKMARK if kept is None else (kept,))
