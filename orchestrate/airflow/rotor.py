"""For Airflow 3: each schedule of meltano.yml as a DAG. Link this file into the dags folder."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

PROJECT = Path(__file__).resolve().parents[2]
MELTANO_YML = yaml.safe_load((PROJECT / "meltano.yml").read_text(encoding="utf-8"))

for schedule in MELTANO_YML["schedules"]:
    name = schedule["name"]
    with DAG(
        f"rotor_{name.replace('-', '_')}",
        schedule=schedule["interval"],
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        # What was missed is read by the next run.
        catchup=False,
        max_active_runs=1,
        tags=["rotor"],
    ):
        BashOperator(
            task_id="load",
            # A run waits for the one before it, where Meltano would refuse it.
            bash_command=(
                f"exec flock --no-fork .meltano/cron.lock .venv/bin/meltano schedule run {name}"
            ),
            cwd=str(PROJECT),
            # The tap tries again by itself, and knows when that is in vain.
            retries=0,
            execution_timeout=timedelta(hours=3),
        )
