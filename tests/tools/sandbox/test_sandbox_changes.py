"""Rounds of changes, what one change is, and changes from threads."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread

from tools.sandbox import Company
from tools.sandbox.changes import change
from tools.sandbox.create import LISTS
from tools.sandbox.rows import Level


def test_a_round_of_changes():
    company = Company(leads=1600)
    before = {name: {row["id"]: row for row in company.rows(name)} for name in LISTS}
    size = sum(len(company.rows(name, only_completed=False)) for name in LISTS)
    statuses = dict(before["serviced_jobs"])
    start = company.now
    summary = change(company)
    assert timedelta(hours=1) <= company.now - start <= timedelta(hours=6)
    for kind, share in (
        ("inserted", 0.01),
        ("edited", 0.02),
        ("archived", 0.004),
        ("deleted", 0.002),
    ):
        assert sum(len(kinds[kind]) for kinds in summary.values()) == round(share * size)
    for name in LISTS:
        kinds = summary[name]
        ids = [row_id for kind in kinds.values() for row_id in kind]
        assert len(ids) == len(set(ids))
        if name == "serviced_jobs":
            continue
        after = {row["id"]: row for row in company.rows(name)}
        assert set(after) - set(before[name]) == set(kinds["inserted"])
        assert set(before[name]) - set(after) == set(kinds["deleted"])
        for row_id, row in before[name].items():
            if row_id not in ids:
                assert after[row_id] == row
    assert len(summary["leads"]["edited"]) > 5
    assert statuses.keys() - {row["id"] for row in company.rows("serviced_jobs")} == {
        row_id
        for kind in ("archived", "deleted")
        for row_id in summary["serviced_jobs"][kind]
        if row_id in statuses
    }


def test_a_round_in_an_empty_company():
    company = Company(leads=0, pin_types=0)
    start = company.now
    summary = change(company)
    assert summary.keys() == set(LISTS)
    assert not any(ids for kinds in summary.values() for ids in kinds.values())
    assert start < company.now


def test_what_is_done_at_once_is_one_change():
    company = Company(leads=10)
    rows = company.lists["leads"]
    company.insert("leads", 5)
    assert rows.stale[Level.FULL] == 10
    with company.changing():
        company.insert("leads", 2)
        company.delete("leads", company.rows("leads")[0]["id"])
    assert rows.stale[Level.FULL] == 15
    company.insert("pins")
    assert rows.stale[Level.FULL] == 15


def test_threads_may_change_it():
    company = Company(leads=10)
    threads = [Thread(target=company.insert, args=("leads", 50)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = company.rows("leads")
    assert len(rows) == len({row["id"] for row in rows}) == 210
    assert [row["created_at"] for row in rows] == sorted(
        (row["created_at"] for row in rows), reverse=True
    )
