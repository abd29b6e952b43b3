"""Rounds of changes, what one change is, and changes from threads."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread

from tools.sandbox import Company
from tools.sandbox.create import LISTS
from tools.sandbox.rows import Level


def test_a_round_of_changes():
    company = Company(leads=400)
    before = {name: {row["id"]: row for row in company.rows(name)} for name in LISTS}
    statuses = dict(before["serviced_jobs"])
    start = company.now
    summary = company.change(inserts=60, edits=80, archives=12, deletes=9)
    assert timedelta(hours=1) <= company.now - start <= timedelta(hours=6)
    for kind, number in (("inserted", 60), ("edited", 80), ("archived", 12), ("deleted", 9)):
        assert sum(len(kinds[kind]) for kinds in summary.values()) == number
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
    summary = company.change(inserts=3, edits=3, archives=1, deletes=1)
    assert len(summary["leads"]["inserted"]) == 3
    assert len(company.rows("leads")) == 3


def test_one_change_is_one_version():
    company = Company(leads=10)
    rows = company.lists["leads"]
    version = rows.version
    company.insert("leads", 5)
    assert rows.version == version + 1
    assert rows.stale[Level.FULL] == 10
    with company.changing():
        company.insert("leads", 2)
        company.delete("leads", company.rows("leads")[0]["id"])
    assert rows.version == version + 2
    assert rows.stale[Level.FULL] == 15
    company.insert("pins")
    assert rows.version == version + 2


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
