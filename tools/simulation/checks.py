"""What must hold after a run: the promise of the README, and that tables equal the API."""

from __future__ import annotations

import typing as t
from datetime import UTC, datetime, timedelta

from tools.harness.warehouse import differences, living_ids

if t.TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    import psycopg

    from tools.sandbox import Company

SHOWN = 5
BEGINNING = datetime.min.replace(tzinfo=UTC)


class Wrong(Exception):
    """The warehouse, or the end of a run, is not what it must be."""


def ids(company: Company, names: Iterable[str]) -> dict[str, set[str]]:
    """Return the ids of all rows that the API shows, by list."""
    return {name: {row["id"] for row in company.rows(name)} for name in names}


def floor(state: t.Any, name: str, lookback_days: int) -> datetime | None:
    """Return from which creation date on a run must read a stream.

    None where that is not known: an interrupted read that goes on leaves out what it has read.
    """
    entry = (state or {}).get("bookmarks", {}).get(name, {})
    if entry.get("resume_point"):
        return None
    value = entry.get("replication_key_value")
    if not value:
        return BEGINNING
    return datetime.fromisoformat(value) - timedelta(days=lookback_days)


def created_since(company: Company, name: str, moment: datetime) -> set[str]:
    """Return the ids of all rows of a list that were created at a moment or later."""
    return {
        row["id"]
        for row in company.rows(name)
        if datetime.fromisoformat(row["created_at"]) >= moment
    }


def read(name: str, must: Collection[str], got: Collection[str]) -> None:
    """Check that a run has read rows: what was loaded by others may be stale.

    Raises:
        Wrong: It has not.
    """
    if missing := sorted(set(must) - set(got)):
        message = f"{name}: {len(missing)} rows that were there all the time were not read: "
        raise Wrong(message + ", ".join(missing[:SHOWN]))


def nothing_missing(
    connection: psycopg.Connection, name: str, must: Collection[str], since: str
) -> None:
    """Check that rows are alive in their table.

    Raises:
        Wrong: One is not.
    """
    if missing := sorted(set(must) - living_ids(connection, name)):
        message = f"{name}: {len(missing)} rows that were there since {since} are missing: "
        raise Wrong(message + ", ".join(missing[:SHOWN]))


def equal(connection: psycopg.Connection, company: Company, name: str) -> int:
    """Check a table against the API, row by row and column by column; return its rows.

    Raises:
        Wrong: They differ.
    """
    rows = company.rows(name)
    if found := differences(connection, name, rows):
        shown = "; ".join(found[:SHOWN])
        message = f"{name}: {len(found)} differences between table and API: {shown}"
        raise Wrong(message)
    return len(rows)


def forward(before: t.Any, after: t.Any) -> None:
    """Check that no bookmark of a state lies behind the former one.

    Raises:
        Wrong: One does.
    """
    for name, entry in (before or {}).get("bookmarks", {}).items():
        old = entry.get("replication_key_value")
        new = (after or {}).get("bookmarks", {}).get(name, {}).get("replication_key_value")
        if old and (not new or new < old):
            message = f"{name}: the bookmark went back from {old} to {new}"
            raise Wrong(message)
