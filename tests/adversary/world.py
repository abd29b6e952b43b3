"""An adversary's own model of a server with one list that changes, in memory."""

from __future__ import annotations

import typing as t
from bisect import insort
from dataclasses import dataclass, field
from operator import attrgetter

from tests.adversary.moments import DAY, text
from tests.adversary.protocol import Listed

if t.TYPE_CHECKING:
    from random import Random

Place = tuple[float, float]


@dataclass(eq=False, slots=True)
class Item:
    """A row of the company.

    Attributes:
        when: Its true `created_at`, or None.
        listed: What answers show of it.
        place: Where it stands in the list; those of one place are ties.
        entered: Index in the journal of its last entry into the list.
        twice: Whether the list shows it twice for good.
        hidden: Whether it has a place and is counted, and is left out of its page.
    """

    id: str
    when: float | None
    place: Place
    listed: Listed
    archived: bool = False
    entered: int = 0
    unarchived: bool = False
    twice: bool = False
    hidden: bool = False

    def order_at(self, size: int, start: int) -> int:
        """Return a number that orders ties, another for each piece of the list."""
        return hash((size, start, int(self.id[1:])))


class Change(t.NamedTuple):
    """An entry into the list (+1) or one that left it (-1)."""

    sign: int
    place: Place
    id: str


@dataclass
class World:
    """The company, and its list at this moment.

    Attributes:
        kind: leads, customers or jobs.
        now: The true time.
        filtered: Whether the list leaves archived rows out.
        there: While a run goes on: rows that were in the list since its first answer, each
            with its version then.
        journal: Every entry and leave, in order.
        lengths: Rows in the list after each change.
    """

    rng: Random
    kind: str
    dimensions: frozenset[str]
    most_rows: int = 120
    now: float = 0.0
    filtered: bool = False
    items: list[Item] = field(default_factory=list)
    journal: list[Change] = field(default_factory=list)
    lengths: list[int] = field(default_factory=lambda: [0])
    there: dict[str, int] | None = None
    alive: set[str] | None = None
    trace: list[str] | None = None
    _made: int = 0

    def __post_init__(self) -> None:
        """Found the company: a list that was filled some time ago."""
        rng, has = self.rng, self.dimensions
        self._order = "created" if self.kind == "leads" else ""
        if self.kind == "customers":
            self._order = rng.choice(["created", "oldest", "mixed", "mixed"])
        elif self.kind == "jobs":
            self._order = rng.choice(["created", "mixed"])
        self._grain = rng.choice([0.0, 5.0]) if has & {"ties_answer", "ties_cut"} else 0.0
        self._undated = bool(has & {"undated_first", "undated_last"})
        self._undated_first = "undated_first" in has and (
            "undated_last" not in has or rng.random() < 0.5
        )
        self._menu = self._events()
        count = rng.randrange(self.most_rows + 1)
        gap = rng.choice([2.0, 50.0, 3000.0, 2 * DAY, 9 * DAY])
        self.now = -count * gap
        while len(self.items) < count:
            self.now += gap * rng.uniform(0.2, 1.8)
            if rng.random() < 0.8:
                self.enter(self._date())
            else:
                self._batch(count - len(self.items), self._date())
        self.now += rng.choice([1.0, 400.0, DAY])
        if "doubles" in has:
            for item in rng.sample(self.items, min(len(self.items), rng.randrange(1, 3))):
                item.twice = True
        if "archive" in has:
            for item in rng.sample(self.items, len(self.items) // 5):
                item.archived = True
        self.lengths = [self.length]

    # What there is

    @property
    def sorted_by_date(self) -> bool:
        """Whether the list is in fact sorted by date, newest first."""
        return self._order == "created"

    def shown(self) -> list[Item]:
        """Return the rows that are in the list, in its order but for ties."""
        items = self.items
        if self.filtered:
            items = [item for item in items if not item.archived]
        if "doubles" in self.dimensions:
            items = [same for item in items for same in [item] * (1 + item.twice)]
        return items

    @property
    def length(self) -> int:
        """How many rows the list has."""
        return len(self.shown())

    def edge(self, moment: float) -> Place:
        """Return the place of a moment in a list that comes newest first."""
        return (0.0, -moment)

    def watch(self) -> None:
        """Begin to note which rows stay in the list."""
        self.there = {item.id: item.listed.version for item in self.shown() if not item.hidden}
        self.alive = {item.id for item in self.items}

    # What happens

    def change(self) -> None:
        """Let one thing happen, or a batch."""
        getattr(self, f"_{self.rng.choice(self._menu)}")()

    def enter(self, when: float | None) -> Item:
        """Let a row enter."""
        self._made += 1
        shown = None if when is None or self.kind == "jobs" else text(when)
        row_id = f"r{self._made}"
        item = Item(row_id, when, self._place(when), Listed(row_id, shown, 1))
        item.hidden = "short_pages" in self.dimensions and self.rng.random() < 0.2
        insort(self.items, item, key=attrgetter("place"))
        self._note(1, item)
        return item

    def grow(self, count: int) -> None:
        """Let many rows enter, one after another."""
        for _ in range(count):
            self.now += self.rng.choice([0.1, 2.0, 30.0])
            self._insert()

    def leave(self, item: Item) -> None:
        """Let a row leave for good."""
        self.items.remove(item)
        if self.alive is not None:
            self.alive.discard(item.id)
        if not (self.filtered and item.archived):
            self._note(-1, item)

    def _note(self, sign: int, item: Item) -> None:
        if sign > 0:
            item.entered = len(self.journal)
        elif self.there is not None:
            self.there.pop(item.id, None)
        self.journal.append(Change(sign, item.place, item.id))
        self.lengths.append(self.lengths[-1] + sign * (1 + item.twice))
        dated = "no date" if item.when is None else text(item.when)
        self._say(f"{item.id} of {dated} {'enters' if sign > 0 else 'leaves'}")

    def _events(self) -> list[str]:
        has = self.dimensions
        menu = ["insert"] * 4 + ["remove"] * 4
        menu += ["remove_many", "remove_head"] * 2 if "removals" in has else []
        menu += ["import", "import"] if "imports" in has else []
        menu += ["tie"] * 3 if has & {"ties_answer", "ties_cut"} else []
        menu += ["archive", "unarchive"] * 2 if "archive" in has else []
        menu += ["edit"] * 4 if "edits" in has else []
        return menu

    def _place(self, when: float | None) -> Place:
        if self._order == "mixed":
            return (0.0, self.rng.random())
        if when is None:
            return (-1.0 if self._undated_first else 1.0, 0.0)
        return (0.0, when if self._order == "oldest" else -when)

    def _date(self) -> float | None:
        """Return the date of a row that becomes visible now."""
        rng, has = self.rng, self.dimensions
        if self._undated and rng.random() < 0.3:
            return None
        if "future" in has and rng.random() < 0.25:
            return self.now + rng.choice([30.0, 4000.0, 3 * DAY, 400 * DAY]) * rng.uniform(0.1, 1)
        when = self.now
        if "late" in has and rng.random() < 0.6:
            when -= rng.choice([5.0, 290.0]) * rng.random()
        return when // self._grain * self._grain if self._grain else round(when, 3)

    def _insert(self) -> None:
        self.enter(self._date())

    def _batch(self, most: int, when: float | None) -> None:
        """Let a few rows enter, or many; all of one date if there are ties."""
        alike = bool(self.dimensions & {"ties_answer", "ties_cut"})
        for _ in range(min(most, self.rng.choice([2, 2, 3, 3, 8, 8, 30, 70]))):
            self.enter(when if alike or when is None else when - self.rng.random())

    def _tie(self) -> None:
        if self.rng.random() < 0.4:
            dated = [item for item in self.items[:3] if item.when and self.now - 200 < item.when]
            if dated:
                self.enter(dated[0].when)
                return
        self._batch(80, self._date())

    def _import(self) -> None:
        rng = self.rng
        dated = [item.when for item in self.items if item.when is not None]
        if dated and rng.random() < 0.5:
            when = rng.choice(dated) + rng.choice([0.0, -1.0, 1.0, -100.0])
        else:
            when = self.now - rng.choice([400.0, 4000.0, 3 * DAY, 50 * DAY]) * rng.random()
        if rng.random() < 0.3:
            self._batch(40, min(when, self.now))
        else:
            self.enter(min(when, self.now))

    def _remove(self) -> None:
        if self.items:
            self.leave(self.rng.choice(self.items))

    def _remove_many(self) -> None:
        count = min(len(self.items), self.rng.choice([2, 5, 20]))
        for item in self.rng.sample(self.items, count):
            self.leave(item)

    def _remove_head(self) -> None:
        for item in self.items[: self.rng.choice([1, 3, 12])]:
            self.leave(item)

    def _archive(self) -> None:
        items = [item for item in self.items if not item.archived]
        if items:
            self._set_archived(self.rng.choice(items), archived=True)

    def _unarchive(self) -> None:
        items = [item for item in self.items if item.archived]
        if items:
            self._set_archived(self.rng.choice(items), archived=False)

    def _set_archived(self, item: Item, *, archived: bool) -> None:
        item.archived = archived
        self._renew(item)
        item.unarchived = item.unarchived or not archived
        if self.filtered:
            self._note(-1 if archived else 1, item)

    def _edit(self) -> None:
        if self.items:
            item = self.rng.choice(self.items)
            self._renew(item)

    def _renew(self, item: Item) -> None:
        item.listed = item.listed._replace(version=item.listed.version + 1)
        self._say(f"{item.listed} is edited")

    def _say(self, what: str) -> None:
        if self.trace is not None:
            self.trace.append(f"    {text(self.now)[:19]} {what}")
