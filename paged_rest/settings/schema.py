"""The settings that every tap on this package has, as JSON Schema."""

from __future__ import annotations

import typing as t

from singer_sdk import typing as th

if t.TYPE_CHECKING:
    from paged_rest.http import Api


# What `settings` declares for every tap, and the engine counts on.
COMMON_SETTINGS = frozenset(
    {
        *("api_key", "api_url", "start_date", "lookback_days", "page_size", "request_budget"),
        *("request_timeout", "retry_minutes", "emit_activate_version_messages"),
        *("use_singer_decimal", "json_as_string"),
    }
)


def settings(
    api: Api, *own: th.Property[t.Any], dated: str = "created", lookback_days: int = 30
) -> dict[str, t.Any]:
    """Return the JSON Schema of a tap's settings: those of every such tap, and its own between.

    Args:
        api: What the tap reads.
        own: Settings that only this tap has.
        dated: What happened to a row at the moment that it is replicated by, as in `created`.
        lookback_days: Default of the setting of that name.

    Raises:
        TypeError: One of its own settings has the name of one that every tap has.
    """
    taken = sorted(COMMON_SETTINGS.intersection(setting.name for setting in own))
    if taken:
        message = f"Every tap has a setting {', '.join(taken)}: choose another name"
        raise TypeError(message)
    quota = f"; the API allows a key {api.requests_a_day:,} a day" if api.requests_a_day else ""
    costs = "cost more of the quota" if api.requests_a_day else "take more requests"
    return th.PropertiesList(
        th.Property(
            "api_key",
            th.StringType(nullable=False),
            required=True,
            secret=True,
            title="API key",
            description=f"Key of one {api.key_owner}, made in {api.key_origin}.",
        ),
        th.Property(
            "api_url",
            th.StringType(nullable=False),
            required=api.url_is_example,
            default=None if api.url_is_example else api.url_base,
            title="API URL",
            description="Address that every path is appended to"
            + (f", as in {api.url_base}." if api.url_is_example else "."),
        ),
        th.Property(
            "start_date",
            th.DateTimeType(),
            title="Start date",
            description=(
                f"Rows {dated} before this moment are left out of streams that are read "
                "incrementally. ISO 8601; without an offset it is UTC."
            ),
        ),
        th.Property(
            "lookback_days",
            th.IntegerType(minimum=0, maximum=36500),
            default=lookback_days,
            title="Lookback (days)",
            description=(
                "How far behind its bookmark an incremental run reads again, so that edits "
                "of recent rows arrive."
            ),
        ),
        th.Property(
            "page_size",
            th.IntegerType(minimum=1, maximum=api.largest_page),
            default=api.largest_page,
            title="Page size (rows)",
            description=f"Rows asked for in one request; fewer rows {costs}.",
        ),
        *own,
        th.Property(
            "request_budget",
            th.IntegerType(minimum=1),
            title="Request budget",
            description=f"Stop politely after this many requests in one run{quota}.",
        ),
        th.Property(
            "request_timeout",
            th.IntegerType(minimum=1, maximum=3600),
            default=60,
            title="Request timeout (seconds)",
            description="How long to wait for the next bytes of an answer.",
        ),
        th.Property(
            "retry_minutes",
            th.IntegerType(minimum=0, maximum=1440),
            default=5,
            title="Retry (minutes)",
            description=(
                "How long one run tries failing requests again, all in all; a fault that passes "
                "does not count. 0 tries once."
            ),
        ),
        th.Property(
            "emit_activate_version_messages",
            th.BooleanType(),
            default=False,
            title="Emit `ACTIVATE_VERSION` messages",
            description=(
                "After a list was read completely, tell the target to remove the rows that "
                "are gone at the source."
            ),
        ),
        th.Property(
            "use_singer_decimal",
            th.BooleanType(),
            default=False,
            title="Use Singer decimal",
            description=(
                "Send numbers other than counts as text of the format `x-singer.decimal`, with "
                "precision 38 and scale 9, for targets that would make floats of them."
            ),
        ),
        th.Property(
            "json_as_string",
            th.BooleanType(),
            default=False,
            title="JSON as string",
            description=(
                "Send objects of no declared properties (`extra_fields`) as JSON text, for "
                "targets that take no such objects."
            ),
        ),
        additional_properties=False,
    ).to_dict()
