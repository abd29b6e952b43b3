"""Rounds of realistic changes over all lists of a company."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tools.sandbox import vocabulary as words
from tools.sandbox.create import LISTS
from tools.sandbox.draw import TEXTS, timestamp
from tools.sandbox.rounds import Round
from tools.sandbox.rows import Level, Record

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.sandbox.company import Company
    from tools.sandbox.store import Summary

# Of all rows of the company, in one round.
SHARES = {"inserted": 0.01, "edited": 0.02, "archived": 0.004, "deleted": 0.002}
# Customers, plans and pin types stay: other rows point at them.
LISTS_OF = {
    "inserted": ("leads", "customers", "pins", "service_plans", "serviced_jobs"),
    "edited": LISTS,
    "archived": ("leads", "customers", "serviced_jobs"),
    "deleted": ("leads", "pins", "serviced_jobs"),
}


def change(company: Company) -> Summary:
    """Let some hours pass, and change rows in proportion to the lengths of the lists.

    Returns the ids by list and kind: `{"leads": {"inserted": [...], "edited": [...],
    "archived": [...], "deleted": [...]}, ...}`.
    """
    with company.changing():
        sizes = {name: len(company.lists[name].order(Level.FULL)) for name in LISTS}
        summary: Summary = {name: {kind: [] for kind in SHARES} for name in LISTS}
        game = Round(company)
        for kind, share in SHARES.items():
            total = round(share * sum(sizes.values()))
            for name, count in _spread(total, LISTS_OF[kind], sizes).items():
                enters = kind == "inserted"
                ids = game.enter(name, count) if enters else game.choose(name, count)
                _play(company, kind, name, ids)
                summary[name][kind] = ids
        return summary


def _play(company: Company, kind: str, name: str, ids: list[str]) -> None:
    """Make one kind of change to the chosen rows."""
    if kind == "edited":
        for row_id in ids:
            record = company.row(name, row_id) or {}
            company.edit(name, row_id, **_NEWS[name](company, record))
    elif kind == "archived":
        company.archive(ids)
    elif kind == "deleted":
        company.delete(name, ids)


def _spread(total: int, names: tuple[str, ...], sizes: dict[str, int]) -> dict[str, int]:
    """Share `total` out by size; every list gets one as long as there are enough."""
    weights = {name: sizes[name] for name in names if sizes[name]}
    if not weights:
        return {}
    counts = dict.fromkeys(weights, 1 if total >= len(weights) else 0)
    left = total - sum(counts.values())
    whole = sum(weights.values())
    for name, weight in weights.items():
        counts[name] += left * weight // whole
    counts[max(weights, key=weights.__getitem__)] += total - sum(counts.values())
    return counts


def _lead_news(company: Company, record: Record) -> Record:
    inventor = company.inventor
    news: Record = {
        "stage": inventor.pick(words.NEXT_STAGES.get(record["stage"], words.STAGES)),
        "assigned_to": inventor.pick(inventor.team)["name"],
    }
    if inventor.chance(0.5):
        news["projected_value"] = inventor.money(80, 4000)
    if inventor.chance(0.5):
        news["notes"] = " ".join(filter(None, (record["notes"], inventor.pick(words.NOTES))))
    if inventor.chance(0.3):
        days = inventor.between(1, 21)
        news["follow_up_date"] = timestamp(company.now + timedelta(days=days))
    return news


def _customer_news(company: Company, record: Record) -> Record:
    # Not the name: plans and jobs show it too.
    inventor = company.inventor
    status = record["status"]
    if inventor.chance(0.2):
        status = "inactive" if status == "active" else "active"
    return {"phone": inventor.phone(), "notes": inventor.pick(TEXTS), "status": status}


def _pin_news(company: Company, _record: Record) -> Record:
    kind = company.inventor.pick(company.inventor.pin_types)
    return {"pin_type": {name: kind[name] for name in ("id", "color", "label")}}


def _pin_type_news(_company: Company, record: Record) -> Record:
    # The label only in its case: pins show it too, and are not rewritten.
    return {"label": record["label"].swapcase()}


def _plan_news(company: Company, record: Record) -> Record:
    """Let the plan's next job be done and paid; or end the plan."""
    done, pending = record["num_completed_jobs"], record["num_pending_jobs"]
    scheduled = record["num_scheduled_jobs"]
    jobs = done + pending + scheduled
    if done == jobs:
        return {"active": False, "total_received": record["sale_value"]}
    if scheduled:
        scheduled -= 1
    else:
        pending -= 1
    price = record["sale_value"] / jobs
    received = min(record["sale_value"], record["total_received"] + price)
    return {
        "num_completed_jobs": done + 1,
        "num_scheduled_jobs": scheduled,
        "num_pending_jobs": pending,
        "total_received": round(received, 2),
        "active": done + 1 < jobs and company.inventor.chance(0.95),
    }


def _job_news(company: Company, record: Record) -> Record:
    """Let the job be done if it was to come, else be paid."""
    if company.hidden("serviced_jobs", record["id"])["status"] != "Completed":
        visit = record["service_date"]
        if visit is None or datetime.fromisoformat(visit) > company.now:
            visit = timestamp(company.now - timedelta(hours=1))
        return {"status": "Completed", "service_date": visit}
    due, received = record["total_outstanding"], record["total_received"]
    return {"total_outstanding": 0.0, "total_received": round(due + received, 2)}


_NEWS: dict[str, Callable[[Company, Record], Record]] = {
    "leads": _lead_news,
    "customers": _customer_news,
    "pins": _pin_news,
    "pin_types": _pin_type_news,
    "service_plans": _plan_news,
    "serviced_jobs": _job_news,
}
