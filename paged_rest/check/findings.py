"""What is to be noted of what was seen: each finding has a code, which `docs/check.md` explains.

No sentence carries a value of a row. Names of fields are the API's.
"""

from __future__ import annotations

import re
import typing as t
from collections import Counter

from paged_rest.records import EXTRA_FIELDS
from paged_rest.wording import counted

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from paged_rest.check.seen import Checkup, Look, Observed

# What an HTTP date cannot tell.
_LEAST_SECONDS_APART = 2.0
_MOST_NAMES = 10
_AMONG = "among the others"
_HARMLESS = frozenset({"limits", "empty", "moves", "let_in", "unseen_fields"})


class Finding(t.NamedTuple):
    """Something that is not as a tap would have it, or that its documentation leaves open.

    Attributes:
        code: Which, for programs.
        sentence: What it is and what follows, for people.
        stream: The list, or None where it is of the whole API.
    """

    code: str
    sentence: str
    stream: str | None = None

    @property
    def harmless(self) -> bool:
        """Whether all is as it should be with it."""
        return self.code in _HARMLESS


def findings_of(checkup: Checkup) -> list[Finding]:
    """Return what is to be noted, first of the API, then of each list."""
    found = [
        Finding(code, sentence)
        for code, look_for in _OF_THE_API.items()
        for sentence in look_for(checkup)
    ]
    found += [
        Finding(code, sentence, one.listed.name)
        for one in checkup.readable
        for code, look_for in _OF_A_LIST.items()
        for sentence in look_for(one, one.looks["first"])
    ]
    return found


# Of the API


def _key_unknown(checkup: Checkup) -> Iterator[str]:
    if checkup.key_unknown:
        yield f"Whose key it is, and its scopes, are not known: {checkup.key_unknown}."


def _version(checkup: Checkup) -> Iterator[str]:
    api, stated = checkup.api, checkup.version
    if stated and api.version and stated != api.version and re.fullmatch(r"[\w.-]{1,20}", stated):
        yield (
            f"{api.name} answers as version {stated}; this tap asks for {api.version} and is made "
            "for it."
        )


def _clock(checkup: Checkup) -> Iterator[str]:
    ahead = clock(checkup)
    if ahead is None or abs(ahead) <= _LEAST_SECONDS_APART:
        return
    side = "ahead of" if ahead > 0 else "behind"
    yield (
        f"{checkup.api.name}'s clock is {abs(ahead):,.0f} s {side} this machine's. Runs go by the "
        "slower one; set this machine's, if it is the one that is wrong."
    )


def clock(checkup: Checkup) -> float | None:
    """Return by how much the API's clock is ahead, as far as it is certain; None if it is not."""
    known = [answer.ahead for answer in checkup.answers if answer.ahead is not None]
    return min(known, key=abs, default=None)


def _no_date(checkup: Checkup) -> Iterator[str]:
    if checkup.answers and clock(checkup) is None:
        yield "Answers bear no Date: counts go by this machine's clock."


def _cached(checkup: Checkup) -> Iterator[str]:
    cached = sum(answer.cached for answer in checkup.answers)
    if cached:
        yield (
            f"{counted(cached, 'answer')} came out of a cache, though none was asked for: runs "
            "ask again, which costs requests."
        )


def _uncompressed(checkup: Checkup) -> Iterator[str]:
    if checkup.answers and not any(answer.compressed for answer in checkup.answers):
        yield "Answers are not compressed: loads take longer over a slow line."


def _limits(checkup: Checkup) -> Iterator[str]:
    names = sorted({name for answer in checkup.answers for name in answer.limits})
    if names:
        yield f"Answers tell of a limit: {_names(Counter(names))}. The tap does not use it yet."


def _page_size(checkup: Checkup) -> Iterator[str]:
    if checkup.readable and checkup.size < checkup.page_size:
        yield (
            f"A page holds {checkup.size:,} rows where {checkup.page_size:,} are asked for. Runs "
            "find that out by themselves; the costs below are for it."
        )


def _size_not_stated(checkup: Checkup) -> Iterator[str]:
    looks = [look for one in checkup.readable if one.listed.paged for look in one.looks.values()]
    if looks and not any(look.page.limit for look in looks):
        yield (
            f"Answers do not state how many rows a page holds ({checkup.api.page_size}): a short "
            "page that is not the last is taken for the size, and the list is begun again."
        )


def _odd_sizes(checkup: Checkup) -> Iterator[str]:
    wrong = [one for one in checkup.lists if one.ignored_size]
    if wrong:
        one = wrong[0]
        yield (
            f"Pages of other sizes than page_size are not given ({one.listed.name}: "
            f"{one.ignored_size}): they cannot overlap, so every run reads and counts whole lists, "
            "which proves less while rows move."
        )


# Of a list


def _empty(_one: Observed, first: Look) -> Iterator[str]:
    if not first.ids and not first.page.total:
        yield "It holds no row, so that nothing could be tried."


def _not_in_order(one: Observed, first: Look) -> Iterator[str]:
    order = one.listed.order
    if order and not one.is_newest_first and _place_of_undated(first) != _AMONG:
        yield (
            f"It is promised newest first by {order}, and is not: every run reads and counts all "
            "of it."
        )


def _undated(one: Observed, first: Look) -> Iterator[str]:
    field, missing = one.listed.order or one.listed.created, first.dates.count(None)
    place = _place_of_undated(first)
    if field and missing:
        counts = ": every run reads and counts all of it" if place == _AMONG else ""
        yield (
            f"Rows without a {field} that can be read: {missing:,} of {len(first.dates):,}, "
            f"{place}{counts if one.listed.order else ''}."
        )


def _place_of_undated(first: Look) -> str:
    """Return in words where rows without a date stand."""
    dates, undated = first.dates, [date for date in first.dates if date is None]
    if dates[: len(undated)] == undated:
        return "in front of all others"
    return "behind all others" if dates[-len(undated) :] == undated else _AMONG


def _one_moment(one: Observed, first: Look) -> Iterator[str]:
    dates = first.dates
    if one.listed.order and len(dates) > 1 and first.page.has_more and len(set(dates)) == 1:
        yield (
            f"All {len(dates):,} rows of its first page bear the same {one.listed.order}, as an "
            "import makes them: such rows are read twice."
        )


def _total(_one: Observed, first: Look) -> Iterator[str]:
    page, shown = first.page, len(first.ids)
    if not page.has_more and shown != page.total and page.request.number == 1:
        yield (
            f"Its one page shows {counted(shown, 'row')}, and its total is {page.total:,}: it is "
            "proven only by two readings that agree, and nothing is deleted in the target."
        )


def _last_page(one: Observed, _first: Look) -> Iterator[str]:
    look = one.looks.get("last")
    if look is None or one.ignored_size:
        return
    page, shown = look.page, len(look.ids)
    due = page.total - (page.request.number - 1) * page.request.size
    if 0 < due <= page.request.size and due != shown:
        yield (
            f"Its last page shows {counted(shown, 'row')} where its total of {page.total:,} "
            f"leaves {due:,}: it is proven only by two readings that agree, and nothing is deleted "
            "in the target."
        )


def _has_more(one: Observed, first: Look) -> Iterator[str]:
    ends = [look.page for look in (first, one.looks.get("last")) if look]
    wrong = any(page.has_more and page.limit and page.end >= page.total for page in ends)
    if wrong and not one.ignored_size:
        yield (
            "A page states that there are more, and its total that it is the last: runs look "
            "behind the end, and delete nothing in the target where they doubt it."
        )


def _short_page(_one: Observed, first: Look) -> Iterator[str]:
    page, shown = first.page, len(first.ids)
    if page.has_more and shown < page.limit:
        yield (
            f"A page of {page.limit:,} shows {counted(shown, 'row')}, and there are more: its "
            "pages are taken for shorter ones, which costs requests."
        )


def _repeats(one: Observed, _first: Look) -> Iterator[str]:
    twice = max(len(look.ids) - len(set(look.ids)) for look in one.looks.values())
    if twice:
        yield (
            f"A page shows {counted(twice, 'row')} twice. Each is loaded once; a list that does so "
            "for good is proven only by two readings that agree."
        )


def _places(one: Observed, first: Look) -> Iterator[str]:
    look = one.looks.get("within")
    if look is None or one.ignored_size or not look.ids:
        return
    size = look.page.request.size
    due = first.ids[size : 2 * size]
    if look.ids[0] == first.ids[0]:
        yield f"Page 2 of {size:,} rows begins as page 1 does: no run can read beyond a page."
    elif not set(due) & set(look.ids):
        yield (
            f"Page 2 of {size:,} rows shows none of the rows that stand there on a page of "
            f"{first.page.request.size:,}: page and size do not say which rows come."
        )


def _moves(one: Observed, first: Look) -> Iterator[str]:
    look = one.looks.get("within")
    if look and _common(first.ids, look.ids) != _common(look.ids, first.ids):
        yield "Rows change places between two answers, as they may where their dates are equal."


def _common(ids: Iterable[str], others: Iterable[str]) -> list[str]:
    known = set(others)
    return [row_id for row_id in ids if row_id in known]


def _let_in(one: Observed, first: Look) -> Iterator[str]:
    look, param = one.looks.get("without"), one.listed.lets_in
    if look is None or not param:
        return
    given = f"{param}={one.listed.params[param]}"
    more = first.page.total - look.page.total
    if more > 0:
        yield f"{given} adds {more:,} of its {counted(first.page.total, 'row')}."
    else:
        yield f"{given} adds no row: there is none, or it is not heeded."


def _no_id(_one: Observed, first: Look) -> Iterator[str]:
    nameless = first.page.nameless
    if nameless:
        yield (
            f"Its first page holds {next(iter(nameless.values()))}: all others are loaded, but "
            "every run ends with status 1."
        )


def _noted(kind: str) -> Callable[[Observed, Look], Iterator[str]]:
    said = {
        "unknown": "Fields that the schema does not know go to extra_fields",
        "misfit": "Values that do not fit their type go to extra_fields",
    }[kind]

    def look_for(_one: Observed, first: Look) -> Iterator[str]:
        notes = (note for row in first.page.rows for note in row.notes)
        paths = Counter(note.path for note in notes if note.kind == kind)
        if paths:
            yield f"{said}: {_names(paths, counts=True)}."

    return look_for


def _unseen(one: Observed, first: Look) -> Iterator[str]:
    declared = [name for name in one.listed.schema["properties"] if name != EXTRA_FIELDS]
    missing = [name for name in declared if name not in first.fields]
    if first.ids and missing:
        yield f"No row has a field {_names(Counter(missing))}: its column stays empty."


def _names(names: Counter[str], *, counts: bool = False) -> str:
    """Return names as far as they can be shown: one that is no plain word may be data."""
    plain = [name for name in names if re.fullmatch(r"[\w.\[\]-]{1,60}", name)]
    shown = [f"{name} ({names[name]:,})" if counts else name for name in plain[:_MOST_NAMES]]
    left = len(names) - len(shown)
    if not shown:
        return counted(left, "name") + " that cannot be shown"
    return ", ".join(shown) + (f" and {left:,} more" if left else "")


_OF_THE_API: dict[str, Callable[[Checkup], Iterable[str]]] = {
    "key_unknown": _key_unknown,
    "version": _version,
    "page_size": _page_size,
    "odd_sizes": _odd_sizes,
    "size_not_stated": _size_not_stated,
    "clock": _clock,
    "no_date": _no_date,
    "cached": _cached,
    "uncompressed": _uncompressed,
    "limits": _limits,
}
_OF_A_LIST: dict[str, Callable[[Observed, Look], Iterable[str]]] = {
    "empty": _empty,
    "no_id": _no_id,
    "not_in_order": _not_in_order,
    "undated": _undated,
    "one_moment": _one_moment,
    "total": _total,
    "last_page": _last_page,
    "has_more": _has_more,
    "short_page": _short_page,
    "repeats": _repeats,
    "places": _places,
    "moves": _moves,
    "let_in": _let_in,
    "unknown_fields": _noted("unknown"),
    "misfits": _noted("misfit"),
    "unseen_fields": _unseen,
}
CODES = (*_OF_THE_API, *_OF_A_LIST)
