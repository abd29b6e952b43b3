"""The settings that only this tap has, and the sentences for values of theirs that are wrong."""

from __future__ import annotations

import typing as t

from singer_sdk import typing as th

from paged_rest.settings import settings
from tap_rotor.client import ROTOR

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SETTINGS = settings(
    ROTOR,
    th.Property(
        "include_archived",
        th.BooleanType(),
        default=True,
        title="Include archived",
        description=(
            "Read archived leads and customers too; without them, archiving makes a row "
            "stand still in the warehouse."
        ),
    ),
    th.Property(
        "lead_stage",
        th.StringType(),
        title="Lead stage",
        description="Read only the leads of this pipeline stage.",
    ),
    th.Property(
        "lead_tags",
        th.ArrayType(th.StringType(nullable=False)),
        title="Lead tags",
        description="Read only the leads that have any of these tags.",
    ),
    th.Property(
        "lead_ids",
        th.ArrayType(th.StringType(nullable=False)),
        title="Lead ids",
        description=("Read just these leads, one request each, and leave the bookmark alone."),
    ),
    th.Property(
        "only_completed_jobs",
        th.BooleanType(),
        default=True,
        title="Only completed jobs",
        description=(
            "Read only completed jobs; otherwise all that are neither archived nor quotes."
        ),
    ),
)


def problems(config: Mapping[str, t.Any]) -> Iterable[str]:
    """Yield a sentence for each setting of the right type whose value means nothing."""
    if any("," in tag for tag in config.get("lead_tags", [])):
        yield "The setting lead_tags holds a tag with a comma, which the API would take for two"
    for name, what in (("lead_tags", "tag"), ("lead_ids", "id")):
        if not all(config.get(name, [])):
            yield f"The setting {name} holds an empty {what}"
    if {".", ".."}.intersection(config.get("lead_ids", [])):
        yield "The setting lead_ids holds dots, which mean another address"
