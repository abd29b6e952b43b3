"""The settings that only this tap has."""

from __future__ import annotations

from singer_sdk import typing as th

from paged_rest.settings import settings
from tap_nexus_erp.client import NEXUS_ERP

STATUSES = ["NOT_CONTACTED", "CONTACTED", "QUALIFIED", "CONVERTED", "LOST"]

SETTINGS = settings(
    NEXUS_ERP,
    th.Property(
        "status",
        th.StringType(allowed_values=STATUSES),
        title="Status",
        description=f"Read only the leads of this status: {', '.join(STATUSES)}.",
    ),
    th.Property(
        "search",
        th.StringType(),
        title="Search",
        description="Read only the leads whose name, e-mail, phone or company holds this text.",
    ),
    th.Property(
        "assigned_to_id",
        th.StringType(),
        title="Assigned to",
        description="Read only the leads of this member, by id; `unassigned` for those of nobody.",
    ),
    dated="updated",
    # Every run reads every page, so that a lookback would only send rows again.
    lookback_days=0,
)
