"""Any history of a changing list: nothing that stayed is missed, and every run ends."""

from __future__ import annotations

import typing as t
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paged_rest.reading import PageRequest
from tests.harness.histories import HISTORIES, Tally
from tests.reading.changing_list import ChangingList, Memory, run

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.usefixtures("untraced"), pytest.mark.slow]

THOROUGH = settings(max_examples=1200, deadline=None, derandomize=True)

FIRST_ROWS = ["insert", "insert", "insert", "tie", "null", "future"]
MEANWHILE = ["insert", "remove", "import", "null", "future", "tie", "leave", "reenter", "clamp"]
WHILE_READING = [
    "nothing",
    "insert",
    "insert",
    "remove",
    "remove",
    "leave",
    "null",
    "future",
    "tie",
]


class History:
    """A list, and what happens to it."""

    def __init__(self, choices: bytes, *, shuffled: bool = False) -> None:
        self._choices = iter(choices)
        self.list = ChangingList(
            limit=1 + self.choose(7), nulls_first=bool(self.choose(2)), shuffled=shuffled
        )
        self.away: list[dict[str, t.Any]] = []
        self.stayed: set[str] = set()
        self.entered_old: set[str] = set()
        self.left: list[str] = []
        self.hidden: set[str] = set()
        self.begun = (0, set[str]())
        self.disturbances = 0
        self.interrupted = bool(self.choose(2))
        self.odd_dates = self.choose(3) == 1
        for _ in range(self.choose(50)):
            self.list.clock += 2
            self.happen(FIRST_ROWS)
        self.list.clock += 10
        self.entered_old.clear()
        self.left.clear()

    def choose(self, options: int) -> int:
        """Return a number from 0 to options - 1; always 0 when the history is used up."""
        return next(self._choices, 0) % options

    def happen(self, kinds: list[str]) -> None:
        if not self.odd_dates:
            kinds = [kind for kind in kinds if kind not in {"null", "future"}]
        kind, number, source = kinds[self.choose(len(kinds))], self.choose(256), self.list
        was = (source.limit, source.rows.copy())
        source.clock += 1
        match kind:
            case "insert":
                source.insert(at=number)
            case "null":
                row_id = source.insert(null=True, at=number)
                if not source.nulls_first:
                    self.entered_old.add(row_id)
            case "future":
                source.insert(minutes=source.clock + 100_000 + number, at=number)
            case "tie":
                source.insert(minutes=source.clock, at=number)
            case "import":
                self.entered_old.add(source.insert(minutes=500 - number, at=number))
            case "remove" | "leave":
                row = source.remove(number)
                if row:
                    self.left.append(row["id"])
                    self.stayed.discard(row["id"])
                if row and kind == "leave":
                    self.away.append(row)
            case "reenter" if self.away:
                row = self.away.pop()
                source.reenter(row)
                self.entered_old.add(row["id"])
            case "clamp":
                source.limit = 1 + number % 7
        self.disturbances += was != (source.limit, source.rows)

    def run_begins(self) -> None:
        """Expect of the run what is there now."""
        self.stayed |= {row["id"] for row in self.list.rows}
        self.begun = (len(self.left), set(self.entered_old))

    def expected(self) -> set[str]:
        """Return what a complete run must have loaded.

        Of rows that entered behind others and rows that left since the last complete run began,
        as many cancel each other out: that is the limit that the README states.
        """
        if self.left:
            self.hidden |= self.entered_old
        return self.stayed - self.hidden

    def complete(self) -> None:
        """Forget what left and what entered behind others before the run."""
        left, entered = self.begun
        self.left, self.entered_old = self.left[left:], self.entered_old - entered

    def while_reading(self) -> list[str]:
        """Return what happens between requests to a list that is promised newest first.

        Rows without a date may enter at the end only of a list that is read in one run: where
        a run jumps over what another read, nothing can tell that they did.
        """
        kinds = WHILE_READING + ["clamp"] * self.choose(2)
        if self.interrupted and not self.list.nulls_first:
            kinds = [kind for kind in kinds if kind != "null"]
        return kinds

    def changes(self, kinds: list[str]) -> Iterator[Callable[[], None]]:
        """Yield, for each answer, what happens before it; nothing in the end."""

        def change() -> None:
            for _ in range(self.choose(4)):
                self.happen(kinds)

        for _ in range(self.choose(12)):
            yield change

    def runs(self) -> Iterator[int | None]:
        """Yield, for each run, after how many requests it is interrupted; changes in between."""
        for _ in range(1 + self.choose(5)):
            for _ in range(self.choose(4)):
                self.happen(MEANWHILE)
            yield self.choose(6) if self.interrupted and self.choose(3) else None

    def most_requests(self) -> int:
        """Requests that no run passes: three passes over pages of one row, and steps back."""
        return 3 * (len(self.list.rows) + 2 * 12 * 3 + 4)


def test_newest_first_nothing_is_missed() -> None:
    tally = Tally()

    @given(HISTORIES, st.sampled_from([0, 60]), st.booleans())
    @THOROUGH
    def read_all(choices: bytes, lookback: int, dated: bool) -> None:
        history, memory = History(choices), Memory()
        for interrupt_after in history.runs():
            was = memory.bookmark.value if memory.bookmark else ""
            read = memory.read(history.list, lookback)
            most, disturbances = history.most_requests(), history.disturbances
            # What happens before the first answer, the run cannot tell from what did before it.
            changes = chain([history.run_begins], history.changes(history.while_reading()))
            complete = run(history.list, memory, read, changes, interrupt_after, dated=dated)
            assert read.requests <= most
            assert (memory.bookmark.value if memory.bookmark else "") >= was
            if complete:
                assert history.expected() <= memory.loaded
                history.complete()
                assert not memory.bookmark or memory.bookmark.value <= read.started
            if read.next_request is None:
                tally.count(disturbed=history.disturbances > disturbances, complete=complete)

    read_all()
    tally.assert_share(0.9)


def test_in_any_order_nothing_is_missed() -> None:
    tally = Tally()

    @given(HISTORIES, st.booleans())
    @THOROUGH
    def read_all(choices: bytes, by_date: bool) -> None:
        history, memory = History(choices, shuffled=True), Memory()
        for interrupt_after in history.runs():
            history.run_begins()
            read = memory.read(
                history.list,
                created="created_at" if by_date else None,
                newest_first=False,
                key=None,
            )
            most, disturbances = history.most_requests(), history.disturbances
            # Where dates are not believed, rows may also enter with old ones.
            kinds = WHILE_READING if by_date else [*WHILE_READING, "import"]
            complete = run(history.list, memory, read, history.changes(kinds), interrupt_after)
            assert read.requests <= most
            if complete:
                assert history.stayed <= memory.loaded
            if read.next_request is None:
                tally.count(disturbed=history.disturbances > disturbances, complete=complete)

    read_all()
    tally.assert_share(0.95)


def test_plain_page_by_page_reading_misses_rows_of_the_same_histories() -> None:
    """So the properties above can fail."""
    losses = 0

    @given(HISTORIES)
    @settings(THOROUGH, max_examples=500)
    def read_plainly(choices: bytes) -> None:
        nonlocal losses
        history = History(choices)
        history.run_begins()
        changes = history.changes(WHILE_READING)
        loaded: set[str] = set()
        number, more = 1, True
        while more:
            for change in changes:
                change()
                break
            page = history.list.page(PageRequest(number, history.list.limit))
            loaded.update(row.id for row in page.rows)
            number, more = number + 1, page.has_more
        losses += not history.stayed <= loaded

    read_plainly()
    assert losses > 20
