"""What is measured of time, memory and requests, each in rounds: A B C, A B C."""

from __future__ import annotations

import sys
import typing as t
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from psycopg import sql

from tools.benchmarks import environments, measure, peers
from tools.harness.environments import NotInstalled
from tools.harness.postgres import Postgres

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tools.benchmarks.api import Api
    from tools.benchmarks.loads import Load
    from tools.benchmarks.peers import Peer


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a peer: its cost, the requests it made, the rows it gave, and of those unlike."""

    cost: measure.Cost
    requests: int
    rows: int
    distinct: int


Runs = dict[str, list[Run] | str]
"""Each peer's runs, by its title; or why there are none."""


def extract(api: Api, chosen: Sequence[Peer], rounds: int, latency: float) -> Runs:
    """Let each peer read all leads, with so many milliseconds per answer."""
    api.answer_after(latency)
    runs = Rounds[peers.Peer, Run](chosen)
    for _, peer in runs.turns(rounds):
        with TemporaryDirectory(prefix="bench-") as folder:
            job = peers.Job(api.url, api.key, Path(folder), runs.programs(peer))
            runs.add(peer, partial(read, api, peer, job))
    return runs.found


def nothing_new(api: Api, chosen: Sequence[Peer], rounds: int) -> Runs:
    """Let each peer read all leads and remember that, then measure a second run."""
    api.answer_after(0)

    def twice(peer: Peer, job: peers.Job) -> Run:
        first = read(api, peer, job)
        if first.distinct != api.leads:
            message = f"its first run gave {first.distinct:,} of {api.leads:,} rows"
            raise measure.Failed(message)
        peer.remember(job)
        return read(api, peer, job)

    runs = Rounds[peers.Peer, Run](chosen)
    for _, peer in runs.turns(rounds):
        with TemporaryDirectory(prefix="bench-") as folder:
            job = peers.Job(api.url, api.key, Path(folder), runs.programs(peer))
            job.incremental = True
            runs.add(peer, partial(twice, peer, job))
    return runs.found


def postgres(api: Api, chosen: Sequence[Load], rounds: int) -> Runs:
    """Let each way load all leads into an empty database of an embedded PostgreSQL."""
    api.answer_after(0)
    runs = Rounds["Load", Run](chosen)
    # Not in the repository: for root, PostgreSQL runs as a user who may not look into it.
    with TemporaryDirectory(prefix="bench-") as home, Postgres(Path(home) / "server") as server:
        for number, (_, way) in enumerate(runs.turns(rounds)):
            with TemporaryDirectory(prefix="bench-") as folder:
                job = peers.Job(api.url, api.key, Path(folder), runs.programs(way))
                runs.add(way, partial(load, api, way, job, server, f"bench_{number}"))
    return runs.found


def load(api: Api, way: Load, job: peers.Job, server: Postgres, database: str) -> Run:
    """Load into a database of its own, and count what came of it."""
    api.forget()
    with server.connect() as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(database)))
        # What the load before has left to write is not this one's.
        connection.execute("checkpoint")
    job.postgres = server.credentials(database)
    environment = environments.variables(way.environ(job))
    cost = measure.run(way.commands(job), environment, job.directory, job.output)
    query = sql.SQL("select count(*), count(distinct id) from {}.leads")
    with server.connect(database) as connection:
        counts = connection.execute(query.format(sql.Identifier(way.schema))).fetchone()
    with server.connect() as connection:
        connection.execute(sql.SQL("drop database {}").format(sql.Identifier(database)))
    rows, distinct = counts or (0, 0)
    return Run(cost, api.requests(), rows, distinct)


def read(api: Api, peer: Peer, job: peers.Job) -> Run:
    """Run a peer and count what came of it."""
    api.forget()
    environment = environments.variables(peer.variables(job))
    cost = measure.run([peer.command(job)], environment, job.directory, job.output)
    ids = list(peer.ids(job))
    return Run(cost, api.requests(), len(ids), len(set(ids)))


class _Entrant(t.Protocol):
    """Who is measured: a peer, or a load."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def environment(self) -> str | None: ...


_Who = t.TypeVar("_Who", bound=_Entrant)
_Result = t.TypeVar("_Result")


class Rounds(t.Generic[_Who, _Result]):
    """Who takes part, and what was found: results, or why there are none."""

    def __init__(self, chosen: Iterable[_Who]) -> None:
        """Make the environments of the chosen."""
        self.found: dict[str, list[_Result] | str] = {}
        self._programs: dict[str, Path] = {}
        self._chosen = list(chosen)
        for peer in self._chosen:
            try:
                self._programs[peer.name] = environments.programs(peer.environment)
                self.found[peer.title] = []
            except NotInstalled as reason:
                self.found[peer.title] = f"not installed: {reason}"

    def turns(self, rounds: int) -> Iterable[tuple[int, _Who]]:
        """Yield each round from 0 on with each peer, for as long as that does not fail."""
        for number in range(rounds):
            for peer in self._chosen:
                if isinstance(self.found[peer.title], list):
                    tell(f"round {number + 1} of {rounds}: {peer.name}")
                    yield number, peer

    def programs(self, peer: _Who) -> Path:
        """Return the folder of the programs of a peer's environment."""
        return self._programs[peer.name]

    def add(self, peer: _Who, work: Callable[[], _Result]) -> None:
        """Do the work and keep what it brings, or why it failed."""
        try:
            result = work()
        except measure.Failed as reason:
            self.found[peer.title] = f"failed: {reason}"
        else:
            t.cast("list[_Result]", self.found[peer.title]).append(result)


def tell(what: str) -> None:
    """Say how far it is."""
    print(what, file=sys.stderr, flush=True)
