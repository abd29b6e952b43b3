"""Charts of the page, as SVG drawn by Vega-Lite.

Drawn beforehand, they need no script in the page. Their colours are the page's own, so that they
follow it from light to dark; each is drawn for a wide and for a narrow page.
"""

from __future__ import annotations

import typing as t

import vl_convert

from tools.demo.answers import AGE_BANDS

if t.TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.demo.answers import Open, Step

# Pixels, and how many words of a legend go side by side.
WIDTHS = {"wide": (600, 5), "narrow": (300, 2)}
VEGA_LITE = "6.4"
BAR = 22
STEP = 40
LABELS = 116

Spec = dict[str, t.Any]


def funnel(steps: Sequence[Step]) -> dict[str, str]:
    """Return bars of how many leads reached each stage, as SVG by name of the width."""
    reached = [step for step in steps if step.reached]
    rows: list[Spec] = []
    for before, step in zip([None, *reached], reached, strict=False):
        share = f" \N{MIDDLE DOT} {step.reached / before.reached:.0%}" if before else ""
        rows.append(
            {"stage": step.stage, "leads": step.reached, "label": f"{step.reached:,}{share}"}
        )
    bars: Spec = {
        "mark": {"type": "bar", "height": BAR, "fill": "var(--accent)"},
        "encoding": {
            "y": _stages([row["stage"] for row in rows]),
            "x": _amounts("leads", max((row["leads"] for row in rows), default=1)),
        },
    }
    text = {
        "mark": {"type": "text", "align": "left", "dx": 7, "fontSize": 13, "fill": "var(--ink)"},
        "encoding": {**bars["encoding"], "text": {"field": "label"}},
    }
    return _draw("Leads that reached each stage", rows, [bars, text])


def pipeline(rows: Sequence[Open]) -> dict[str, str]:
    """Return bars of the value of each stage's open leads by age, as SVG by name of the width."""
    values = [
        {
            "stage": row.stage,
            "age": row.age_band,
            "order": AGE_BANDS.index(row.age_band),
            "value": float(row.value),
        }
        for row in rows
    ]
    stages = list(dict.fromkeys(row.stage for row in rows))
    totals = {
        stage: float(sum(row.value for row in rows if row.stage == stage)) for stage in stages
    }
    bands = [band for band in AGE_BANDS if any(row.age_band == band for row in rows)]
    colours = [f"var(--band-{AGE_BANDS.index(band)})" for band in bands]
    longest = max(totals.values(), default=1)
    bars = {
        "mark": {"type": "bar", "height": BAR, "stroke": "var(--card)", "strokeWidth": 1},
        "encoding": {
            "y": _stages(stages),
            "x": _amounts("value", longest),
            "fill": {
                "field": "age",
                "type": "nominal",
                "scale": {"domain": bands, "range": colours},
                "legend": {"orient": "top", "title": None, "symbolType": "square"},
            },
            "order": {"field": "order", "type": "quantitative"},
        },
    }
    text = {
        "data": {
            "values": [
                {"stage": stage, "value": total, "label": dollars(total)}
                for stage, total in totals.items()
            ]
        },
        "mark": {"type": "text", "align": "left", "dx": 7, "fontSize": 13, "fill": "var(--ink)"},
        "encoding": {
            "y": _stages(stages),
            "x": _amounts("value", longest),
            "text": {"field": "label"},
        },
    }
    return _draw("Projected value of open leads by stage and age", values, [bars, text])


def dollars(amount: float) -> str:
    """Return an amount as people say it: $1.25M, $310k, $95, -$95."""
    sign, amount = ("-" if round(amount) < 0 else ""), abs(amount)
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        # What three digits round up to a thousand of a unit is one of the next.
        if amount >= 0.9995 * size:
            digits = f"{amount / size:.3g}" if amount < 999.5 * size else f"{amount / size:,.0f}"
            return f"{sign}${digits}{unit}"
    return f"{sign}${amount:.0f}"


def _stages(names: Sequence[str]) -> Spec:
    # The browser's letters may be wider than those that the drawing was measured with.
    room = min(12 + 8 * max(map(len, names), default=0), LABELS)
    axis: Spec = {"title": None, "labelFontSize": 13, "labelAlign": "left", "labelPadding": room}
    axis |= {"labelLimit": room - 16}
    return {"field": "stage", "type": "nominal", "sort": list(names), "axis": axis}


def _amounts(field: str, longest: float) -> Spec:
    # A third of the room is for the labels behind the bars.
    scale = {"domain": [0, longest * 1.35 or 1], "nice": False}
    return {"field": field, "type": "quantitative", "scale": scale, "axis": None}


def _draw(description: str, rows: Sequence[Spec], layers: Sequence[Spec]) -> dict[str, str]:
    quiet = {"ticks": False, "domain": False, "grid": False}
    spec: Spec = {
        "description": description,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "height": {"step": STEP},
        "padding": 0,
        "data": {"values": rows},
        "layer": layers,
        "config": {
            "background": None,
            "font": "system-ui, sans-serif",
            "view": {"stroke": None},
            "axis": {"labelColor": "var(--ink)", **quiet},
            "legend": {"labelColor": "var(--ink)", "labelFontSize": 12, "columnPadding": 20},
        },
    }
    drawn = {}
    for name, (width, columns) in WIDTHS.items():
        spec["width"] = width
        spec["config"]["legend"]["columns"] = columns
        drawn[name] = vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE)
    return drawn
