"""Play random histories against a reading: `python -m tests.adversary --help`."""

from __future__ import annotations

import importlib
import time
import typing as t

import click

from tests.adversary.bounds import Bounds
from tests.adversary.dimensions import GROUPS
from tests.adversary.history import KINDS
from tests.adversary.list_read import list_reading
from tests.adversary.measure import measure, play, smallest
from tests.adversary.plain import PlainReading

if t.TYPE_CHECKING:
    from tests.adversary.measure import Tally
    from tests.adversary.protocol import Reading

HEAD = (
    f"{'dimension':38} {'kind':10} histories  runs 0  runs 1   at rest  disturbed complete"
    "  requests  broken: what (first seed)"
)


def find(name: str) -> Reading:
    """Return a reading: `new`, `plain`, or `module:attribute`."""
    if name == "plain":
        return PlainReading()
    if name == "new":
        return list_reading()
    module, _, attribute = name.partition(":")
    found: Reading = getattr(importlib.import_module(module), attribute)
    return found


def line(group: str, kind: str, tally: Tally) -> str:
    """Return a line of the table."""
    share = tally.disturbed_complete / tally.disturbed if tally.disturbed else 1.0
    broken = ", ".join(
        f"{name} {count} ({tally.seeds[name]})" for name, count in tally.failures.most_common()
    )
    excused = ", ".join(f"{name} {count}" for name, count in tally.excused.most_common())
    return (
        f"{group:38} {kind:10} {tally.histories:9,} {tally.complete:7,} "
        f"{tally.runs - tally.complete:7,} {tally.refused_at_rest:9,} "
        f"{share:18.1%} {tally.requests:9,}  {broken or '-'}"
        + (f"; excused {excused}" if excused else "")
    )


@click.command()
@click.option("--reading", default="new", help="new, plain, or module:attribute")
@click.option("--seed", default=1, help="the first seed")
@click.option("--count", default=500, help="histories of each dimension and kind")
@click.option("--dimension", "groups", multiple=True, help="one, or several joined by +")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(KINDS))
@click.option("--rows", default=120, help="rows at first, at most")
@click.option("--runs", default=5, help="runs, at most")
@click.option("--changes", default=12, help="answers of a run that changes come before, at most")
@click.option("--smallest-page", default=1, help="page_size, at least")
@click.option("--trace", is_flag=True, help="play the one history of --seed and tell all of it")
@click.option("--small", is_flag=True, help="search for a small history that fails like --seed")
def main(
    *,
    reading: str,
    seed: int,
    count: int,
    groups: tuple[str, ...],
    kinds: tuple[str, ...],
    rows: int,
    runs: int,
    changes: int,
    smallest_page: int,
    trace: bool,
    small: bool,
) -> None:
    """Play histories, each drawn from its seed, and print what broke, by dimension."""
    player, bounds = find(reading), Bounds(rows, runs, changes, smallest_page)
    if small:
        kind, group = kinds[0], groups[0]
        _, failure = play(player, seed, kind, group, bounds)
        if failure is None:
            message = "that history does not fail"
            raise click.UsageError(message)
        found, bounds = smallest(player, seed, kind, group, failure.what)
        click.echo(f"seed {found}, {bounds}")
        return
    if trace:
        told: list[str] = []
        _, failure = play(player, seed, kinds[0], groups[0], bounds, trace=told)
        click.echo("\n".join([*told, str(failure)]))
        return
    click.echo(HEAD)
    began, played = time.monotonic(), 0
    for group in groups or GROUPS:
        for kind in kinds or KINDS:
            tally = measure(player, range(seed, seed + count), kind, group, bounds)
            played += tally.histories
            click.echo(line(group, kind, tally))
    click.echo(f"{played:,} histories, {played / (time.monotonic() - began):,.0f} a second")


if __name__ == "__main__":
    main()
