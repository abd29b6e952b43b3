"""The key and what is known of people stay out of logs, state and `--about`, at DEBUG too."""

from __future__ import annotations

import typing as t

import pytest

from tests.harness.clock import Clock
from tests.harness.run import Run, invoke
from tests.harness.tap import KEY, Tap
from tools.sandbox import Company, Sandbox

if t.TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


DEBUG = {"LOGLEVEL": "DEBUG"}
# What no log may show, wherever it stands in a row.
NAME, EMAIL, PHONE = "Zerlina Quax", "zerlina@quax.example", "+1 999 555 0142"
NOTES, VALUE = "Her dog bites; the spare key is under the mat", "nobody's business"
PERSONAL = (NAME, EMAIL, PHONE, NOTES, VALUE, "Zerlina", "Quax", "bites", "555 0142")
RUNS: dict[str, dict[str, t.Any]] = {
    "ok": {},
    "401": {"kind": "status", "status": 401},
    "403": {"kind": "status", "status": 403},
    "firewall": {"kind": "status", "status": 403, "body": f"<html>{EMAIL} {VALUE}</html>"},
    "400": {
        "kind": "status",
        "status": 400,
        "body": {
            "message": f"{NAME} {VALUE}",
            "errors": [{"field": EMAIL, "message": VALUE}, {"field": "email", "message": EMAIL}],
        },
    },
    "404": {"kind": "status", "status": 404, "body": {"message": VALUE}},
    "redirect": {
        "kind": "status",
        "status": 302,
        "headers": {"Location": "https://elsewhere.example/?who=zerlina@quax.example"},
    },
    "429 daily": {"kind": "status", "status": 429},
    "429 short": {"kind": "status", "status": 429, "retry_after": 1},
    "500": {"kind": "status", "status": 500, "body": {"message": f"{NAME} {VALUE}"}},
    "reset": {"kind": "reset"},
    "cut": {"kind": "cut_fin"},
    "bad gzip": {"kind": "bad_gzip"},
    "broken JSON": {"kind": "bad_json"},
    "no data": {"kind": "no_data"},
    "error": {
        "kind": "status",
        "status": 200,
        "body": {"status": "error", "message": VALUE, "data": [{"name": NAME}]},
    },
    "row without id": {
        "kind": "status",
        "status": 200,
        "body": {"data": [{"name": NAME, "email": EMAIL}]},
    },
    "row is text": {"kind": "status", "status": 200, "body": {"data": [EMAIL]}},
}


@pytest.fixture
def company() -> Company:
    company = Company(leads=15, customers=10, pins=10)
    person: dict[str, t.Any] = {"email": EMAIL, "phone": PHONE, "notes": NOTES}
    company.insert("leads", name=NAME, **person)
    company.insert("customers", first_name="Zerlina", last_name="Quax", **person)
    company.insert("pins", created_by={"name": NAME, "email": EMAIL, "user_id": "x"})
    # What the schema does not know or does not fit, with people in it.
    company.insert("leads", mood=VALUE, projected_value=f"{VALUE} {EMAIL}", tags=[{"who": NAME}])
    company.insert("leads", created_at=VALUE, follow_up_date=PHONE, location=[EMAIL, NAME])
    company.insert("leads", notes=f"{NOTES}\0\ud800", archived=NAME)
    company.insert("customers", address={"city": {"of": NAME}, "door": VALUE}, tags=EMAIL)
    company.insert(
        "serviced_jobs", status="Completed", technicians=[{"name": [NAME], "email": 5}, EMAIL]
    )
    company.insert("pin_types", label={"who": NAME}, color=None)
    return company


@pytest.fixture
def sandbox(company: Company) -> Iterator[Sandbox]:
    with Sandbox(company) as server:
        yield server


@pytest.fixture
def tap(sandbox: Sandbox, tmp_path: Path) -> Tap:
    return Tap(tmp_path, sandbox, page_size=10, retry_minutes=1)


def assert_discreet(result: Run, *allowed: str) -> None:
    assert "urllib3" in result.stderr, "not at DEBUG"
    states = str(result.states)
    for text in (KEY, *PERSONAL):
        if text not in allowed:
            assert text not in result.stderr
            assert text not in states


def test_the_data_is_there_to_be_leaked(tap):
    for text in (NAME, EMAIL, PHONE, "bites", VALUE):
        assert text in tap.succeed().stdout


@pytest.mark.slow
@pytest.mark.parametrize("rule", RUNS.values(), ids=RUNS)
def test_no_run_at_debug_tells_the_key_or_people(tap, sandbox, monkeypatch, rule):
    Clock(monkeypatch)
    if rule:
        sandbox.rule(path="/leads", page=1, **rule)
        sandbox.rule(path="/customers", page=2, times=None, **rule)
    result = tap.run(env=DEBUG)
    assert result.status == (1 if rule else 0)
    assert_discreet(result)


def test_a_summary_names_misfits_and_no_value(tap):
    warnings = tap.succeed().warnings
    unknown = "kept in extra_fields, as fields that the schema does not know"
    misfits = "kept in extra_fields, as values that do not fit their type"
    assert warnings == [
        f"leads: {unknown}: mood (1)",
        (
            f"leads: {misfits}: archived (1), created_at (1), location.0 (1), location.1 (1), "
            "projected_value (1), tags.0 (1)"
        ),
        f"pin_types: {misfits}: label (1)",
        f"customers: {unknown}: address.door (1)",
        f"customers: {misfits}: address.city (1), tags (1)",
        (
            f"serviced_jobs: {misfits}: technicians.0.name (1), technicians.0.email (1), "
            "technicians.1 (1)"
        ),
    ]


def test_a_name_of_a_field_stays_in_its_line(tap, company):
    company.insert("leads", **{"x\n2026-01-01 00:00:00,000 | ERROR    | tap-rotor | no\x1b[31m": 1})
    unknown, *_ = tap.succeed("leads").warnings
    assert "x\ufffd2026-01-01 00:00:00,000 | ERROR    | tap-rotor | no\ufffd[31m (1)" in unknown


def test_leads_by_id_tell_no_more_than_the_id(tap, sandbox):
    ids = [row["id"] for row in sandbox.company.rows("leads")[:3]]
    assert_discreet(tap.succeed(lead_ids=[*ids, "gone"], env=DEBUG))


def test_an_interrupted_read_keeps_no_row_in_its_state(tap, company):
    odd = [row["id"] for row in company.rows("leads") if row["created_at"] == VALUE]
    company.delete("leads", odd)
    result = tap.succeed(request_budget=1, env=DEBUG)
    assert result.states[-1]["bookmarks"]["leads"]["resume_point"] != []
    assert_discreet(result)


def test_discovery_about_and_connection_test_do_not_tell_the_key(tap):
    for arguments in (
        ["--about"],
        ["--about", "--format=json"],
        ["--discover"],
        ["--test"],
        ["--test=schema"],
    ):
        result = tap.run(args=arguments, env=DEBUG)
        assert result.status == 0
        assert KEY not in result.stderr
        if arguments != ["--test"]:
            assert KEY not in result.stdout


def test_a_key_in_the_environment_is_not_told(sandbox):
    env = {"TAP_ROTOR_API_KEY": KEY, "TAP_ROTOR_API_URL": sandbox.url, **DEBUG}
    for arguments in (["--config=ENV"], ["--config=ENV", "--about"], ["--config=ENV", "--test"]):
        result = invoke(arguments, env)
        assert result.status == 0
        assert KEY not in result.stderr
