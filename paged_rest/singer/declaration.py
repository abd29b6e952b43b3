"""What a list declares; what the reading does not support is refused when the class is made.

The reading trusts what a list declares. With a false declaration it would lose rows and call
that proven, so nothing of the kind gets as far as a run.
"""

from __future__ import annotations

import inspect
import typing as t

from singer_sdk.schema.source import StreamSchema
from singer_sdk.streams.core import Stream

from paged_rest.records import EXTRA_FIELDS
from paged_rest.settings import COMMON_SETTINGS

if t.TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from paged_rest.http import Api

# The name of the stream that tells how lists were read.
READS = "reads"

# What each attribute must be, on the class itself.
_KINDS: dict[str, t.Any] = {
    "name": str,
    "path": str,
    "valid_replication_key": str | None,
    "created": str | None,
    "newest_first": bool,
    "since_param": str | None,
    "paged": bool,
    "filters_by_setting": dict,
    "stable_filters": dict,
}


class ListDeclaration:
    """What a class says of a list; one that names no path is a base for others.

    Attributes:
        name: Name of the stream.
        path: Path below the API's address.
        valid_replication_key: The field that it can be read incrementally by, if any. Set
            `replication_key` to the same field to make INCREMENTAL the default.
        created: The field that says when a row was created, if there is one. It must tell the
            time of day: a date alone would make a row that is created during a read look older.
        newest_first: Whether the API promises the list ordered by `created`, newest first, and
            that new rows enter at its head.
        since_param: Query parameter that leaves out rows before a time, if there is one.
        paged: Whether the list comes in pages.
        filters_by_setting: Query parameters, each with the setting that it takes its value from.
        stable_filters: For each of these parameters, the values with which the list can be read
            like an unfiltered one: no row with an old `created` enters it later, and a row that
            leaves it is gone. With any other value, every run reads the whole list (twice if it
            is not `newest_first` and has several pages), and reports no deletions to the target.
    """

    name: str
    path: t.ClassVar[str]
    valid_replication_key: t.ClassVar[str | None] = None
    created: t.ClassVar[str | None] = "created_at"
    newest_first: t.ClassVar[bool] = False
    since_param: t.ClassVar[str | None] = None
    paged: t.ClassVar[bool] = True
    filters_by_setting: t.ClassVar[Mapping[str, str]] = {}
    stable_filters: t.ClassVar[Mapping[str, Collection[str]]] = {}

    def __init_subclass__(cls, **options: t.Any) -> None:
        """Refuse a declaration that the reading does not support.

        Raises:
            TypeError: The declaration is not supported; the message says what to change.
        """
        super().__init_subclass__(**options)
        if hasattr(cls, "path"):
            refuse_unsupported_list(cls)


def refuse_unsupported_list(stream: type[ListDeclaration]) -> None:
    """Refuse a list whose declaration the reading does not support.

    Raises:
        TypeError: The declaration is not supported; the message says what to change.
    """
    # The others take what the first is about for granted.
    _refuse(stream.__name__, _about_values(stream))
    others = (_about_keys, _about_schema, _about_overrides)
    _refuse(stream.__name__, [problem for about in others for problem in about(stream)])


def refuse_unsupported_lists(
    tap: str, lists: Sequence[type[ListDeclaration]], api: Api, settings: Mapping[str, t.Any]
) -> None:
    """Refuse a tap whose lists do not go together, or not with its API or its settings.

    Raises:
        TypeError: The declaration is not supported; the message says what to change.
    """
    _refuse(tap, _about_lists(lists, api, settings))


def _refuse(name: str, problems: Iterable[str]) -> None:
    if found := "; ".join(problems):
        message = f"{name} cannot be read completely as it is declared: {found}"
        raise TypeError(message)


def _about_values(stream: type[ListDeclaration]) -> Iterable[str]:
    for name, kind in _KINDS.items():
        value = inspect.getattr_static(stream, name, None)
        if not isinstance(value, kind) or value == "":
            kinds = getattr(kind, "__name__", kind)
            yield f"its {name} must be a plain value of type {kinds}, set on the class"


def _about_keys(stream: type[ListDeclaration]) -> Iterable[str]:
    created, valid_key = stream.created, stream.valid_replication_key
    default_key = _declared(stream, "replication_key")
    if default_key and default_key != valid_key:
        yield (
            f"its replication_key is {default_key}, but its valid_replication_key is {valid_key}; "
            "declare the same field for both"
        )
    if stream.newest_first and not created:
        yield "newest_first says that it is ordered by `created`, which is None"
    elif stream.newest_first and valid_key not in {None, created}:
        yield (
            f"newest_first says that it is ordered by {created}, but it is replicated by "
            f"{valid_key}: an old row whose {valid_key} is new would never be read again. Leave "
            "newest_first out, or replicate by the field that it is ordered by"
        )
    if stream.since_param and not valid_key:
        yield "since_param is never sent without a valid_replication_key"
    elif stream.since_param and created not in {None, valid_key}:
        yield (
            f"since_param lets rows enter by {valid_key}, so that {created} does not tell which "
            "rows were there before: declare created = None"
        )
    for param, values in stream.stable_filters.items():
        if isinstance(values, str):
            yield f"its stable_filters must give {param} a set of values, not one text"
    if tuple(_declared(stream, "primary_keys") or ()) != ("id",):
        yield 'rows are identified by `id`, so its primary_keys must be ("id",)'


def _about_schema(stream: type[ListDeclaration]) -> Iterable[str]:
    schema = _schema(stream)
    if schema is None:
        yield "its schema is not a dict or a StreamSchema on the class"
        return
    properties = schema.get("properties", {})
    for name in dict.fromkeys([stream.created, stream.valid_replication_key]):
        if name and not _is_string(properties.get(name), "date-time"):
            yield f"its schema does not declare {name} as a string of format date-time"
    if not _is_string(properties.get("id"), None):
        yield "its schema does not declare id as a string"
    if EXTRA_FIELDS not in properties:
        yield f"its schema does not declare {EXTRA_FIELDS}"


def _about_overrides(stream: type[ListDeclaration]) -> Iterable[str]:
    for name in ("parent_stream_type", "partitions", "post_process", "replication_key"):
        declared = inspect.getattr_static(stream, name, None)
        if name == "replication_key" and not isinstance(declared, property):
            continue
        if declared is not inspect.getattr_static(Stream, name):
            yield f"it overrides {name}, which is not supported"


def _about_lists(
    lists: Sequence[type[ListDeclaration]], api: Api, settings: Mapping[str, t.Any]
) -> Iterable[str]:
    if bases := [stream.__name__ for stream in lists if not hasattr(stream, "path")]:
        yield from (f"{name} has no path" for name in bases)
        return
    names = [READS, *(stream.name.casefold() for stream in lists)]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"two streams are called {name}"
    for missing in sorted(COMMON_SETTINGS - settings["properties"].keys()):
        yield f"its settings lack {missing}, which `settings()` declares for every tap"
    for stream in lists:
        since = stream.since_param
        if since in stream.filters_by_setting:
            yield f"{stream.name} sends {since} both as a filter and as its since_param"
        params = {*stream.filters_by_setting, since}
        for param in sorted({api.page, api.page_size}.intersection(params)):
            yield (
                f"{stream.name} sends {param} as a filter, but the API uses it for the number or "
                "the size of a page"
            )
        for setting in stream.filters_by_setting.values():
            declared = settings["properties"].get(setting)
            if declared is None:
                yield f"{stream.name} filters by the setting {setting}, which the tap does not have"
            elif declared.get("secret"):
                yield f"{stream.name} filters by the setting {setting}, which is secret"


def fields_of(stream: type[ListDeclaration]) -> set[str]:
    """Return the fields that a list declares, whatever a catalog leaves of them."""
    return set((_schema(stream) or {}).get("properties", {}))


def _schema(stream: type[ListDeclaration]) -> Mapping[str, t.Any] | None:
    declared = _declared(stream, "schema")
    if isinstance(declared, StreamSchema):
        # It asks of a stream no more than its name and its primary keys.
        return declared.get_stream_schema(t.cast("t.Any", stream), t.cast("t.Any", stream))
    return declared if isinstance(declared, dict) else None


def _is_string(declared: object, form: str | None) -> bool:
    """Whether a JSON Schema declares a string of a format, or of none."""
    if not isinstance(declared, dict):
        return False
    types = declared.get("type", [])
    kinds = {types} if isinstance(types, str) else set(types)
    return kinds - {"null"} == {"string"} and declared.get("format") == form


def _declared(stream: type[ListDeclaration], name: str) -> t.Any:
    """Return what a class declares, not the property of the SDK that stands in for it."""
    value = inspect.getattr_static(stream, name, None)
    return None if isinstance(value, property) else value
