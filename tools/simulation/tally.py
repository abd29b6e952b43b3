"""What happened, counted, and the report of it."""

from __future__ import annotations

import typing as t
from collections import Counter
from dataclasses import dataclass, field

from tools.harness import log

if t.TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tools.simulation.pipe import Outcome
    from tools.simulation.plan import Run

LAST_LINES = 15
WIDTH = 300


@dataclass
class Tally:
    """Counts of a simulation.

    Attributes:
        endings: Runs by how the tap ended.
        faults: Spoilt answers by kind.
        changes: Changes by kind, those during runs apart.
        acts: Runs ended before their time, by what was done.
        promises: Rows that were looked for by the promise.
        compared: Rows compared column by column, before the last run.
        last: Rows compared after the last run, by table.
        runs: The line of each run.
    """

    endings: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    changes: Counter[str] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    records: int = 0
    promises: int = 0
    compared: int = 0
    last: dict[str, int] = field(default_factory=dict)
    runs: list[str] = field(default_factory=list)

    def run(self, run: Run, ending: str, outcome: Outcome, requests: int) -> str:
        """Count a run; return a line on it."""
        self.endings[ending] += 1
        self.requests += requests
        self.records += outcome.records
        if outcome.acted and run.end:
            self.acts[run.end.act] += 1
        target = "-" if outcome.target is None else outcome.target
        line = (
            f"{run.number:4} {run.at:%a %d %H:%M} {run.kind:12} {requests:4} requests "
            f"{outcome.records:5} records  tap {outcome.tap:3} target {target:>2}  {ending}"
        )
        self.runs.append(line)
        return line

    def report(self, days: int, seed: int, seconds: float) -> str:
        """Return the report as text."""
        lines = [
            f"{days} days, {sum(self.endings.values())} runs, seed {seed}, {seconds:.0f} s",
            f"  runs by end       {_listed(self.endings)}",
            f"  ended by force    {_listed(self.acts)}",
            f"  requests          {self.requests:,}",
            f"  faults met        {sum(self.faults.values()):,}: {_listed(self.faults)}",
            f"  changes           {_listed(self.changes)}",
            f"  records loaded    {self.records:,}",
            f"  rows promised     {self.promises:,} looked for and found",
            f"  rows compared     {self.compared:,} in between",
            f"  rows at the end   {_listed(self.last)}",
        ]
        return "\n".join(lines)


def last_lines(folder: Path) -> str:
    """Return the last lines that tap and target printed in the last run."""
    parts = []
    for name in ("tap.err", "target.err"):
        file = folder / name
        if file.exists():
            found = log.lines(file.read_text(encoding="utf-8", errors="replace"))
            lines = [
                f"  {line['level']} {line['message']}"[:WIDTH]
                for line in found
                if "metric_info" not in line
            ]
            parts += [f"{file}:", *lines[-LAST_LINES:]]
    return "\n".join(parts)


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items())) or "none"
