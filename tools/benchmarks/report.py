"""What was measured, as Markdown to paste."""

from __future__ import annotations

import os
import platform
import typing as t
from datetime import UTC, datetime
from functools import partial
from statistics import median

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tools.benchmarks.changing import Reading, Readings
    from tools.benchmarks.parts import Run, Runs

_Result = t.TypeVar("_Result")
Column = tuple[str, "Callable[[Sequence[_Result]], str]"]


def heading(command: str, how: str) -> str:
    """Say when, where and how this was measured."""
    day = datetime.now(UTC).date()
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return (
        f"{day}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}, {python};"
        f" {how}, in turn; `{command}`."
    )


def extraction(runs: Runs, leads: int, latency: float, floor: str) -> str:
    """Return the table of a reading of all leads."""
    lowest = runs.get(floor)
    columns: list[Column[Run]] = [
        ("CPU s", lambda of: f"{_cpu(of):.1f}"),
        ("CPU x floor", lambda of: _ratio(_cpu, of, lowest)),
        ("wall s", lambda of: f"{_wall(of):.1f}"),
        ("wall x floor", lambda of: _ratio(_wall, of, lowest)),
        ("peak MB", _peak),
        ("requests", _requests),
        ("records", lambda of: _records(of, leads)),
    ]
    return _table(f"{leads:,} leads, {latency:g} ms per answer", runs, columns)


def nothing_new(runs: Runs, leads: int) -> str:
    """Return the table of a second run, with nothing new."""
    columns: list[Column[Run]] = [
        ("requests", _requests),
        ("records", lambda of: _span(run.rows for run in of)),
        ("wall s", lambda of: f"{_wall(of):.1f}"),
    ]
    return _table(f"A run with nothing new, {leads:,} leads", runs, columns)


def postgres(runs: Runs, leads: int, others: Mapping[str, str]) -> str:
    """Return the table of loads into PostgreSQL; `others` names the titles to compare with."""
    columns: list[Column[Run]] = [
        ("wall s", lambda of: f"{_wall(of):.1f}"),
        *((f"x {name}", partial(_ratio, _wall, to=runs.get(of))) for name, of in others.items()),
        ("CPU s, without the server's", lambda of: f"{_cpu(of):.1f}"),
        ("peak MB", _peak),
        ("requests", _requests),
        ("rows", lambda of: _records(of, leads)),
    ]
    return _table(f"{leads:,} leads into PostgreSQL", runs, columns)


def changing(readings: Readings, histories: int, leads: int) -> str:
    """Return the table of what was missed of changing lists.

    Rows count as missed where the run ended well: the others do not pass for complete.
    """
    columns: list[Column[Reading]] = [
        ("ended well", lambda of: f"{len(_well(of))} of {len(of)}"),
        ("of them with rows missing", lambda of: _bad(sum(missed > 0 for missed in _well(of)))),
        ("rows missed", lambda of: _bad(sum(_well(of)))),
        ("requests", lambda of: _span(reading.requests for reading in of)),
    ]
    return _table(f"{histories} lists of {leads:,} leads that change", readings, columns)


def _table(
    title: str, runs: Mapping[str, list[_Result] | str], columns: Sequence[Column[_Result]]
) -> str:
    lines = [
        ["", *(name for name, _ in columns)],
        ["---", *["---:"] * len(columns)],
    ]
    for name, found in runs.items():
        if isinstance(found, str):
            lines.append([name, found, *[""] * (len(columns) - 1)])
        else:
            lines.append([name, *(show(found) for _, show in columns)])
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{title}:\n\n{table}\n"


def _cpu(runs: Sequence[Run]) -> float:
    return median(run.cost.cpu for run in runs)


def _wall(runs: Sequence[Run]) -> float:
    return median(run.cost.wall for run in runs)


def _peak(runs: Sequence[Run]) -> str:
    return f"{median(run.cost.peak for run in runs):.0f}"


def _requests(runs: Sequence[Run]) -> str:
    return _span(run.requests for run in runs)


def _records(runs: Sequence[Run], leads: int) -> str:
    """Say how many there were, and whether any was lost or came twice."""
    shown = _span(run.rows for run in runs)
    if (fewest := min(run.distinct for run in runs)) != leads:
        return f"{shown}: **{leads - fewest:,} lost**"
    if any(run.rows != run.distinct for run in runs):
        return f"{shown}, with repeats"
    return shown


def _ratio(
    value: Callable[[Sequence[Run]], float], of: Sequence[Run], to: Sequence[Run] | str | None
) -> str:
    return f"{value(of) / value(to):.2f}" if to and not isinstance(to, str) else ""


def _well(readings: Sequence[Reading]) -> list[int]:
    """Return how many rows each reading missed that ended well."""
    return [reading.missed for reading in readings if reading.missed is not None]


def _bad(count: int) -> str:
    return f"**{count:,}**" if count else "0"


def _span(values: t.Iterable[int]) -> str:
    """Return what is the same in every round, or from where to where it goes."""
    found = sorted(values)
    low, high = f"{found[0]:,}", f"{found[-1]:,}"
    return low if low == high else f"{low} to {high}"
