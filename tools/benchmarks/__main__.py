"""Measure tap-rotor beside its peers against the sandbox, and print the tables as Markdown."""

from __future__ import annotations

import argparse
import sys
import typing as t

from tools.benchmarks import histories, loads, parts, peers, report
from tools.benchmarks.api import Api
from tools.benchmarks.changing import changing

PARTS = ("extract", "nothing-new", "postgres", "changing")
# Ten pages: as many changes hide as many rows of a longer list.
CHANGING_LEADS = 10_000
# The floor has nothing to remember, and of dlt's two ways one is enough.
WITHOUT_STATE = {"floor", "dlt-extract"}
NAMES = list(
    dict.fromkeys(
        [*(peer.name for peer in peers.EXTRACTORS), *(way.name for way in loads.all_loads())]
    )
)


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tools.benchmarks", description=__doc__)
    add = parser.add_argument
    add("--only", choices=PARTS, nargs="+", default=PARTS, help="parts (all)")
    add("--peers", choices=NAMES, nargs="+", default=NAMES, metavar="NAME", help=", ".join(NAMES))
    add("--rounds", type=int, default=5, help="of which the median is shown (5)")
    add(
        "--leads",
        type=int,
        default=100_000,
        help="length of the list (100000; changing: 10000 at most)",
    )
    add("--histories", type=int, default=20, help="of changing, for each peer (20)")
    add("--latency", type=float, nargs="+", default=[0, 150], metavar="MS", help="(0 150)")
    add("--plain", action="store_true", help="have the API compress no answer")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    """Run what was asked for."""
    options = parse(arguments)
    chosen = [peer for peer in peers.EXTRACTORS if peer.name in options.peers]
    words = sys.argv[1:] if arguments is None else arguments
    command = " ".join(["python -m tools.benchmarks", *words]) if words else "make bench"
    measured = f"{options.leads:,} leads, medians of {options.rounds}"
    how = "each history once" if set(options.only) == {"changing"} else measured
    print(report.heading(command, how), end="\n\n")
    with Api(options.leads) as api:
        if options.plain:
            api.answer_plain()
        for table in _tables(api, chosen, options):
            print(table, flush=True)


def _tables(api: Api, chosen: list[peers.Peer], options: argparse.Namespace) -> t.Iterator[str]:
    rounds, leads = options.rounds, options.leads
    if "extract" in options.only:
        for latency in options.latency:
            runs = parts.extract(api, chosen, rounds, latency)
            yield report.extraction(runs, leads, latency, peers.FLOOR.title)
    if "nothing-new" in options.only:
        with_state = [peer for peer in chosen if peer.name not in WITHOUT_STATE]
        # A count of requests is no matter of chance.
        yield report.nothing_new(parts.nothing_new(api, with_state, 1), leads)
    if "postgres" in options.only:
        ways = [way for way in loads.all_loads() if way.name in options.peers]
        yield report.postgres(parts.postgres(api, ways, rounds), leads, loads.OTHERS)
    if "changing" in options.only:
        length = min(leads, CHANGING_LEADS)
        played = [histories.draw(number, length) for number in range(options.histories)]
        yield report.changing(changing(chosen, played), options.histories, length)


if __name__ == "__main__":
    main()
