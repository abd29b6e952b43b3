"""Each peer over the same changing lists: what it misses of the rows that stay in them."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.benchmarks import environments, measure
from tools.benchmarks.histories import PATH
from tools.benchmarks.parts import Rounds, tell
from tools.benchmarks.peers import Job, Peer
from tools.sandbox import Sandbox

if t.TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.benchmarks.histories import History


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of a history.

    Attributes:
        missed: How many rows it did not give of those that were there from the first request to
            the last; None where it did not end with status 0.
        requests: How many requests it made.
    """

    missed: int | None
    requests: int


Readings = dict[str, "list[Reading] | str"]
"""What came of each history, by the peer's title; or why there is nothing."""


def changing(chosen: Sequence[Peer], histories: Sequence[History]) -> Readings:
    """Let each peer read all the lists, whole and without a state, while they change."""
    rounds = Rounds[Peer, Reading](chosen)
    for number, peer in rounds.turns(len(histories)):
        rounds.add(peer, partial(read, histories[number], peer, rounds.programs(peer)))
    return rounds.found


def read(history: History, peer: Peer, programs: Path) -> Reading:
    """Let a peer read a list and compare what it gives with what stayed in the list.

    Raises:
        Failed: It failed before its first request.
    """
    company = history.company()
    before = set(history.ids(company))
    with (
        TemporaryDirectory(prefix="bench-") as folder,
        Sandbox(company) as sandbox,
    ):
        job = Job(sandbox.url, sandbox.api_key, Path(folder), programs, archived=history.archived)
        history.prepare(sandbox)
        environment = environments.variables(peer.variables(job))
        try:
            measure.run([peer.command(job)], environment, job.directory, job.output)
        except measure.Failed as reason:
            if not sandbox.count(PATH):
                raise
            tell(f"{peer.name} {reason}")
            return Reading(None, sandbox.count(PATH))
        # No row comes back that has left.
        stayed = before.intersection(history.ids(company))
        return Reading(len(stayed.difference(peer.ids(job))), sandbox.count(PATH))
