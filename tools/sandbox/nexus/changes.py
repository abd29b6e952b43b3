"""Rounds of realistic changes of an organisation's leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.sandbox import vocabulary as words
from tools.sandbox.nexus.invent import NEXT_STATUSES, OPEN, STATUSES
from tools.sandbox.rounds import Round
from tools.sandbox.rows import Level

if TYPE_CHECKING:
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


def change(organisation: Organisation) -> Summary:
    """Let some hours pass, and change a share of all leads.

    Returns the ids by kind: `{"leads": {"inserted": [...], "edited": [...],
    "rescheduled": [...], "contact_edited": [...], "deleted": [...]}}`. An edit of
    a contact changes all of its leads, also those that were changed in another way.
    """
    with organisation.changing():
        size = len(organisation.lists[NAME].order(Level.FULL))
        game = Round(organisation)
        summary: dict[str, list[str]] = {}
        for kind, share in SHARES.items():
            count = round(share * size)
            ids = game.enter(NAME, count) if kind == "inserted" else game.choose(NAME, count)
            ids = _play(organisation, kind, ids)
            game.touched.update(ids)
            summary[kind] = ids
        return {NAME: summary}


def _play(organisation: Organisation, kind: str, ids: list[str]) -> list[str]:
    """Make one kind of change to the chosen leads; return the ids of all that changed."""
    if kind == "contact_edited":
        found = [lead for row_id in ids for lead in _edit_contact(organisation, row_id)]
        return list(dict.fromkeys(found))
    if kind == "deleted":
        organisation.delete(NAME, ids)
    elif kind != "inserted":
        news = _edited if kind == "edited" else _rescheduled
        for row_id in ids:
            row = organisation.row(NAME, row_id) or {}
            organisation.edit(NAME, row_id, **news(organisation, row))
    return ids


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
