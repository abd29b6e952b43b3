"""How often a list of no promised order ends unproven: `python -m tests.adversary.odds`.

Rows enter and leave at a steady rate while the list is read. Pages hold 50 rows, not 1,000:
what counts is how many rows leave during a pass, and how much of it is left then.
"""

from __future__ import annotations

import typing as t
from collections import Counter
from random import Random

import click

from tests.adversary.__main__ import find
from tests.adversary.moments import text
from tests.adversary.protocol import Answer, Listed, Settings

if t.TYPE_CHECKING:
    from tests.adversary.protocol import Reading

ROWS = 50
SECONDS = 0.35
LISTS = {
    "customers, sorted by creation": (True, True),
    "customers, in another order": (True, False),
    "jobs (no creation is shown)": (False, True),
}


def read(
    reading: Reading,
    rng: Random,
    pages: int,
    removals: float,
    entries: float,
    *,
    dated: bool,
    ordered: bool,
) -> tuple[bool, int]:
    """Return whether one reading of a list is proven, and how many requests it took."""
    now, made = 1e6, 0
    rows: list[Listed] = []

    def enter(when: float) -> None:
        nonlocal made
        made += 1
        row = Listed(f"r{made}", text(when) if dated else None, 0)
        rows.insert(0 if ordered else rng.randrange(len(rows) + 1), row)

    for place in range(pages * ROWS - ROWS // 2):
        enter(now - 1e6 + place * 20.0)
    settings = Settings(ROWS, full_table=True, newest_first=False, dated=dated)
    session = reading.begin({}, settings, text(now))
    requests = 0
    while (asked := session.asks()) is not None:
        now += SECONDS
        if rng.random() < removals * SECONDS / 3600:
            del rows[rng.randrange(len(rows))]
        if rng.random() < entries * SECONDS / 3600:
            enter(now)
        requests += 1
        start = (asked.number - 1) * asked.size
        page = tuple(rows[start : start + asked.size])
        more = start + asked.size < len(rows)
        date = text(now)
        session.takes(Answer(asked.number, page, len(rows), asked.size, more, date, date))
    return session.ends().status == 0, requests


@click.command()
@click.option("--reading", default="new", help="new, or module:attribute")
@click.option("--readings", default=200, help="of each list")
@click.option("--removals", default=50.0, help="an hour")
@click.option("--entries", default=10.0, help="an hour")
@click.option("--seed", default=1)
def main(*, reading: str, readings: int, removals: float, entries: float, seed: int) -> None:
    """Print the table as Markdown."""
    player = find(reading)
    click.echo("| list | pages | unproven | requests, median |\n|---|---:|---:|---:|")
    for name, (dated, ordered) in LISTS.items():
        for pages in (100, 250, 500):
            rng, ends, requests = Random(f"{seed} {pages}"), Counter[bool](), []
            for _ in range(readings):
                proven, asked = read(
                    player, rng, pages, removals, entries, dated=dated, ordered=ordered
                )
                ends[proven] += 1
                requests.append(asked)
            share, median = ends[False] / readings, sorted(requests)[readings // 2]
            click.echo(f"| {name} | {pages} | {share:.0%} | {median:,} |")


if __name__ == "__main__":
    main()
