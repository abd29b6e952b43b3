"""What a check has found: as a text for a person, and as JSON for a report of a fault."""

from __future__ import annotations

import json
import textwrap
import typing as t
from dataclasses import asdict, dataclass

from paged_rest.check.costs import costs_of, is_chained
from paged_rest.check.findings import clock, findings_of
from paged_rest.wording import counted

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from paged_rest.check.costs import Costs
    from paged_rest.check.findings import Finding
    from paged_rest.check.seen import Checkup, Observed

_WIDTH = 79


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Who asked, and what else there is to say.

    Attributes:
        tap: The name of the tap.
        version: Its version.
        host: The host that was asked.
        lookback_days: How far back runs read again.
        today: Requests of today that a state tells of, these among them; None without a state.
    """

    tap: str
    version: str
    host: str
    lookback_days: float
    today: int | None


def as_text(asked: Asked, checkup: Checkup) -> str:
    """Return a report of at most 80 columns."""
    costs = costs_of(checkup, asked.lookback_days)
    found = findings_of(checkup)
    sections = {
        f"{asked.tap} {asked.version}, {checkup.api.name} at {asked.host}": _head(asked, checkup),
        "Key": _key(checkup),
        "Lists": _lists(checkup),
        "As it should be": _wrapped((f"ok  {line}" for line in _fine(checkup, found)), "    "),
        "What cannot be read": _wrapped((f"X   {line}" for line in checkup.failures), "    "),
        "Not as it should be": _wrapped(
            (f"!   {_noted(one)}" for one in found if not one.harmless), "    "
        ),
        "Good to know": _wrapped((f"-   {_noted(one)}" for one in found if one.harmless), "    "),
        "Requests that runs will take": _costs(costs, asked),
        "Schedule": _wrapped(_schedule(checkup, costs)),
    }
    return "\n\n".join("\n".join([title, *lines]) for title, lines in _filled(sections))


def as_json(asked: Asked, checkup: Checkup) -> str:
    """Return the same without whose key and which host it is."""
    costs = costs_of(checkup, asked.lookback_days)
    ahead = clock(checkup)
    report = {
        "tap": asked.tap,
        "version": asked.version,
        "requests": checkup.requests,
        "requests_today": asked.today,
        "stopped_by_budget": checkup.cut_short,
        "failures": checkup.failures,
        "scopes": list(checkup.scopes),
        "api_version": checkup.version,
        "page_size": checkup.page_size,
        "rows_of_a_page": checkup.size,
        "odd_sizes": checkup.odd_sizes,
        "clock_ahead": None if ahead is None else round(ahead),
        "compressed": sorted({answer.compressed for answer in checkup.answers} - {""}),
        "findings": [finding._asdict() for finding in findings_of(checkup)],
        "lists": {one.listed.name: _facts(checkup, one) for one in checkup.lists},
        "costs": {name: asdict(cost) for name, cost in costs.lists.items()},
        "schedules": list(_schedule(checkup, costs)),
    }
    return json.dumps(report, indent=2)


def _filled(sections: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, list[str]]]:
    for title, lines in sections.items():
        if found := list(lines):
            yield title, found


def _wrapped(texts: Iterable[str], indent: str = "") -> Iterator[str]:
    for text in texts:
        yield from textwrap.wrap(
            text,
            _WIDTH,
            initial_indent="  ",
            subsequent_indent=f"  {indent}",
            break_long_words=False,
            break_on_hyphens=False,
        )


def _head(asked: Asked, checkup: Checkup) -> Iterator[str]:
    seconds = sum(answer.seconds for answer in checkup.answers)
    today = f", {asked.today:,} today with this state" if asked.today else ""
    yield f"  {counted(checkup.requests, 'request')} in {seconds:.1f} s{today}"
    if checkup.cut_short:
        yield "  Not all was asked: the setting request_budget allows no more."


def _key(checkup: Checkup) -> Iterator[str]:
    if checkup.owner:
        owner = checkup.api.key_owner.removeprefix(f"{checkup.api.name} ")
        yield f"  {owner:<8} {checkup.owner}"
    if checkup.scopes:
        lines = textwrap.wrap(", ".join(sorted(checkup.scopes)), _WIDTH - 11)
        yield from (f"  {'' if place else 'scopes':<8} {line}" for place, line in enumerate(lines))
    if checkup.version:
        yield f"  {'version':<8} {checkup.version}"


def _lists(checkup: Checkup) -> Iterator[str]:
    if not any(one.looks for one in checkup.lists):
        return
    yield f"  {'':<16}{'rows':>10}   {'order':<22}{'proven by':<18}{'seconds':>8}"
    for one in checkup.lists:
        name = one.listed.name
        if one.first is None or one.failure:
            yield f"  {name:<16}{'-':>10}   {'cannot be read' if one.failure else 'not asked'}"
            continue
        order, proof = _order(one), _proof(checkup, one)
        total, seconds = one.first.page.total, one.first.seconds
        yield f"  {name:<16}{total:>10,}   {order:<22}{proof:<18}{seconds:>8.1f}"


def _order(one: Observed) -> str:
    if not one.first or not one.first.ids:
        return "-"
    if one.listed.order:
        return "newest first" if one.is_newest_first else "not newest first"
    if not one.listed.paged:
        return "one answer"
    if one.listed.created is None:
        return "by what is not shown"
    return "newest first, so far" if one.is_newest_first else "by something else"


def _proof(checkup: Checkup, one: Observed) -> str:
    if not one.first or not one.first.ids:
        return "-"
    if not one.listed.paged:
        return "one answer"
    if is_chained(checkup, one):
        return "pages that overlap"
    if one.listed.created is None and not one.first.shows_all:
        return "count, read twice"
    return "count"


def _facts(checkup: Checkup, one: Observed) -> dict[str, t.Any]:
    if one.first is None:
        return {"readable": False}
    return {
        "readable": one.failure is None,
        "total": one.first.page.total,
        "order": _order(one),
        "proof": _proof(checkup, one),
        "looks": {
            purpose: {
                "page": look.page.request.number,
                "size": look.page.request.size,
                "rows": len(look.ids),
                "total": look.page.total,
                "limit": look.page.limit,
                "has_more": look.page.has_more,
                "newest_first": look.newest_first,
                "seconds": round(look.seconds, 2),
            }
            for purpose, look in one.looks.items()
        },
        "refused": dict(one.refused),
    }


def _fine(checkup: Checkup, found: Iterable[Finding]) -> Iterator[str]:
    """Yield what was tried and found as it should be."""
    codes = {finding.code for finding in found}
    looks = [look for one in checkup.readable for look in one.looks.values()]
    full = any(one.first and one.first.fills_a_page for one in checkup.readable)
    ends = any("last" in one.looks or _shows_all(one) for one in checkup.readable)
    packed = sorted({answer.compressed for answer in checkup.answers} - {""})
    tried: tuple[tuple[bool, set[str], str], ...] = (
        (full, {"page_size"}, f"A page holds the {checkup.page_size:,} rows that are asked for."),
        (
            bool(checkup.odd_sizes),
            {"odd_sizes", "places"},
            "Pages of other sizes are given too, so that pages can overlap.",
        ),
        (ends, {"total", "last_page", "has_more"}, "Totals and rows agree where a list ends."),
        (bool(looks), {"repeats"}, "No page shows a row twice."),
        (bool(looks), {"no_id"}, "Every row has an id."),
        (
            bool(looks),
            {"unknown_fields", "misfits"},
            "The schemas know all fields, and all values fit their types.",
        ),
        (
            clock(checkup) is not None,
            {"clock"},
            f"{checkup.api.name}'s clock and this machine's agree.",
        ),
        (bool(packed), set(), f"Answers are compressed ({', '.join(packed)})."),
    )
    yield from (sentence for was, wrong, sentence in tried if was and not wrong & codes)


def _shows_all(one: Observed) -> bool:
    return bool(one.listed.paged and one.first and one.first.shows_all)


def _noted(finding: Finding) -> str:
    of = f"{finding.stream}: " if finding.stream else ""
    return f"{of}{finding.sentence} [{finding.code}]"


def _costs(costs: Costs, asked: Asked) -> Iterator[str]:
    if not costs.lists:
        return
    often = any(cost.hourly is not None for cost in costs.lists.values())
    titles = [("", "every run")]
    if often:
        nightly = f"{asked.lookback_days:,} days"
        titles = [("first load,", "full refresh"), ("nightly,", nightly), ("hourly,", "1 day")]
    rows = [["", *column] for column in zip(*titles, strict=True) if any(column)]
    for name, cost in costs.lists.items():
        hourly = "-" if cost.hourly is None else f"{cost.hourly:,}"
        rows.append([name, f"{cost.whole:,}", f"{cost.nightly:,}", hourly])
    together = (costs.whole, costs.nightly, costs.hourly)
    rows.append(["together", *(f"{requests:,}" for requests in together)])
    rows.append(["time", *map(costs.minutes, together)])
    for name, *cells in rows:
        shown = "".join(f"{cell:>15}" for cell in cells[: len(titles)])
        yield f"  {name:<16}{shown}".rstrip()


def _schedule(checkup: Checkup, costs: Costs) -> Iterator[str]:
    sentences = list(costs.schedules())
    if sentences and not checkup.unasked:
        yield f"A key has {costs.quota:,} requests a day, and other users of it share them."
        yield from sentences
