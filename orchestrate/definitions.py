"""Many companies, each with its own key, quota, schema and state: one Dagster partition each."""

# Annotations are Dagster's to read: no `from __future__ import annotations`, which hides them.
import sys
import typing as t
from pathlib import Path

import dagster as dg
import yaml

HERE = Path(__file__).resolve().parent
COMPANIES = (HERE / "companies.txt").read_text(encoding="utf-8").split()
MELTANO_YML = HERE.parent / "meltano.yml"
# Where a person must act, or the next day come (docs/ends.md).
FINAL = frozenset(
    {
        "address_wrong",
        "bad_settings",
        "budget_too_small",
        "key_refused",
        "list_denied",
        "map_failed",
        "quota_spent",
        "request_rejected",
        "row_without_id",
        "scope_missing",
    }
)
WELL = frozenset({"budget_spent", "complete", "left_out"})
# A failed run that cost more is not repeated on the same day: two such, a full refresh and the
# hourly runs fit into the 1,000 requests of a key.
CHEAP_REQUESTS = 200
RETRY_SECONDS = 600

companies = dg.StaticPartitionsDefinition(COMPANIES)


class Load(dg.Config):
    """How a run differs from others: environment variables for Meltano, as its schedules have."""

    env: dict[str, str] = {}  # noqa: RUF012 (a pydantic model copies it)


@dg.asset(
    partitions_def=companies,
    retry_policy=dg.RetryPolicy(max_retries=2, delay=RETRY_SECONDS),
    kinds={"meltano", "postgres"},
)
def rotor(
    context: dg.AssetExecutionContext, config: Load, pipes: dg.PipesSubprocessClient
) -> dg.MaterializeResult:
    """All lists of one company, in a schema of its own."""
    done = pipes.run(
        context=context,
        command=[sys.executable, str(HERE / "load.py")],
        extras={"env": config.env},
    )
    (outcome,) = done.get_custom_messages()
    if outcome["status"]:
        raise dg.Failure(outcome["said"], outcome["counts"], allow_retries=worth_a_retry(outcome))
    return dg.MaterializeResult(metadata=outcome["counts"])


def worth_a_retry(outcome: t.Mapping[str, t.Any]) -> bool:
    """Whether a failed run may succeed soon, and its key can afford another one today."""
    requests: int = outcome["counts"].get("requests", 0)
    failed = {*outcome["codes"].values()} - WELL
    # Where nothing of the tap failed, the loader did.
    return requests <= CHEAP_REQUESTS and not (failed and failed <= FINAL)


load = dg.define_asset_job("load", [rotor])


def every_company(schedule: t.Mapping[str, t.Any]) -> dg.ScheduleDefinition:
    """Return a schedule of meltano.yml as one of Dagster's, with a run for each company."""
    config = {"ops": {"rotor": {"config": {"env": schedule["env"]}}}}

    @dg.schedule(
        name=schedule["name"].replace("-", "_"), cron_schedule=schedule["interval"], job=load
    )
    def runs() -> list[dg.RunRequest]:
        return [dg.RunRequest(name, config, partition_key=name) for name in COMPANIES]

    return runs


defs = dg.Definitions(
    assets=[rotor],
    jobs=[load],
    schedules=[
        every_company(schedule)
        for schedule in yaml.safe_load(MELTANO_YML.read_text(encoding="utf-8"))["schedules"]
    ],
    executor=dg.in_process_executor,  # a run has a single step
    resources={"pipes": dg.PipesSubprocessClient(termination_timeout_seconds=60)},
)
