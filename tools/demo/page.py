"""The page that the demo ends with: one file, no script, nothing from elsewhere."""

from __future__ import annotations

import os
import sys
import typing as t
import webbrowser
from html import escape
from pathlib import Path
from string import Template

from tools.demo import charts

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from tools.demo.answers import Answers, Headlines, Open, Step

TEMPLATE = Path(__file__).with_name("page.html")
NONE = "\N{EN DASH}"


def page(answers: Answers, now: datetime) -> str:
    """Return the page as HTML."""
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        day=f"{now.day} {now:%B %Y}",
        tiles=_tiles(answers.headlines),
        funnel_chart=_figure(charts.funnel(answers.funnel)),
        funnel_table=_funnel_table(answers.funnel),
        pipeline_chart=_figure(charts.pipeline(answers.pipeline)),
        pipeline_table=_pipeline_table(answers.pipeline),
    )


def show(file: Path) -> None:
    """Open a page in the browser where somebody sits in front of a screen."""
    screen = sys.platform == "darwin" or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    if screen and sys.stdout.isatty():
        webbrowser.open(file.as_uri())


def _tiles(found: Headlines) -> str:
    of_all = _share(found.won, found.leads)
    of_decided = _share(found.won, found.won + found.lost)
    tiles = [
        ("Leads", f"{found.leads:,}", f"{found.transitions:,} changes of stage seen so far"),
        ("Open pipeline", charts.dollars(float(found.open_value)), f"in {found.open:,} open leads"),
        ("Won", f"{found.won:,}", f"{of_all} of all, {of_decided} of those decided"),
        ("Follow-ups overdue", f"{found.overdue:,}", "of open leads"),
    ]
    return "\n".join(
        f"<div><dt>{name}</dt><dd>{value}</dd><dd>{more}</dd></div>" for name, value, more in tiles
    )


def _funnel_table(steps: Sequence[Step]) -> str:
    rows = []
    before = 0
    for step in steps:
        reached = f"{step.reached:,}" if step.reached else NONE
        share = _share(step.reached, before) if step.reached else NONE
        rows.append([step.stage, f"{step.now:,}", reached, share])
        before = step.reached
    total = ["All", f"{sum(step.now for step in steps):,}", "", ""]
    return _table(["Stage", "In it now", "Reached it", "Of the stage before"], rows, total)


def _pipeline_table(pipeline: Sequence[Open]) -> str:
    stages = list(dict.fromkeys(row.stage for row in pipeline))
    rows = [_sums(stage, [row for row in pipeline if row.stage == stage]) for stage in stages]
    heads = ["Stage", "Open leads", "Without a value", "Value"]
    return _table(heads, rows, _sums("All", pipeline))


def _sums(name: str, rows: Sequence[Open]) -> list[str]:
    leads, without = sum(row.leads for row in rows), sum(row.without_value for row in rows)
    return [name, f"{leads:,}", f"{without:,}", f"${sum(row.value for row in rows):,.2f}"]


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else NONE


def _figure(drawn: Mapping[str, str]) -> str:
    parts = (f'<div class="{name}">{svg}</div>' for name, svg in drawn.items())
    return f"<figure>{''.join(parts)}</figure>"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], total: Sequence[str]) -> str:
    lines = ["<table>", f"<thead>{_row(heads, 'th')}</thead>", "<tbody>"]
    lines += [_row(row, "td") for row in rows]
    lines += ["</tbody>", f"<tfoot>{_row(total, 'td')}</tfoot>", "</table>"]
    return "\n".join(lines)


def _row(cells: Sequence[str], kind: str) -> str:
    scope = "col" if kind == "th" else "row"
    first = f'<th scope="{scope}">{escape(cells[0])}</th>'
    mark = ' scope="col"' if kind == "th" else ""
    rest = "".join(f"<{kind}{mark}>{escape(cell)}</{kind}>" for cell in cells[1:])
    return f"<tr>{first}{rest}</tr>"
