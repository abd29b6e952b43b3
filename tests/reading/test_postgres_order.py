"""The reading over a real PostgreSQL, whose order among ties depends on LIMIT and OFFSET."""

from __future__ import annotations

import json
import tempfile
import typing as t
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from tests.adversary.list_read import list_reading
from tests.adversary.moments import DAY, EPOCH, FULL_DATE, text
from tests.adversary.plain import PlainReading
from tests.adversary.protocol import Answer, Listed, Settings
from tools.harness.postgres import Postgres

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from tests.adversary.protocol import Asked, Reading, Session

pytestmark = pytest.mark.usefixtures("untraced")

MOST_ROWS, MOST_RUNS, MOST_REQUESTS = 300, 3, 500
# Rows show up in the list this many seconds after their date at most: five minutes is promised.
LATE = 290.0
CREATE = """
    create unlogged table leads (id text primary key, created_at timestamptz, version int not null)
"""
INSERT = "insert into leads values (%s, %s, 1)"
INDEX = "create index leads_created on leads (created_at desc)"
INDEX_NULLS_LAST = "create index leads_created on leads (created_at desc nulls last)"
NO_INDEX = "drop index if exists leads_created"
# As an API would have it: nothing decides between rows of one date, nor between undated rows.
PAGE = """
    select id, created_at, version from leads order by created_at desc limit %s offset %s
"""
PAGE_NULLS_LAST = """
    select id, created_at, version from leads order by created_at desc nulls last limit %s offset %s
"""


class Connections(t.NamedTuple):
    """Two sessions: the API's, and that of somebody whose rows are committed late."""

    own: psycopg.Connection
    late: psycopg.Connection


@dataclass
class Table:
    """A list in PostgreSQL, and all that happens to it.

    Attributes:
        page_size: Rows that a page can hold.
        long_groups: Whether there are groups of equal dates that are longer than a page, and as
            many undated rows.
        undated_enter: Whether undated rows still enter, once the list is there.
        now: The time, in seconds since the epoch of the histories.
        rows: The committed rows, with their dates.
        late: Rows that are inserted and not committed, and since when.
    """

    connections: Connections
    rng: Random
    page_size: int
    long_groups: bool
    nulls_last: bool
    undated_enter: bool
    now: float = 0.0
    rows: dict[str, datetime | None] = field(default_factory=dict)
    late: dict[str, datetime | None] = field(default_factory=dict)
    _late_since: float = 0.0
    _made: int = 0

    def __post_init__(self) -> None:
        """Make the table, and fill it in an order that need not be that of the dates."""
        rng = self.rng
        self.undated = rng.random() < 0.5
        self.grain = rng.choice([0.0, 5.0])
        self._execute("drop table if exists leads")
        self._execute(CREATE)
        if rng.random() < 0.5:
            self._index()
        count, gap = rng.randrange(MOST_ROWS + 1), rng.choice([2.0, 50.0, 3000.0, 2 * DAY])
        self.now = -count * gap
        dates: list[datetime | None] = []
        date: datetime | None
        while len(dates) < count:
            self.now += gap * rng.uniform(0.2, 1.8)
            size = self._size_of_group() if rng.random() < 0.1 else 1
            date = self._date()
            if self.undated and rng.random() < 0.1 and self._may_be_undated(dates, size):
                date = None
            dates += [date] * min(size, count - len(dates))
        if rng.random() < 0.5:
            rng.shuffle(dates)
        self._enter(dates)
        if rng.random() < 0.5:
            self._execute("analyze leads")
        self.now += rng.choice([1.0, 400.0, DAY])

    # What is seen

    def ids(self) -> set[str]:
        """Return the rows that the list has."""
        return {row_id for (row_id,) in self.connections.own.execute("select id from leads")}

    def page(self, asked: Asked) -> tuple[Listed, ...]:
        """Return a page, in whatever order PostgreSQL gives it."""
        query = PAGE_NULLS_LAST if self.nulls_last else PAGE
        window = (asked.size, (asked.number - 1) * asked.size)
        return tuple(
            Listed(row_id, created and created.astimezone(UTC).strftime(FULL_DATE), version)
            for row_id, created, version in self.connections.own.execute(query, window)
        )

    def total(self) -> int:
        """Return the number of rows, as it is counted by itself."""
        counted = self.connections.own.execute("select count(*) from leads").fetchone()
        return int(counted[0]) if counted else 0

    # What happens

    def wait(self, seconds: float) -> None:
        """Let time pass; what is not committed is, before it is too late."""
        if self.late and self.now + seconds - self._late_since > LATE:
            self.commit()
        self.now += seconds

    def change(self) -> None:
        """Let one thing happen."""
        happens = [self._insert] * 4 + [self._remove] * 4 + [self._edit] * 3
        happens += [self._group, self._tie, self._insert_late, self._insert_late, self.commit]
        happens += [self._remove_some, self._remove_head, self._maintain]
        self.rng.choice(happens)()

    def commit(self) -> None:
        """Commit what was inserted some time ago."""
        if self.late:
            self.connections.late.execute("commit")
            self.rows |= self.late
            self.late = {}

    def _insert(self) -> None:
        undated = self.undated and self.undated_enter and self.rng.random() < 0.2
        undated = undated and self._may_be_undated(self.rows.values(), 1)
        self._enter([None if undated else self._date()])

    def _group(self) -> None:
        self._enter([self._date()] * self._size_of_group())

    def _tie(self) -> None:
        """Let a row enter that has the date of another."""
        since = EPOCH + timedelta(seconds=self.now - LATE)
        dates = sorted(date for date in self.rows.values() if date and date > since)
        if dates:
            self._enter([self.rng.choice(dates)])

    def _insert_late(self) -> None:
        """Insert a few rows in a transaction that stays open."""
        if not self.late:
            self._late_since = self.now
            self.connections.late.execute("begin")
        rows = self._named([self._date()] * self.rng.choice([1, 1, 2, 5]))
        self.connections.late.cursor().executemany(INSERT, list(rows.items()))
        self.late |= rows

    def _edit(self) -> None:
        """Edit a row, which moves it to another place of the table's file."""
        for row_id in self._some(1):
            self._execute("update leads set version = version + 1 where id = %s", row_id)

    def _remove(self) -> None:
        self._leave(self._some(1))

    def _remove_some(self) -> None:
        self._leave(self._some(self.rng.choice([2, 5, 20])))

    def _remove_head(self) -> None:
        dates = {row_id: date for row_id, date in self.rows.items() if date}
        newest = sorted(dates, key=lambda row_id: (dates[row_id], row_id), reverse=True)
        self._leave(newest[: self.rng.choice([1, 3, 12])])

    def _maintain(self) -> None:
        """Change what the plans are made from."""
        self.commit()
        match self.rng.randrange(4):
            case 0:
                self._execute("analyze leads")
            case 1:
                self._execute("vacuum (truncate false) leads")
            case 2:
                self._index()
            case _:
                self._execute(NO_INDEX)

    def _index(self) -> None:
        self._execute(NO_INDEX)
        self._execute(INDEX_NULLS_LAST if self.nulls_last else INDEX)

    # How

    def _date(self) -> datetime:
        when = self.now // self.grain * self.grain if self.grain else round(self.now, 3)
        return EPOCH + timedelta(seconds=when)

    def _size_of_group(self) -> int:
        """Return how many rows get one date."""
        if self.long_groups and self.rng.random() < 0.5:
            return self.rng.randint(self.page_size, self.page_size * 5 // 2)
        return self.rng.randint(2, self.page_size // 2)

    def _may_be_undated(self, dates: t.Collection[datetime | None], count: int) -> bool:
        """Whether so many more undated rows, all of which are one group, are not too many."""
        there = sum(date is None for date in dates)
        return self.long_groups or there + count <= self.page_size // 2

    def _some(self, count: int) -> list[str]:
        return self.rng.sample(list(self.rows), min(count, len(self.rows)))

    def _named(self, dates: t.Sequence[datetime | None]) -> dict[str, datetime | None]:
        first = self._made + 1
        self._made += len(dates)
        return {f"r{number}": date for number, date in enumerate(dates, first)}

    def _enter(self, dates: t.Sequence[datetime | None]) -> None:
        rows = self._named(dates)
        self.connections.own.cursor().executemany(INSERT, list(rows.items()))
        self.rows |= rows

    def _leave(self, ids: list[str]) -> None:
        self._execute("delete from leads where id = any(%s)", ids)
        for row_id in ids:
            del self.rows[row_id]

    def _execute(self, statement: t.LiteralString, *values: object) -> None:
        self.connections.own.execute(statement, values or None)


@dataclass
class Figures:
    """Sums over histories; each ends with the first run that misses rows.

    Attributes:
        complete: Runs of status 0.
        activated: Those of them after which all rows that were not sent are deleted.
        missed: Rows that such runs missed or deleted, by history.
    """

    histories: int = 0
    runs: int = 0
    complete: int = 0
    activated: int = 0
    interrupted: int = 0
    requests: int = 0
    missed: dict[str, list[str]] = field(default_factory=dict)


class History:
    """A list in PostgreSQL that changes, and the runs that read it, all drawn from a seed."""

    def __init__(self, seed: int, connections: Connections, *, long_groups: bool) -> None:
        """Make the list."""
        self.name = f"postgres {seed} {'long groups' if long_groups else 'groups fit'}"
        self.rng = rng = Random(self.name)
        nulls_last = rng.random() < 0.5
        self.settings = Settings(
            page_size=rng.randint(20, 60),
            lookback_days=rng.choice([0, 1, 30]),
            full_table=rng.random() < 0.3,
        )
        # An undated row at the end stands behind the bookmark. Where another row leaves meanwhile,
        # no number of rows shows it, as the README says.
        undated_enter = self.settings.full_table or not nulls_last
        self.table = Table(
            connections, rng, self.settings.page_size, long_groups, nulls_last, undated_enter
        )
        self.counts_first = rng.random() < 0.5
        self.entry: dict[str, t.Any] = {}
        self.loaded: set[str] = set()

    def play(self, reading: Reading, figures: Figures) -> None:
        """Let a reading read the list, run after run."""
        figures.histories += 1
        for number in range(1 + self.rng.randrange(MOST_RUNS)):
            # So that readings that ask for more or less meet the same from then on.
            self.rng.seed(f"{self.name} {number}")
            if number:
                self._between()
            if missed := self._run(reading, figures):
                figures.missed[self.name] = missed
                break
        self.table.commit()

    def _between(self) -> None:
        self.table.wait(self.rng.choice([1.0, 30.0, 400.0, 3600.0, DAY, 40 * DAY]))
        for _ in range(self.rng.choice([0, 1, 3, 8])):
            self.table.change()
            self.table.wait(self.rng.choice([0.1, 20.0, 400.0]))

    def _run(self, reading: Reading, figures: Figures) -> list[str]:
        """Let it read once; return what it missed or deleted."""
        rng = self.rng
        self.left, self.often = rng.choice([0, 1, 2, 3, 6, 12]), rng.choice([0.15, 0.4, 0.9])
        breaks_off = rng.randrange(1, 8) if rng.random() < 0.15 else MOST_REQUESTS
        entry = json.loads(json.dumps(self.entry))
        session = reading.begin(entry, self.settings, text(self.table.now))
        there, sent = self.table.ids(), set[str]()
        requests = 0
        while (asked := session.asks()) is not None:
            assert requests < MOST_REQUESTS, self.name
            if requests == breaks_off:
                figures.interrupted += 1
                self.entry = session.entry()
                return []
            if requests:
                self._happen()
            requests += 1
            sent |= {row.id for row in session.takes(self._answer(asked))}
            self.loaded |= sent
        figures.requests += requests
        return self._judge(session, there & self.table.ids(), sent, figures)

    def _judge(
        self, session: Session, stayed: set[str], sent: set[str], figures: Figures
    ) -> list[str]:
        """Return the rows that stayed and are not loaded, or are deleted, after status 0."""
        ending = session.ends()
        self.entry = session.entry()
        figures.runs += 1
        if ending.status:
            return []
        figures.complete += 1
        figures.activated += ending.activates
        if ending.activates:
            self.loaded = sent
        return sorted(stayed - self.loaded)

    def _happen(self) -> None:
        """Let time pass, and maybe something happen."""
        rng = self.rng
        self.table.wait(rng.uniform(60, 280) if rng.random() < 0.05 else rng.uniform(0.2, 3))
        if self.left and rng.random() < self.often:
            self.left -= 1
            for _ in range(rng.choice([1, 1, 1, 2, 3])):
                self.table.change()

    def _answer(self, asked: Asked) -> Answer:
        """Answer by two queries, between which things may happen as well."""
        table = self.table
        took = round(self.rng.uniform(0.05, 1.5), 3)
        if self.counts_first:
            total = table.total()
            self._happen()
            rows = table.page(asked)
        else:
            rows = table.page(asked)
            self._happen()
            total = table.total()
        table.wait(took)
        date = table.now // 1
        return Answer(
            number=asked.number,
            rows=rows,
            total=total,
            limit=asked.size,
            has_more=asked.number * asked.size < total,
            date=text(date),
            asked=text(date - took),
        )


@pytest.fixture
def connections() -> Iterator[Connections]:
    """A server whose statistics change only when a history says so, and two sessions."""
    with ExitStack() as stack:
        # Not below pytest's own folder, see `open_folder` of the end-to-end tests.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tap rotor ")))
        server = stack.enter_context(Postgres(folder / "postgres", autovacuum="off"))
        opened = Connections(*(stack.enter_context(server.connect()) for _ in range(2)))
        for connection in opened:
            # Plans are made from the window that is asked for, each time.
            connection.prepare_threshold = None
        yield opened


def played(
    reading: Reading, seeds: range, connections: Connections, *, long_groups: bool
) -> Figures:
    """Let a reading read all histories, and print the figures."""
    figures = Figures()
    for seed in seeds:
        History(seed, connections, long_groups=long_groups).play(reading, figures)
    print(  # noqa: T201
        f"{reading.name}, {'long groups' if long_groups else 'groups fit'}: "
        f"{figures.histories} histories, {figures.runs} runs to their end, "
        f"{figures.complete} complete, {figures.activated} activated, {figures.interrupted} "
        f"interrupted, {figures.requests} requests; {sum(map(len, figures.missed.values()))} rows "
        f"missed in {len(figures.missed)} histories"
    )
    return figures


# PostgreSQL may show some rows of a group in no window of it that is asked for: where no page holds
# the group, many runs end with status 1, and the list is not believed to be read.
@pytest.mark.long
@pytest.mark.parametrize(
    ("seeds", "long_groups", "complete"),
    [(range(1, 301), False, 0.97), (range(1, 101), True, 0.5)],
    ids=["groups fit", "long groups"],
)
def test_no_row_is_missed_whatever_the_order_among_ties(
    connections: Connections, seeds: range, long_groups: bool, complete: float
) -> None:
    """Plain paging misses rows in the same histories, so the judge can tell."""
    figures = played(list_reading(), seeds, connections, long_groups=long_groups)
    assert not figures.missed
    assert figures.complete >= complete * figures.runs
    assert figures.activated
    plain = played(PlainReading(), seeds, connections, long_groups=long_groups)
    assert len(plain.missed) > len(seeds) / 10


@pytest.mark.long
def test_a_row_that_no_page_shows_is_not_taken_for_read(connections: Connections) -> None:
    """The chain finds that the order of many equal dates changes, and the list is counted.

    One then stands twice, at the same ranks in pages of 41 and of 40 rows, and another is missing.
    """
    assert not played(list_reading(), range(1244, 1245), connections, long_groups=True).missed
