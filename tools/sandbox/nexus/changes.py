"""Rounds of realistic changes of an organisation's leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.sandbox import vocabulary as words
from tools.sandbox.nexus.invent import NEXT_STATUSES, OPEN, STATUSES
from tools.sandbox.rounds import Round
from tools.sandbox.rows import Level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.sandbox.nexus.organisation import Organisation
    from tools.sandbox.rows import Record
    from tools.sandbox.store import Summary

NAME = "leads"
# Of all leads, in one round.
SHARES = {
    "inserted": 0.01,
    "edited": 0.02,
    "rescheduled": 0.02,
    "contact_edited": 0.005,
    "deleted": 0.002,
}


def play(organisation: Organisation, numbers: Sequence[int | None]) -> Summary:
    """Play one round; `numbers` are those of the kinds, see `Organisation.change`."""
    size = organisation.lists[NAME].count(Level.FULL)
    game = Round(organisation)
    summary: dict[str, list[str]] = {}
    for (kind, share), number in zip(SHARES.items(), numbers, strict=True):
        count = round(share * size) if number is None else number
        ids = game.enter(NAME, count) if kind == "inserted" else game.choose(NAME, count)
        if kind == "contact_edited":
            found = [lead for row_id in ids for lead in _edit_contact(organisation, row_id)]
            ids = list(dict.fromkeys(found))
        elif kind == "deleted":
            organisation.delete(NAME, ids)
        elif kind != "inserted":
            news = _edited if kind == "edited" else _rescheduled
            for row_id in ids:
                row = organisation.row(NAME, row_id) or {}
                organisation.edit(NAME, row_id, **news(organisation, row))
        game.touched.update(ids)
        summary[kind] = ids
    return {NAME: summary}


def _edited(organisation: Organisation, row: Record) -> Record:
    draw = organisation.inventor
    status = draw.pick(NEXT_STATUSES.get(row["status"], STATUSES))
    news: Record = {
        "status": status,
        "notes": " ".join(filter(None, (row["notes"], draw.pick(words.NOTES)))),
        "assignedToId": draw.pick(draw.members),
    }
    if status not in OPEN:
        news["nextCallAt"] = None
    return news


def _rescheduled(organisation: Organisation, _row: Record) -> Record:
    now = organisation.now
    return {"nextCallAt": organisation.inventor.call(now, now)}


def _edit_contact(organisation: Organisation, row_id: str) -> list[str]:
    """Give the contact of a lead another phone; return the ids of all its leads."""
    row = organisation.row(NAME, row_id) or {}
    phones = [organisation.inventor.phone(), *row["phones"][1:]]
    return [lead["id"] for lead in organisation.edit_contact(row["contactId"], phones=phones)]
