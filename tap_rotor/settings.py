"""The tap's settings: their JSON Schema, and the sentences for a value that is wrong.

Everything here runs before the first request.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import typing as t
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator
from singer_sdk import typing as th

from tap_rotor.timestamps import timestamp

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from jsonschema import ValidationError

DEFAULT_API_URL = "https://api.getrotor.com/open-api"

_MISSING_KEY = (
    "The setting api_key is missing. A key is made in Rotor under Settings, Integrations; set it "
    "as TAP_ROTOR_API_KEY or in the config file"
)

SETTINGS = th.PropertiesList(
    th.Property(
        "api_key",
        th.StringType(nullable=False),
        required=True,
        secret=True,
        title="API key",
        description="Key of one Rotor company, made in Rotor under Settings, Integrations.",
    ),
    th.Property(
        "api_url",
        th.StringType(nullable=False),
        default=DEFAULT_API_URL,
        title="API URL",
        description="Address that every path is appended to.",
    ),
    th.Property(
        "start_date",
        th.DateTimeType(),
        title="Start date",
        description=(
            "Rows created before this moment are left out of streams that are read "
            "incrementally. ISO 8601; without an offset it is UTC."
        ),
    ),
    th.Property(
        "lookback_days",
        th.IntegerType(minimum=0, maximum=36500),
        default=30,
        title="Lookback (days)",
        description=(
            "How far behind its bookmark an incremental run reads again, so that edits "
            "of recent rows arrive."
        ),
    ),
    th.Property(
        "page_size",
        th.IntegerType(minimum=1, maximum=1000),
        default=1000,
        title="Page size (rows)",
        description="Rows asked for in one request; fewer rows cost more of the quota.",
    ),
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
    th.Property(
        "request_budget",
        th.IntegerType(minimum=1),
        title="Request budget",
        description=(
            "Stop politely after this many requests in one run; the API allows a key 1,000 a day."
        ),
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
            "How long a failing request is tried again before the run gives up; 0 tries once."
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
    additional_properties=False,
).to_dict()


_DATE_LIKE = re.compile(r"[0-9TZ:+. -]{1,40}")

# How the SDK reads an environment variable; of a boolean it takes all that it does not know as
# false.
_BOOLEANS = dict.fromkeys(["true", "1", "yes", "on", "false", "0", "no", "off"])
_FROM_TEXT: dict[str, tuple[Callable[[str], object], str]] = {
    "boolean": (lambda text: _BOOLEANS[text.lower()], "true or false"),
    "integer": (int, "a whole number"),
    "object": (json.loads, "an object as JSON"),
}

_KINDS = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "an object",
    "string": "text",
}


def problems(config: Mapping[str, t.Any], schema: Mapping[str, t.Any]) -> list[str]:
    """Return a sentence for each setting that cannot be used; none carries a secret.

    Args:
        config: Settings as the user gave them.
        schema: `SETTINGS` with the settings that the SDK adds.
    """
    known = schema["properties"]
    found = [
        _sentence(error, known)
        for error in Draft202012Validator({**schema, "additionalProperties": True}).iter_errors(
            config
        )
    ]
    found += [_unknown(name, known) for name in config if name not in known]
    return found or [*_semantic_problems(config)]


def _sentence(error: ValidationError, known: Mapping[str, t.Any]) -> str:
    if error.validator == "required" and not error.path:
        return _MISSING_KEY
    name = ".".join(str(part) for part in error.path)
    declared = known.get(str(error.path[0]), {}) if error.path else {}
    rule: t.Any = error.schema
    if error.validator == "type":
        kinds = [kind for kind in _listed(rule["type"]) if kind != "null"]
        wanted = " or ".join(_KINDS.get(kind, kind) for kind in kinds)
        return f"The setting {name} must be {wanted}"
    if error.validator in {"minimum", "maximum"}:
        low, high = rule.get("minimum"), rule.get("maximum")
        wanted = f"from {low:,}" + ("" if high is None else f" to {high:,}")
        return f"The setting {name} must be {wanted}, and is {error.instance:,}"
    if declared.get("secret"):
        return f"The setting {name} cannot be used"
    return f"The setting {name} cannot be used: {error.message}"


def _unknown(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"There is no setting {name[:60]!r}{hint}"


def _semantic_problems(config: Mapping[str, t.Any]) -> Iterable[str]:
    key = config["api_key"]
    if not key:
        yield _MISSING_KEY
    elif not key.isascii() or not key.isprintable() or " " in key:
        yield "The setting api_key holds a space, a line break or another character no key has"
    if not _is_address(config.get("api_url", DEFAULT_API_URL)):
        yield "The setting api_url must be an address as in " + DEFAULT_API_URL
    start_date = config.get("start_date")
    if start_date:
        try:
            timestamp(start_date)
        except ValueError:
            # What looks like no date at all may be the key, pasted into the wrong line.
            shown = f", and is {start_date!r}" if _DATE_LIKE.fullmatch(start_date) else ""
            yield (
                "The setting start_date must be a date or a moment as in 2026-01-31 or "
                f"2026-01-31T00:00:00Z{shown}"
            )
    if any("," in tag for tag in config.get("lead_tags", [])):
        yield "The setting lead_tags holds a tag with a comma, which the API would take for two"
    for name, what in (("lead_tags", "tag"), ("lead_ids", "id")):
        if not all(config.get(name, [])):
            yield f"The setting {name} holds an empty {what}"
    if {".", ".."}.intersection(config.get("lead_ids", [])):
        yield "The setting lead_ids holds dots, which mean another address"


def _is_address(value: str) -> bool:
    try:
        url = urlsplit(value)
        port = url.port
    except ValueError:
        return False
    plain = not (url.query or url.fragment or url.username or port == 0)
    return url.scheme in {"http", "https"} and bool(url.hostname) and plain


def environment_problems(schema: Mapping[str, t.Any], prefix: str) -> Iterable[str]:
    """Yield a sentence for each environment variable that cannot be read as its setting.

    Args:
        schema: As for `problems`.
        prefix: What the names of the variables begin with, as in `TAP_ROTOR_`.
    """
    for name, declared in schema["properties"].items():
        variable = prefix + name.upper()
        value = os.environ.get(variable)
        if value is None:
            continue
        for kind in _listed(declared.get("type", [])):
            reads, wanted = _FROM_TEXT.get(kind, (str, ""))
            try:
                reads(value)
            except (KeyError, ValueError, RecursionError):
                yield f"The environment variable {variable} must be {wanted}"


def _listed(types: str | list[str]) -> list[str]:
    return [types] if isinstance(types, str) else types
