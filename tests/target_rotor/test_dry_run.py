"""By default nothing is sent: what would be is said, without anybody's data."""

from __future__ import annotations

from tests.harness.target import record, state

IDS = [f"00000000-0000-4000-a000-00000000000{number}" for number in range(4)]


def test_a_dry_run_says_what_would_happen_and_does_nothing(target, sandbox, tmp_path):
    result = target.run(
        record(id=IDS[0], stage="Won", notes="Secret"),
        record(id=IDS[1], stage="Won"),
        state("middle"),
        record(phone="612-555-0100", name="Secret"),
        record(id=IDS[2], email="Secret", assigned_to="Secret"),
        record(name="Secret"),
        record(id=IDS[3]),
        record("rotor_outbox-customers", id=IDS[1], status="inactive"),
        record("rotor_outbox-customers", id=IDS[1], status="inactive"),
        state("end"),
        dry_run=None,
        api_key=None,
        match="id_phone_email",
    )
    assert (result.status, result.states) == (0, [])
    assert result.lines == [
        "leads: 3 rows would be sent: 2 update, 1 update or create",
        "leads: fields: stage 2, notes 1, phone 1, name 1",
        "leads: 1 row would be refused: email is no e-mail address (row 4)",
        "leads: 1 row would be refused: assigned_to cannot be written (row 4)",
        "leads: 1 row would be refused: row has no id and no phone and no email (row 5)",
        "leads: 1 row would be refused: row asks for nothing (row 6)",
        "customers: 1 row would be sent: 1 update",
        "customers: fields: status 1",
        "customers: 1 row would be left out, as another asks for the very same",
        (
            "Nothing would be sent: Rotor may create 1 row, as so many have no id, and max_creates "
            "is 0"
        ),
        (
            "This is a dry run: no request was made, and no STATE is written. Set dry_run to "
            "false to send"
        ),
    ]
    # At a level that is on the screen under Meltano, too.
    assert result.lines == result.run.warnings
    assert sandbox.count() == 0
    assert {file.name for file in tmp_path.iterdir()} == {"input.jsonl", "target.json"}
    assert "Secret" not in result.run.stderr
    assert "555" not in result.run.stderr


def test_a_dry_run_of_nothing(target):
    result = target.run(state("end"), dry_run=True)
    assert result.lines[0] == "The input has no row"
    assert (result.status, result.states) == (0, [])
