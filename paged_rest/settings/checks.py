"""The sentences for a setting that is wrong. Everything here runs before the first request."""

from __future__ import annotations

import difflib
import re
import typing as t
from fnmatch import fnmatch
from importlib.util import find_spec
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator

from paged_rest.timestamps import from_setting

if t.TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from jsonschema import ValidationError

    from paged_rest.http import Api

_DATE_LIKE = re.compile(r"[0-9TZ:+. -]{1,40}")

_KINDS = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "an object",
    "string": "text",
}


def problems(
    config: Mapping[str, t.Any],
    schema: Mapping[str, t.Any],
    api: Api,
    prefix: str,
    own: Callable[[Mapping[str, t.Any]], Iterable[str]],
) -> list[str]:
    """Return a sentence for each setting that cannot be used; none carries a secret.

    Args:
        config: Settings as the user gave them.
        schema: What `settings` returns, with the settings that the SDK adds.
        api: What the tap reads.
        prefix: What the names of environment variables begin with, as in `TAP_X_`.
        own: Yields a sentence for each of the tap's own settings whose value means nothing.
    """
    known = schema["properties"]
    if any(_other_else(holder) for holder in _maps(config)):
        # The SDK's schema of stream maps cannot even be asked then.
        return ["The setting stream_maps cannot be used: __else__ can only be __NULL__"]
    validator = Draft202012Validator({**schema, "additionalProperties": True, "required": []})
    found = [_sentence(error, known) for error in validator.iter_errors(config)]
    found += [missing(name, api, prefix) for name in schema["required"] if name not in config]
    found += [_unknown(name, known) for name in config if name not in known]
    return found or [*_meaningless(config, schema, api, prefix), *own(config)]


def unknown_in_maps(maps: object, fields: Mapping[str, Collection[str]]) -> Iterable[str]:
    """Yield a sentence for each stream map of nothing: what it was to mask would leave as it is.

    Args:
        maps: The setting stream_maps.
        fields: The fields of each stream.
    """
    for key, made in maps.items() if isinstance(maps, dict) else ():
        own = made if isinstance(made, dict) else {}
        source = str(own.get("__source__", key))
        streams = [name for name in fields if fnmatch(name, source)]
        if not streams and key != "__else__":
            yield f"The setting stream_maps names an unknown stream, {_quoted(source, fields)}"
        known = {field for name in streams for field in fields[name]}
        gone = [name for name, value in own.items() if value in (None, "None", "__NULL__")]
        for name in gone if streams else ():
            if name not in known and not name.startswith("__"):
                yield f"The setting stream_maps takes an unknown field away, {_quoted(name, known)}"


def missing(name: str, api: Api, prefix: str) -> str:
    """Return the sentence for a setting that must be given, and is not."""
    hint = {
        "api_key": f"A key is made in {api.key_origin}",
        "api_url": f"It is an address as in {api.url_base}",
    }.get(name, "It has no default")
    variable = prefix + name.upper()
    return f"The setting {name} is missing. {hint}; set it as {variable} or in the config file"


def _maps(config: Mapping[str, t.Any]) -> list[object]:
    maps = config.get("stream_maps")
    return [maps, *maps.values()] if isinstance(maps, dict) else []


def _other_else(holder: object) -> bool:
    return isinstance(holder, dict) and holder.get("__else__") not in (None, "__NULL__")


def _sentence(error: ValidationError, known: Mapping[str, t.Any]) -> str:
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
    if error.validator == "enum":
        return f"The setting {name} must be one of {', '.join(map(str, rule['enum']))}"
    if declared.get("secret"):
        return f"The setting {name} cannot be used"
    return f"The setting {name} cannot be used: {error.message}"


def _unknown(name: str, known: Iterable[str]) -> str:
    return f"There is no setting {_quoted(name, known)}"


def _quoted(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"{name[:60]!r}{hint}"


def _meaningless(
    config: Mapping[str, t.Any], schema: Mapping[str, t.Any], api: Api, prefix: str
) -> Iterable[str]:
    key = config.get("api_key") or ""
    if not key and "api_key" in schema["required"]:
        yield missing("api_key", api, prefix)
    elif key and (not key.isascii() or not key.isprintable() or " " in key):
        yield "The setting api_key holds a space, a line break or another character no key has"
    if not _is_address(config.get("api_url", api.url_base)):
        yield f"The setting api_url must be an address as in {api.url_base}"
    if config.get("faker_config") and find_spec("faker") is None:
        yield "The setting faker_config needs the package faker installed beside the tap"
    start_date = config.get("start_date")
    if start_date:
        try:
            from_setting(start_date)
        except ValueError:
            # What looks like no date at all may be the key, pasted into the wrong line.
            shown = f", and is {start_date!r}" if _DATE_LIKE.fullmatch(start_date) else ""
            yield (
                "The setting start_date must be a date or a moment as in 2026-01-31 or "
                f"2026-01-31T00:00:00Z{shown}"
            )


def _is_address(value: str) -> bool:
    try:
        url = urlsplit(value)
        port = url.port
    except ValueError:
        return False
    plain = not (url.query or url.fragment or url.username or url.password or port == 0)
    return url.scheme in {"http", "https"} and bool(url.hostname) and plain


def _listed(types: str | list[str]) -> list[str]:
    return [types] if isinstance(types, str) else types
