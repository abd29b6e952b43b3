"""docs/write-back.md, as it stands there: from a dry run to an outbox that stays empty."""

from __future__ import annotations

import typing as t

import pytest

from tests.harness.documents import blocks
from tests.harness.transform import rows
from tools.sandbox import Company, Sandbox

if t.TYPE_CHECKING:
    import psycopg

    from tests.harness.project import Project

FILE = "docs/write-back.md"
OUTBOX = "select id from rotor_outbox.leads"
RECEIPTS = "select outcome, count(*) from target_rotor.receipts group by 1"

pytestmark = pytest.mark.long


@pytest.fixture
def company() -> Company:
    return Company(leads=60)


def wishes(company: Company) -> dict[str, dict[str, t.Any]]:
    """Return what the leads that the example is about must become, by id."""
    return {
        lead["id"]: {**lead, "priority": "high", "tags": [*lead["tags"], "large"]}
        for lead in company.rows("leads")
        if (lead["projected_value"] or 0) >= 3000 and not lead["archived"]
    }


def test_round_trip(
    company: Company, sandbox: Sandbox, project: Project, database: psycopg.Connection
) -> None:
    first, second, dry_run = blocks(FILE, "A first dry run")
    (sending,) = blocks(FILE, "Sending")
    before = {lead["id"]: lead for lead in company.rows("leads")}
    want = wishes(company)
    assert len(want) > 5
    for block in (first, second):
        file = project.directory / block.text.splitlines()[0].removeprefix("-- ")
        file.parent.mkdir(exist_ok=True)
        file.write_text(block.text)

    printed = project.run(dry_run.text)
    assert f"leads: {len(want)} rows would be sent: {len(want)} update" in printed
    assert sandbox.posted == []

    project.set(TARGET_ROTOR_API_URL=sandbox.url, TARGET_ROTOR_API_KEY=sandbox.api_key)
    project.run(sending.text)
    after = {lead["id"]: lead for lead in company.rows("leads")}
    assert after == {**before, **want}
    assert len(sandbox.posted) == len(want)
    assert dict(rows(database, RECEIPTS)) == {"updated": len(want)}

    # The receipts alone keep back what is old: only young leads are read again.
    oldest = min(want.values(), key=lambda lead: lead["created_at"])["id"]
    company.edit("leads", oldest, priority="low")
    project.run(sending.commands[0])
    assert rows(database, OUTBOX) == []
    assert len(sandbox.posted) == len(want)

    project.run(sending.commands[0], MELTANO_RUN_FULL_REFRESH="true")
    assert company.row("leads", oldest) == want[oldest]
    assert len(sandbox.posted) == len(want) + 1
