"""Judges a run from outside: what the target's table holds against what was there all the time."""

from __future__ import annotations

import math
import typing as t
from dataclasses import dataclass, field
from operator import attrgetter

from tests.adversary.moments import DAY, seconds

if t.TYPE_CHECKING:
    from tests.adversary.protocol import Ending, Settings
    from tests.adversary.world import Change, Item, Place, World

LATE = 300.0

# What the README says that no run sees, by name.
BALANCED = "balanced"
FILTERED = "filtered"
# Undated rows at the end of a list that is read down to a start_date: written nowhere yet.
UNDATED = "undated, start_date"
TOTAL_OFF = "behind, total off"
EXCUSED = frozenset({BALANCED, FILTERED, UNDATED, TOTAL_OFF})


@dataclass(frozen=True, slots=True)
class Stored:
    """A stream's entry as it came back, and what the judge knows of it.

    Attributes:
        entry: The entry.
        since: Length of the journal when the reading began whose result it holds; None where
            no reading was complete or interrupted yet.
        until: Its length when that reading ended.
        edge: Newest date that an interrupted reading may have read, or None if there is none.
        resumed: Whether a part of it was read by a run that was interrupted.
        limits: The settings that limit rows, as they were.
    """

    entry: dict[str, t.Any]
    since: int | None = None
    until: int = 0
    edge: float | None = None
    resumed: bool = False
    limits: tuple[bool, str] | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """A promise that was broken: missed, stale, deleted or endless; why the row may be hard."""

    what: str
    why: str
    ids: tuple[str, ...]


@dataclass
class Judge:
    """The target's table, and the judgement of each run."""

    table: dict[str, tuple[int, int]] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    excused: dict[str, int] = field(default_factory=dict)
    began: dict[int, int] = field(default_factory=dict)

    def begin(self, run: int, journal: int) -> None:
        """Note the length of the journal when a run reads its first page."""
        self.began[run] = journal

    def load(self, rows: t.Iterable[t.Any], run: int) -> None:
        """Upsert rows with the run's version."""
        for row in rows:
            self.table[row.id] = (row.version, run)

    def end(
        self, world: World, settings: Settings, stored: Stored, ending: Ending, run: int
    ) -> Failure | None:
        """Judge a run that came to its end."""
        lost: list[str] = []
        if ending.activates:
            lost = [id_ for id_, (_, of) in self.table.items() if of != run]
            for id_ in lost:
                del self.table[id_]
        live = (world.alive or set()) - set(self._not_there(world, settings))
        if gone := sorted(live.intersection(lost)):
            return Failure("deleted", "", tuple(gone))
        if ending.status:
            return None
        return self._missed(world, settings, stored)

    def _not_there(self, world: World, settings: Settings) -> t.Iterator[str]:
        """Yield rows that are no loss: those that left the list meanwhile, if for a moment."""
        if settings.include_archived:
            there = world.there or {}
            yield from (id_ for id_ in world.alive or () if id_ not in there)

    def _missed(self, world: World, settings: Settings, stored: Stored) -> Failure | None:
        bookmark = None if settings.full_table else stored.entry.get("replication_key_value")
        bookmarked = seconds(bookmark) if isinstance(bookmark, str) else None
        limits, limits_before = limits_of(settings), stored.limits or (True, "")
        same = stored.limits is not None and (
            stored.limits[0] == limits[0] and stored.limits[1] <= limits[1]
        )
        edges = [edge for edge in (bookmarked, stored.edge) if edge is not None and edge > -1e9]
        edge = max(edges) if edges and same and not settings.full_table else None
        lookback = settings.lookback_days * DAY
        floor = None if edge is None else edge - max(LATE, lookback)
        missing: list[Item] = []
        stale: list[Item] = []
        fresh_from = self._fresh_from(world, settings, stored, bookmarked)
        start = seconds(settings.start_date) if settings.start_date else -math.inf
        there = world.there or {}
        for item in world.items:
            version = there.get(item.id)
            if version is None:
                continue
            when = item.when
            held = self.table.get(item.id)
            if held is None:
                missing.append(item)
            elif held[0] < version and (
                settings.full_table or (when is not None and when >= max(fresh_from, start))
            ):
                stale.append(item)
        unexcused: dict[str, list[str]] = {}
        for item in missing:
            why = self._why(world, item, stored, edge, floor)
            if (
                why not in EXCUSED
                and item.when is None
                and (settings.start_date or limits_before[1])
            ):
                why = UNDATED
            if why in EXCUSED or item.id in self.hidden:
                name = why if why in EXCUSED else "earlier"
                self.hidden.add(item.id)
                self.excused[name] = self.excused.get(name, 0) + 1
            elif settings.full_table or item.when is None or start <= item.when:
                unexcused.setdefault(why, []).append(item.id)
        for why in ("", "behind", "behind, resumed"):
            if why in unexcused:
                return Failure("missed", why, tuple(unexcused[why]))
        if stale:
            why = "resumed" if stored.resumed else ""
            return Failure("stale", why, tuple(item.id for item in stale))
        return None

    def _fresh_from(
        self, world: World, settings: Settings, stored: Stored, bookmarked: float | None
    ) -> float:
        """Return the date from which on edits must have arrived."""
        dates = [
            item.when for item in world.items if item.when is not None and item.when <= world.now
        ]
        newest = max(dates, default=world.now)
        if bookmarked is None or bookmarked < -1e9:
            bookmarked = newest
        elif stored.edge is not None:
            bookmarked = max(bookmarked, newest)
        return bookmarked - settings.lookback_days * DAY

    def _why(
        self,
        world: World,
        item: Item,
        stored: Stored,
        edge: float | None,
        floor: float | None,
    ) -> str:
        """Return how a row could be missed: "" where nothing excuses or explains it."""
        if edge is None or floor is None or stored.since is None or item.entered < stored.since:
            return ""
        if item.place < world.edge(floor):
            return ""
        if world.filtered and item.unarchived:
            return FILTERED
        since = min(stored.since, self._counted(world, item, stored.since))
        # A row that entered while it was read and was read counts as there before.
        behind = [
            change
            for index, change in enumerate(world.journal[since:], since)
            if change.place >= world.edge(edge)
            and not (change.sign > 0 and index < stored.until and change.id in self.table)
        ]
        if least_surplus(behind, item.place) <= 0:
            return BALANCED
        if "total_off" in world.dimensions:
            return TOTAL_OFF
        return "behind, resumed" if stored.resumed else "behind"

    def _counted(self, world: World, item: Item, otherwise: int) -> int:
        """Return when the last reading began that went further down the list than a row."""
        runs = [
            self.table[other.id][1]
            for other in world.items
            if other.place > item.place and other.id in self.table
        ]
        return self.began[max(runs)] if runs else otherwise


def limits_of(settings: Settings) -> tuple[bool, str]:
    """Return what limits rows under some settings: the filter, and how far they go down."""
    return (settings.include_archived, settings.start_date or "")


def limits_after(settings: Settings, stored: Stored) -> tuple[bool, str]:
    """Return what limits the rows that a state stands for, once a run has added to it.

    A later start_date leaves out nothing as long as it lies in front of the bookmark.
    """
    filtered, start = limits_of(settings)
    bookmark = stored.entry.get("replication_key_value")
    if stored.limits is None or stored.limits[0] != filtered or not isinstance(bookmark, str):
        return filtered, start
    floor = seconds(bookmark) - max(LATE, settings.lookback_days * DAY)
    keeps = stored.limits[1] < start and seconds(start) <= floor
    return stored.limits if keeps else (filtered, start)


def least_surplus(changes: t.Sequence[Change], place: Place) -> int:
    """Return the least surplus of entries over leaves in any stretch that holds a place."""
    here = sum(change.sign for change in changes if change.place == place)
    surplus = here
    for side in (
        sorted((c for c in changes if c.place > place), key=attrgetter("place")),
        sorted((c for c in changes if c.place < place), key=attrgetter("place"), reverse=True),
    ):
        least = total = 0
        for index, change in enumerate(side):
            total += change.sign
            if index + 1 == len(side) or side[index + 1].place != change.place:
                least = min(least, total)
        surplus += least
    return surplus
