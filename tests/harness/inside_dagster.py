"""What tests ask of Dagster, in its environment: prints JSON.

`plan` reads the codes of failed runs from stdin, by stream; `runs N` waits until N runs have ended.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
import typing as t

import dagster as dg
from dagster import DagsterEventType as Kind


def plan(failures: list[dict[str, str]]) -> dict[str, t.Any]:
    """Return what the definitions schedule, and which failures they retry."""
    definitions = importlib.import_module("definitions")
    repository = definitions.defs.get_repository_def()
    ticks = {
        schedule.name: (
            schedule.cron_schedule,
            schedule.evaluate_tick(dg.build_schedule_context(repository_def=repository)),
        )
        for schedule in repository.schedule_defs
    }
    return {
        "schedules": {
            name: [cron, [[run.partition_key, run.run_config] for run in tick.run_requests]]
            for name, (cron, tick) in ticks.items()
        },
        "retried": [
            [
                definitions.worth_a_retry({"counts": counts, "codes": codes})
                for counts in ({}, {"requests": 200}, {"requests": 201})
            ]
            for codes in failures
        ],
    }


def runs(number: int) -> list[dict[str, t.Any]]:
    """Return how the runs ended, the oldest first."""
    with dg.DagsterInstance.get() as instance:
        while True:
            found = instance.get_run_records(ascending=True)
            if sum(record.dagster_run.is_finished for record in found) >= number:
                return [ended(instance, record) for record in found]
            time.sleep(0.2)


def ended(instance: dg.DagsterInstance, record: t.Any) -> dict[str, t.Any]:
    """Return how a run ended."""
    run = record.dagster_run
    events: dict[Kind, list[t.Any]] = {
        kind: [entry.dagster_event for entry in instance.all_logs(run.run_id, of_type=kind)]
        for kind in (Kind.ASSET_MATERIALIZATION, Kind.STEP_UP_FOR_RETRY, Kind.STEP_FAILURE)
    }
    return {
        "company": run.tags["dagster/partition"],
        "status": run.status.value,
        "began": record.start_time,
        "ended": record.end_time,
        "retries": len(events[Kind.STEP_UP_FOR_RETRY]),
        "said": [
            event.step_failure_data.user_failure_data.description
            for event in events[Kind.STEP_FAILURE]
        ],
        "counts": [
            {name: value.value for name, value in event.materialization.metadata.items()}
            for event in events[Kind.ASSET_MATERIALIZATION]
        ],
    }


if __name__ == "__main__":
    answer = runs(int(sys.argv[2])) if sys.argv[1] == "runs" else plan(json.load(sys.stdin))
    json.dump(answer, sys.stdout)
