"""The demo's page: its numbers, and how it looks in a real browser."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import typing as t
from datetime import UTC, datetime
from decimal import Decimal
from html import escape, unescape

import pytest

from tools.demo.answers import Answers, Headlines, Open, Step
from tools.demo.charts import dollars
from tools.demo.page import page

if t.TYPE_CHECKING:
    from pathlib import Path

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--hide-scrollbars",
)
NO = "\N{EN DASH}"
NOW = datetime(2026, 6, 30, tzinfo=UTC)
NASTY = "</svg><script>alert(1)</script> & a stage with a name that has no end"
ANSWERS = Answers(
    Headlines(
        leads=100,
        open=70,
        won=10,
        lost=20,
        open_value=Decimal("1234567.89"),
        overdue=3,
        transitions=5,
    ),
    [
        Step("New", "open", 40, 100),
        Step("Quoted", "open", 29, 50),
        Step("Won", "won", 10, 10),
        Step(NASTY, "open", 1, 0),
        Step("Lost", "lost", 20, 0),
    ],
    [
        Open("New", "up to 30 days", 30, 10, Decimal("1000000.39")),
        Open("New", "over a year", 10, 0, Decimal("200000.00")),
        Open("Quoted", "31 to 90 days", 29, 0, Decimal("34567.50")),
        Open(NASTY, "(unknown)", 1, 1, Decimal(0)),
    ],
)
NOTHING = Answers(Headlines(0, 0, 0, 0, Decimal(0), 0, 0), [], [])

# Written into the page by the test alone: what a browser makes of it.
PROBE = """<script>
const style = element => getComputedStyle(element);
const parts = document.querySelectorAll("h1, h2, p, dt, dd, th, td, svg, svg text");
const shown = [...parts].filter(part => part.checkVisibility() && part.textContent);
parent.document.documentElement.dataset.probe = JSON.stringify({
  inner: innerWidth,
  scroll: document.documentElement.scrollWidth,
  outside: shown.filter(part => {
    const box = part.getBoundingClientRect();
    return box.left < 0 || box.right > innerWidth;
  }).map(part => part.textContent),
  drawn: [...document.querySelectorAll("svg")].filter(svg => svg.checkVisibility()).length,
  bars: [...document.querySelectorAll("svg [aria-roledescription=bar]")]
    .filter(bar => bar.checkVisibility() && bar.getBoundingClientRect().width > 0).length,
  labels: [...document.querySelectorAll("svg text")]
    .filter(text => text.checkVisibility()).map(text => text.textContent),
  card: style(document.querySelector("section")).backgroundColor,
  ink: style(document.querySelector("h2")).color,
  soft: style(document.querySelector("thead th")).color,
  label: style(document.querySelector("svg text") || document.body).fill,
  resources: performance.getEntriesByType("resource").length,
});
</script>"""


@pytest.fixture(scope="module")
def html() -> str:
    return page(ANSWERS, NOW)


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        *((0, "$0"), (-0.4, "$0"), (95, "$95"), (-95, "-$95"), (999.4, "$999"), (999.6, "$1k")),
        *((310_400, "$310k"), (999_499, "$999k"), (999_999, "$1M"), (-1_250_000, "-$1.25M")),
        *((999_400_000, "$999M"), (2_500_000_000, "$2,500M")),
    ],
)
def test_an_amount_as_people_say_it(amount, said):
    assert dollars(amount) == said


def test_tables(html: str) -> None:
    """Every number of the tables, and names that are no markup."""
    assert "<script" not in html
    funnel, pipeline = tables(html)
    assert funnel == [
        ["Stage", "In it now", "Reached it", "Of the stage before"],
        ["New", "40", "100", NO],
        ["Quoted", "29", "50", "50%"],
        ["Won", "10", "10", "20%"],
        [NASTY, "1", NO, NO],
        ["Lost", "20", NO, NO],
        ["All", "100", "", ""],
    ]
    assert pipeline == [
        ["Stage", "Open leads", "Without a value", "Value"],
        ["New", "40", "10", "$1,200,000.39"],
        ["Quoted", "29", "0", "$34,567.50"],
        [NASTY, "1", "1", "$0.00"],
        ["All", "70", "11", "$1,234,567.89"],
    ]


def test_nothing_comes_from_elsewhere(html: str) -> None:
    assert not re.search(r"\s(?:src|href)=|url\((?!#)|@import", html)
    assert "default-src 'none'" in html


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_in_a_browser(html: str, scheme: str, width: int, tmp_path: Path) -> None:
    """Charts are drawn, nothing sticks out, and all can be read."""
    seen = look(html, tmp_path, scheme, width)
    assert seen["inner"] == width
    assert (seen["scroll"], seen["outside"]) == (width, [])
    # Three stages that were reached; three parts of open leads with a value.
    assert (seen["drawn"], seen["bars"]) == (2, 6)
    texts = {"100", "50 · 50%", "10 · 20%", "$1.2M", "$34.6k", "up to 30 days", "over a year"}
    assert texts <= set(seen["labels"])
    assert (brightness(seen["card"]) < 0.1) == (scheme == "dark")
    for name in ("ink", "label", "soft"):
        assert contrast(seen[name], seen["card"]) >= 4.5, name
    assert seen["resources"] == 0


def test_nothing_to_show(tmp_path: Path) -> None:
    """A company without leads has a page, too."""
    html = page(NOTHING, NOW)
    assert [len(table) for table in tables(html)] == [2, 2]
    seen = look(html, tmp_path, "light", 390)
    assert (seen["scroll"], seen["bars"]) == (390, 0)


def tables(html: str) -> list[list[list[str]]]:
    """Return the cells of every table, row by row."""
    return [
        [
            [unescape(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
            for row in re.findall(r"<tr>(.*?)</tr>", table)
        ]
        for table in re.findall(r"<table>(.*?)</table>", html, re.DOTALL)
    ]


def look(html: str, folder: Path, scheme: str, width: int) -> dict[str, t.Any]:
    """Return what a browser says of a page."""
    browser = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if browser is None:
        pytest.skip(f"no browser to look at the page with: none of {', '.join(CHROMIUM)} is there")
    # The page itself allows no script.
    open_page = re.sub(r"<meta http-equiv=[^>]*>", "", html).replace("</body>", f"{PROBE}</body>")
    file = folder / "page.html"
    # In a frame, since a window has at least 500 pixels.
    frame = f'<iframe width="{width}" height="900" style="border: 0" srcdoc="{escape(open_page)}">'
    file.write_text(f"<!doctype html>{frame}</iframe>", encoding="utf-8")
    done = subprocess.run(
        [
            browser,
            *QUIET,
            f"--user-data-dir={folder / 'profile'}",
            f"--blink-settings=preferredColorScheme={['dark', 'light'].index(scheme)}",
            "--window-size=1400,1000",
            "--dump-dom",
            file.as_uri(),
        ],
        capture_output=True,
        check=True,
        text=True,
        timeout=120,
    )
    found = re.search(r'data-probe="([^"]*)"', done.stdout)
    assert found, done.stderr
    seen: dict[str, t.Any] = json.loads(unescape(found[1]))
    return seen


def brightness(colour: str) -> float:
    """Return the relative luminance of a colour such as `rgb(1, 2, 3)`, by WCAG 2."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, by WCAG 2; 4.5 is what text needs."""
    low, high = sorted((brightness(one), brightness(other)))
    return (high + 0.05) / (low + 0.05)
