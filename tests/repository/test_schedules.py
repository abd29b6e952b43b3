"""The files for schedulers start what meltano.yml says, when it says so."""

from __future__ import annotations

import re

import pytest
import yaml

from tools.harness.project import ROOT

FOLDER = ROOT / "orchestrate"
SCHEDULES = {
    schedule["name"]: schedule["interval"]
    for schedule in yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))["schedules"]
}
DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]


def calendar(cron: str) -> str:
    """Return a cron expression of minute, hours and days of the week as systemd has it."""
    minute, hours, day, month, weekdays = cron.split()
    assert (day, month) == ("*", "*")
    hours = "..".join(f"{int(hour):02}" for hour in hours.split("-"))
    days = "..".join(DAYS[int(number)] for number in re.findall(r"\d", weekdays))
    return f"{days} *-*-* {hours}:{int(minute):02}:00".strip()


@pytest.mark.parametrize("name", SCHEDULES)
def test_systemd(name):
    timer = (FOLDER / "systemd" / f"tap-rotor-{name}.timer").read_text(encoding="utf-8")
    assert f"\nOnCalendar={calendar(SCHEDULES[name])}\n" in timer
    assert f"\nUnit=tap-rotor@{name}.service\n" in timer


def test_kubernetes():
    text = (FOLDER / "kubernetes" / "rotor.yaml").read_text(encoding="utf-8")
    jobs = {job["metadata"]["name"]: job["spec"] for job in yaml.safe_load(text)["items"]}
    assert {name: job["schedule"] for name, job in jobs.items()} == {
        f"rotor-{name}": interval for name, interval in SCHEDULES.items()
    }
    for name, job in jobs.items():
        (container,) = job["jobTemplate"]["spec"]["template"]["spec"]["containers"]
        assert container["args"] == ["schedule", "run", name.removeprefix("rotor-")]


def test_github_actions():
    workflow = yaml.safe_load((FOLDER / "github" / "rotor.yml").read_text(encoding="utf-8"))
    on = workflow[True]  # YAML's word for `on`
    assert [entry["cron"] for entry in on["schedule"]] == [*SCHEDULES.values()]
    assert on["workflow_dispatch"]["inputs"]["name"]["options"] == [*SCHEDULES]
    name = workflow["jobs"]["load"]["steps"][-1]["env"]["NAME"]
    named = {name: cron for cron, name in re.findall(r"schedule == '(.+?)' && '(.+?)'", name)}
    (otherwise,) = re.findall(r"\|\| '([^']+)' \}\}$", name)
    assert {otherwise: SCHEDULES[otherwise], **named} == SCHEDULES
