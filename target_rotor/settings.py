"""The settings of the target. Those of the connection are the tap's own."""

from __future__ import annotations

import typing as t

from singer_sdk import typing as th

from paged_rest.settings import missing
from tap_rotor.client import ROTOR
from tap_rotor.settings import SETTINGS as OF_THE_TAP

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_TAP = OF_THE_TAP["properties"]
_OWN = th.PropertiesList(
    th.Property(
        "dry_run",
        th.BooleanType(),
        default=True,
        title="Dry run",
        description=(
            "Say what would be sent and what would be refused, make no request, and write no "
            "STATE. Set it to false to send."
        ),
    ),
    th.Property(
        "match",
        th.StringType(allowed_values=["id", "id_phone_email"]),
        default="id",
        title="Match",
        description=(
            "What a row must have: its id, or else a phone or an e-mail by which Rotor finds "
            "it, or creates it."
        ),
    ),
    th.Property(
        "max_writes",
        th.IntegerType(minimum=0),
        default=100,
        title="Most rows",
        description="Send nothing at all if more rows than this would be sent.",
    ),
    th.Property(
        "max_creates",
        th.IntegerType(minimum=0),
        default=0,
        title="Most creations",
        description=(
            "Send nothing at all if more rows than this have no id, and stop at once if Rotor "
            "creates more than this."
        ),
    ),
    th.Property(
        "request_budget",
        th.IntegerType(minimum=1),
        default=400,
        title="Request budget",
        description=(
            "Send nothing at all if more requests than this are needed, and stop after this "
            "many. The API allows a key 1,000 a day, of which the tap's schedules take up to "
            "556: a key of its own leaves target-rotor all of them."
        ),
    ),
    th.Property(
        "write_nulls",
        th.BooleanType(),
        default=False,
        title="Write nulls",
        description=(
            "Send a null, or an empty text, so that Rotor clears the field; otherwise it means "
            "that nothing is wished for."
        ),
    ),
    th.Property(
        "on_refusal",
        th.StringType(allowed_values=["fail", "stop", "skip"]),
        default="fail",
        title="On refusal",
        description=(
            "What a refused row does: `fail` sends the others and ends with status 1, `stop` "
            "sends nothing more, `skip` sends the others and ends with status 0."
        ),
    ),
    th.Property(
        "receipts_path",
        th.StringType(nullable=False),
        default="output/target_rotor/receipts.jsonl",
        title="Path of the receipts",
        description="File that a receipt of each row is added to, as Singer messages.",
    ),
    additional_properties=False,
).to_dict()
SETTINGS: dict[str, t.Any] = {
    **_OWN,
    # Not required: a dry run makes no request.
    "required": [],
    "properties": {
        "api_key": {
            **_TAP["api_key"],
            "description": f"{_TAP['api_key']['description']} A dry run needs none.",
        },
        "api_url": _TAP["api_url"],
        **_OWN["properties"],
        "request_timeout": _TAP["request_timeout"],
        "retry_minutes": _TAP["retry_minutes"],
    },
}


def problems(config: Mapping[str, t.Any], prefix: str) -> Iterable[str]:
    """Yield a sentence for each setting of the right type whose value means nothing.

    Args:
        config: The settings that are given, without defaults.
        prefix: What the names of environment variables begin with.
    """
    if not config.get("dry_run", True) and not config.get("api_key"):
        yield missing("api_key", ROTOR, prefix)
    if config.get("receipts_path") == "":
        yield "The setting receipts_path is empty"
