"""The ways into PostgreSQL: taps piped into target-postgres, and dlt."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from tools.benchmarks import peers
from tools.harness import plugins
from tools.harness.warehouse import SCHEMA

if t.TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tools.benchmarks.peers import Job, Peer

FLOOR = "floor: requests, orjson, COPY, an upsert"
MERGE = "dlt, merge (an upsert, as the above)"
APPEND = "dlt, append (no upsert)"
OTHERS = {"floor": FLOOR, "dlt's merge": MERGE, "dlt's append": APPEND}
TARGET = "target-postgres"


@dataclass(frozen=True)
class Load:
    """A way into PostgreSQL.

    Attributes:
        schema: Where the table of leads lies in the end.
        target: The settings of target-postgres beside the connection; None for none of it.
        executable: Its command; None for the one in meltano.yml.
        variables: Environment variables that the target is run with.
    """

    peer: Peer
    name: str
    title: str
    schema: str
    target: Mapping[str, t.Any] | None = None
    executable: str | None = None
    variables: Mapping[str, str] | None = None

    @property
    def environment(self) -> str | None:
        """The environment of the peer."""
        return self.peer.environment

    def commands(self, job: Job) -> list[list[str | Path]]:
        """Return what is piped into each other."""
        commands = [self.peer.command(job)]
        if self.target is not None:
            config = job.write("target.json", {**self.target, **job.postgres})
            commands.append([plugins.program(TARGET, self.executable), "--config", config])
        return commands

    def environ(self, job: Job) -> dict[str, str]:
        """Return the environment variables of the run."""
        return {**self.peer.variables(job), **(self.variables or {})}


def all_loads() -> list[Load]:
    """Return the loads in the order of the table."""
    ours = {**plugins.settings(TARGET), "default_target_schema": SCHEMA}
    return [
        Load(peers.FloorPostgres("", "", "floor"), "floor-postgres", FLOOR, "floor"),
        Load(
            peers.TAP_ROTOR,
            "tap-rotor",
            "**tap-rotor**, target-postgres as in `meltano.yml`",
            SCHEMA,
            ours,
            variables=plugins.variables(TARGET),
        ),
        Load(
            peers.TAP_ROTOR,
            "tap-rotor-insert",
            "tap-rotor, target-postgres by itself with `validate_records: false`",
            SCHEMA,
            {**ours, "use_copy": False},
            executable=TARGET,
            variables=plugins.variables(TARGET),
        ),
        Load(
            peers.TEMPLATE,
            "template",
            "tap of the SDK's template, target-postgres with its defaults",
            "melty",
            {},
            executable=TARGET,
        ),
        Load(peers.Dlt("", "", "merge"), "dlt-merge", MERGE, "dlt"),
        Load(peers.Dlt("", "", "append"), "dlt-append", APPEND, "dlt"),
    ]
