"""Realistic leads, many at a time: 24 fields each, about 675 bytes.

A field is drawn for a thousand leads at once: a call for each value of each lead
would make a company of 100,000 leads take three times as long.
"""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING, TypeVar

from tools.sandbox import vocabulary as words
from tools.sandbox.draw import TEXTS
from tools.sandbox.invent import mail_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from random import Random

    from tools.sandbox.rows import Record

T = TypeVar("T")

BLOCK = 1000
# How much later than its creation a lead is archived or followed up: about three
# weeks, as a share of the three years that the list covers.
LATER = 1 / 50


def sometimes(percent: int, options: Sequence[T]) -> list[T | None]:
    """Mix nulls in: `percent` of the draws are one of the options."""
    part = gcd(percent, 100)
    filled: list[T | None] = [*options]
    return filled * (percent // part) + [None] * (len(options) * ((100 - percent) // part))


NAMES = [(name, mail_name(name)) for name in words.FIRST_NAMES]
SURNAMES = [(name, mail_name(name)) for name in words.LAST_NAMES]
MAILS = sometimes(80, [f"{n}@{host}" for n in range(100) for host in words.MAIL_HOSTS])
AREAS = sometimes(90, [form.format(a) for form in ("({}) 555-", "{}555") for a in words.AREA_CODES])
LINES = [f"{number:04}" for number in range(10_000)]
STREETS = [f"{name} {kind}" for name in words.STREETS for kind in words.STREET_KINDS]
HOUSES = range(100, 9900)
BLOCKS = [f"{number:02}" for number in range(100)]
SECOND_LINES = sometimes(10, words.SECOND_LINES)
SOURCES = sometimes(90, words.SOURCES)
SERVICES = sometimes(90, words.SERVICES)
SCORES = sometimes(80, range(101))
DOLLARS = sometimes(75, [cents / 100 for cents in range(80_00, 4000_00, 7)])
# Degrees around the middle of a town, about seven miles each way.
OFFSETS = [number / 100_000 for number in range(-10_000, 10_000)]
ARCHIVED = (*[False] * 92, *[True] * 8)
FOLLOWED_UP = (*[False] * 7, *[True] * 3)
LOCATED = (*[False] * 3, *[True] * 17)


def leads(random: Random, team: Sequence[Record], moments: Sequence[str]) -> Iterator[Record]:
    """Invent a lead for each of the moments of creation, given oldest first."""
    for start in range(0, len(moments), BLOCK):
        yield from _block(random, team, moments, start)


def _block(
    random: Random, team: Sequence[Record], moments: Sequence[str], start: int
) -> Iterator[Record]:
    created = moments[start : start + BLOCK]
    count = len(created)

    def draw(options: Sequence[T]) -> list[T]:
        return random.choices(options, k=count)

    ahead = draw(range(int(len(moments) * LATER) + 1))
    last = len(moments) - 1
    later = [moments[min(start + n + ahead[n], last)] for n in range(count)]
    names, surnames, cities = draw(NAMES), draw(SURNAMES), draw(words.CITIES)
    archived = draw(ARCHIVED)
    columns: dict[str, Sequence[object]] = {
        "id": uuids(random, count),
        "archived": archived,
        "archived_at": [t if a else None for t, a in zip(later, archived, strict=True)],
        "assigned_to": draw(sometimes(70, [member["name"] for member in team])),
        "created_at": created,
        "email": [
            mail and f"{name[1]}.{surname[1]}{mail}"
            for name, surname, mail in zip(names, surnames, draw(MAILS), strict=True)
        ],
        "follow_up_date": [t if f else None for t, f in zip(later, draw(FOLLOWED_UP), strict=True)],
        "lead_source": draw(SOURCES),
        "location": [
            [round(city[3] + north, 5), round(city[4] + east, 5)] if located else None
            for city, north, east, located in zip(
                cities, draw(OFFSETS), draw(OFFSETS), draw(LOCATED), strict=True
            )
        ],
        "name": [f"{n[0]} {s[0]}" for n, s in zip(names, surnames, strict=True)],
        "notes": draw(TEXTS),
        "phone": [
            area and area + line for area, line in zip(draw(AREAS), draw(LINES), strict=True)
        ],
        "priority": draw(words.PRIORITIES),
        "projected_value": draw(DOLLARS),
        "property_city": [city[0] for city in cities],
        "property_country": ["US"] * count,
        "property_state": [city[1] for city in cities],
        "property_street1": [
            f"{house} {street}" for house, street in zip(draw(HOUSES), draw(STREETS), strict=True)
        ],
        "property_street2": draw(SECOND_LINES),
        "property_zip": [city[2] + block for city, block in zip(cities, draw(BLOCKS), strict=True)],
        "service_type": draw(SERVICES),
        "stage": draw(words.STAGES),
        "tags": draw(words.TAG_LISTS),
        "value_score": draw(SCORES),
    }
    for values in zip(*columns.values(), strict=True):
        yield dict(zip(columns, values, strict=True))


def uuids(random: Random, count: int) -> list[str]:
    """Draw UUIDs of version 4."""
    digits = random.randbytes(16 * count).hex()
    return [
        f"{digits[n : n + 8]}-{digits[n + 8 : n + 12]}-4{digits[n + 13 : n + 16]}"
        f"-a{digits[n + 17 : n + 20]}-{digits[n + 20 : n + 32]}"
        for n in range(0, 32 * count, 32)
    ]
