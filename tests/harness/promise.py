"""The one promise: with status 0, no row that was there before and after a run is missing."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from tests.harness.run import Run
    from tests.harness.tap import Tap
    from tools.sandbox import Company

# What stands in a state where no read has been proven.
NO_BOOKMARK = (None, "0001-01-01T00:00:00.000000Z")
ALL = [1, 2, 3, 4]
"""The pages of 40 rows at a page_size of 10."""


def ids(company: Company, *places: int) -> list[str]:
    rows = company.rows("leads")
    return [rows[place]["id"] for place in places]


def read(
    tap: Tap, company: Company, stream: str = "leads", state: t.Any = None, **config: t.Any
) -> Run:
    """Run the tap and check the one promise; the state says what was complete."""

    def there() -> set[str]:
        archived = config.get("include_archived", True)
        return {row["id"] for row in company.rows(stream, archived)}

    before = there()
    run = tap.run(stream, state=state, **config)
    missing = (before & there()) - set(run.ids(stream))
    assert len(run.ids(stream)) == len(set(run.ids(stream)))
    if run.status == 0:
        assert not missing, f"{len(missing)} rows are missing though the status is 0"
        return run
    assert run.status == 1
    assert run.last_line.startswith(f"ERROR Failed. {stream}: it is not certain that all rows")
    known = (state or {}).get("bookmarks", {}).get(stream, {})
    left = (run.states or [{}])[-1].get("bookmarks", {}).get(stream, {})
    kept = known.get("replication_key_value")
    assert left.get("replication_key_value") in (NO_BOOKMARK if kept is None else (kept,))
    return run
