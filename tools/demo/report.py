"""What the demo prints."""

from __future__ import annotations

import re
import sys
import textwrap
import typing as t
from collections import Counter

from tools.harness.project import ROOT

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from tools.demo.answers import Open
    from tools.demo.warehouse import Difference
    from tools.harness.meltano import MeltanoError
    from tools.sandbox import Request

BAR_WIDTH = 40
STEP_WIDTH = 58
LOG_LINES = 30
# What the taps say of each list, and dbt before and after it builds.
PROGRESS = re.compile(r"\w+: [\d,]+ rows? in [\d,]+ requests?|(?:Found|Finished running) \d+ .*\w")


def title(leads: int, nexus_leads: int, runs: int) -> None:
    """Say what this is."""
    rounds = "1 round" if runs == 1 else f"{runs} rounds"
    state = f"run {runs + 1}, {rounds} of changes later" if runs else "the first run"
    company = f"a made-up company of {leads:,} leads in Rotor and {nexus_leads:,} in Nexus ERP"
    print(f"Meltano, PostgreSQL and {company}: {state}\n")


def begin(name: str) -> None:
    """Name the step that begins."""
    *lines, last = textwrap.wrap(
        name, STEP_WIDTH, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False
    )
    for line in lines:
        print(f"  {line}")
    print(f"  {last:<{STEP_WIDTH}}", end="", flush=True)


def progress(line: str) -> None:
    """Say how far the step is, if a line of Meltano's tells of it."""
    if found := PROGRESS.search(line):
        text = textwrap.shorten(found[0], STEP_WIDTH - 2)
        print(f"\n    {text:<{STEP_WIDTH - 2}}", end="", flush=True)


def done(seconds: float, *news: str) -> None:
    """Say how long the step took, and what came of it."""
    print(f"{seconds:6.1f} s", *news, sep="   ")


def changes(system: str, summary: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
    """Say what people have done in Rotor or Nexus ERP since the last run."""
    totals: Counter[str] = Counter()
    for kinds in summary.values():
        totals.update({kind: len(ids) for kind, ids in kinds.items()})
    news = ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in totals.items())
    print(f"  in {system} since the last run: {news}")


def tables(system: str, differences: Mapping[str, Difference], requests: Iterable[Request]) -> None:
    """Show what landed of Rotor or Nexus ERP, and what it cost."""
    read: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    for request in requests:
        # /open-api/service-plans is the list of the table service_plans.
        table = request.path.rsplit("/", 1)[-1].replace("-", "_")
        asked[table] += 1
        read[table] += request.rows or 0
    heads = "".join(f"{head:>9}" for head in ("requests", "read", "new", "changed", "removed"))
    print(f"\n  {system:<14}{heads}{'rows now':>10}")
    for name, found in sorted(differences.items(), key=lambda item: -item[1].rows):
        counts = (found.new, found.changed, found.removed)
        told = "".join(f"{count:>9,}" if count else f"{'.':>9}" for count in counts)
        print(f"  {name:<14}{asked[name]:>9,}{read[name]:>9,}{told}{found.rows:>10,}")


def quota(requests: Sequence[Request]) -> None:
    """Show what all requests to Rotor are of what its key is allowed."""
    print(f"  {'':<14}{len(requests):>9,} of the 1,000 a day")


def waiting(in_rotor: int, in_nexus: int) -> None:
    """Say what this run could not see, and what will."""
    if in_rotor > 0 or in_nexus > 0:
        print(
            f"\n  {in_rotor:,} changes of older leads and pins in Rotor and {in_nexus:,} deletions"
            " and edits of contacts in\n  Nexus ERP wait for the weekly full refresh:"
            " make demo ARGS=--full-refresh"
        )


def stages(counts: Sequence[tuple[str, int]]) -> None:
    """Show the leads by stage as bars."""
    block = "█" if (sys.stdout.encoding or "").lower().startswith("utf") else "#"
    print("\n  leads by stage")
    longest = max((count for _, count in counts), default=1)
    for stage, count in counts:
        print(f"  {stage:<18}{count:>7,}  {block * max(1, round(count / longest * BAR_WIDTH))}")


def common_stages(counts: Sequence[tuple[str, int, int]]) -> None:
    """Show the leads of both systems on common terms."""
    print(f"\n  {'all leads':<18}{'Rotor':>7}{'Nexus ERP':>18}")
    for stage, rotor, nexus in counts:
        print(f"  {stage:<18}{rotor:>7,}{nexus:>18,}")


def pipeline(rows: Sequence[Open]) -> None:
    """Show what the open leads of each stage are worth."""
    print(f"\n  {'open leads':<18}{'leads':>7}{'value':>18}")
    for stage in dict.fromkeys(row.stage for row in rows):
        found = [row for row in rows if row.stage == stage]
        value = f"${sum(row.value for row in found):,.2f}"
        print(f"  {stage:<18}{sum(row.leads for row in found):>7,}{value:>18}")


def page(file: Path) -> None:
    """Say where the page is."""
    print(f"\n  the funnel and the pipeline as a page: {_short(file)}")


def bookmarks(
    rotor: Mapping[str, Mapping[str, str]], nexus: Mapping[str, Mapping[str, str]]
) -> None:
    """Show from where the next run goes on."""
    print(
        "\n  bookmarks: the next run reads what is newer, in Rotor 30 days before it too, for edits"
    )
    for system, state in (("Rotor", rotor), ("Nexus ERP", nexus)):
        for stream, bookmark in state.items():
            if value := bookmark.get("replication_key_value"):
                name = f"{stream}, {system}"
                print(f"  {name:<18}{bookmark['replication_key']} {value}")


def end(seconds: float, *, again: bool) -> None:
    """Say how long it all took, and what can be done next."""
    print(f"\n  {seconds:.1f} s in all; nothing is left running.", end=" ")
    print("Again, some hours later: make demo" if again else "To start over: make clean-demo")


def failure(error: Exception) -> None:
    """Say what went wrong."""
    print(f"\n\n{error}", file=sys.stderr)


def failed_run(error: MeltanoError) -> None:
    """Show the end of Meltano's log, and one sentence."""
    lines = error.log.read_text(errors="replace").splitlines()
    lines = [
        *("", "", *lines[-LOG_LINES:], ""),
        f"The run failed (status {error.status}). The whole log: {_short(error.log)}",
    ]
    print("\n".join(lines), file=sys.stderr)


def _short(path: Path) -> str:
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)
