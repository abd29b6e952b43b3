"""Made-up companies whose rows stand an hour apart, so that a test knows which are how old."""

from __future__ import annotations

import typing as t
from datetime import timedelta

from tools.sandbox import Company, Organisation
from tools.sandbox.create import LISTS

EMPTY: dict[str, t.Any] = dict.fromkeys(LISTS, 0)
HOUR = timedelta(hours=1)


def only(**options: t.Any) -> Company:
    """Return a company with rows in no list but those named here."""
    return Company(**EMPTY | options)


def hourly(leads: int = 0, pins: int = 0, **options: t.Any) -> Company:
    """Return a company with nothing but leads and pins: the newest is as old as the clock."""
    company = only(**options)
    company.step = HOUR
    if pins:
        company.insert("pin_types")
        company.insert("pins", pins)
    company.insert("leads", leads)
    return company


def hourly_organisation(leads: int = 0, **options: t.Any) -> Organisation:
    """Return an organisation that does one thing an hour: enter a lead, edit one."""
    organisation = Organisation(0, **options)
    organisation.step = HOUR
    organisation.insert("leads", leads)
    return organisation
