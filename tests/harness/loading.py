"""A list that is loaded into a table, run by run: what must have arrived, whatever happened."""

from __future__ import annotations

import typing as t

import pytest

from tests.harness.catalog import as_records, fixed, selecting
from tests.harness.streams import BY_TAP
from tools.harness import log

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tests.harness.run import Message, Run
    from tests.harness.tap import Tap
    from tools.sandbox import Company, Organisation

CREATED = {"tap-rotor": "created_at", "tap-nexus-erp": "createdAt"}


def before_answer(*missed: int, first: int = 1) -> pytest.MarkDecorator:
    """Run a test with a change before any of eight answers.

    Args:
        missed: Before which answers the change makes pages of one size miss a row.
        first: The first of the eight that it makes sense for.
    """
    return pytest.mark.parametrize(
        "nth",
        [
            pytest.param(nth, id=f"answer {nth}: missed")
            if nth in missed
            else pytest.param(nth, id=f"answer {nth}", marks=pytest.mark.long)
            for nth in range(first, 9)
        ],
    )


class Loading:
    """Runs over one list, each with the state of the one before, and the table that they fill.

    A target is modelled: it upserts by id; at ACTIVATE_VERSION it deletes the rows that were
    written under any other version.

    Attributes:
        state: The state of the next run.
        table: The rows of the table by id.
        activations: How often rows were deleted, or could have been.
    """

    def __init__(
        self,
        tap: Tap,
        store: Company | Organisation,
        stream: str = "leads",
        *,
        key: str | None = None,
    ) -> None:
        """Load a stream; with a `key`, INCREMENTAL by it, else by its default method."""
        self.tap = tap
        self.store = store
        self.stream = stream
        known = BY_TAP[tap.of.name][stream]
        self.key = key or known.key
        self.path = known.path
        self.state: t.Any = None
        self.table: dict[str, Message] = {}
        self.activations = 0
        method = {"replication-method": "INCREMENTAL", "replication-key": key}
        self._catalog = selecting(stream, of=tap.of, metadata=method if key else None)
        self._versions: dict[str, tuple[int, int | None]] = {}
        self._runs = 0
        self._sent: set[str] = set()
        self._staying: set[str] = set()
        self._archived = True

    def live(self) -> dict[str, Message]:
        """Return the rows that are in the list now, by id, in its order."""
        return {row["id"]: row for row in self.store.rows(self.stream, self._archived)}

    def ids(self, *places: int) -> list[str]:
        """Return the ids of the rows at some places of the list, from 0."""
        ids = list(self.live())
        return [ids[place] for place in places]

    def delete(self, *places: int) -> None:
        """Delete the rows at some places of the list."""
        self.store.delete(self.stream, self.ids(*places))

    def insert(self, count: int = 1, **fields: t.Any) -> list[str]:
        """Let rows enter the list; return their ids."""
        return [row["id"] for row in self.store.insert(self.stream, count, **fields)]

    def before(self, nth: int, change: Callable[[], object]) -> None:
        """Let the list change before the nth answer of the next run, whatever page that is."""
        assert self.tap.sandbox

        def happen() -> None:
            change()
            self._staying &= self.live().keys()

        self.tap.sandbox.before(self.path, None, happen, nth=nth)

    def spoil(self, nth: int, kind: str, **settings: t.Any) -> None:
        """Make the nth answer of the next run wrong, whatever page that is."""
        assert self.tap.sandbox
        self.tap.sandbox.rule(kind, self.path, nth=nth, **settings)

    def run(self, **settings: t.Any) -> Run:
        """Run the tap, and check what it promises of how it ended."""
        run = self._run(settings)
        if run.status == 0:
            self._assert_complete(settings.get("start_date"))
        else:
            self._assert_unmoved(run)
        self.state = run.states[-1] if run.states else self.state
        return run

    def interrupt(self, requests: int, **settings: t.Any) -> None:
        """Run the tap for so many requests only, which must be too few."""
        structured = {"env": log.structured(self.tap.directory), "request_budget": requests}
        run = self._run({**settings, **structured})
        codes = {fields["code"] for fields in log.fields(log.lines(run.stderr))}
        assert "budget_spent" in codes, run.stderr[-600:]
        self.state = run.states[-1] if run.states else self.state

    def succeed(self, **settings: t.Any) -> Run:
        """Run the tap, which must end with status 0."""
        run = self.run(**settings)
        assert run.status == 0, run.stderr[-600:]
        return run

    def rest(self, **settings: t.Any) -> None:
        """Run the tap over the list at rest until it ends with status 0: twice at the most."""
        if self.run(**settings).status:
            self.succeed(**settings)

    def _run(self, settings: Mapping[str, t.Any]) -> Run:
        assert self.tap.sandbox
        self._archived = settings.get("include_archived", True)
        self._staying = set(self.live())
        options: dict[str, t.Any] = {"emit_activate_version_messages": True, **settings}
        run = self.tap.run(catalog=self._catalog, state=self.state, **options)
        self._staying &= self.live().keys()
        self.tap.sandbox.faults.clear()
        self._load(run)
        deleted = (self._staying & self._sent) - self.table.keys()
        assert not deleted, f"ACTIVATE_VERSION deleted live rows: {self._shown(deleted)}"
        return run

    def _load(self, run: Run) -> None:
        """Do with the messages what a target does.

        Versions are of whole seconds: those of two runs of a test may be the same number.
        """
        self._runs += 1
        for message in run.messages:
            version = (self._runs, message.get("version"))
            if message["type"] == "RECORD":
                row = message["record"]
                self.table[row["id"]] = row
                self._versions[row["id"]] = version
                self._sent.add(row["id"])
            elif message["type"] == "ACTIVATE_VERSION":
                self.activations += 1
                for row_id in [*self.table]:
                    if self._versions[row_id] != version:
                        del self.table[row_id]

    def _assert_complete(self, start_date: str | None) -> None:
        """Assert that each row that was there all the time, and wanted, was sent by now."""
        live = self.live()
        start = fixed(start_date) if start_date else ""
        keys = {row_id: live[row_id].get(self.key or "") for row_id in self._staying}
        # Rows without a key may stand below start_date, where a run need not look.
        wanted = {i for i, key in keys.items() if not start or (key and fixed(key) >= start)}
        missed = wanted - self._sent
        assert not missed, f"status 0, but live rows were missed: {self._shown(missed)}"

    def assert_current(self, ids: Iterable[str]) -> None:
        """Assert that the table holds rows as they are now."""
        live = self.live()
        rows = [live[row_id] for row_id in ids]
        stale = {
            record["id"]
            for record in as_records(self.stream, rows, self.tap.of)
            if self.table.get(record["id"]) != record
        }
        assert not stale, f"status 0, but edits were missed: {self._shown(stale)}"

    def _assert_unmoved(self, run: Run) -> None:
        """Assert that nothing is built on a run that is not proven."""
        assert run.status == 1, run.stderr[-600:]
        assert run.of_type("ACTIVATE_VERSION") == []

        def bookmark(state: t.Any) -> str:
            entry = (state or {}).get("bookmarks", {}).get(self.stream, {})
            return entry.get("replication_key_value") or ""

        if run.states:
            # Where there was no bookmark, one of the year 1 says so.
            moved = bookmark(run.states[-1]) != bookmark(self.state)
            assert not moved or bookmark(run.states[-1]).startswith("0001-")

    def _shown(self, ids: set[str]) -> str:
        created = CREATED[self.tap.of.name]
        return ", ".join(
            f"row {place} of {len(self.live())} ({row.get(created) or row.get(self.key or '')})"
            for place, (row_id, row) in enumerate(self.live().items(), start=1)
            if row_id in ids
        )
