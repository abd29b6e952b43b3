"""What a list declares; what the reading does not support is refused when the class is made.

The reading trusts what a list declares. With a false declaration it would lose rows and call
that proven, so nothing of the kind gets as far as a run.
"""

from __future__ import annotations

import inspect
import typing as t

from singer_sdk.schema.source import StreamSchema

from paged_rest.records import EXTRA_FIELDS

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from paged_rest.http import Api


class ListDeclaration:
    """What a class says of a list; one without a path is a base for others.

    Attributes:
        name: Name of the stream.
        path: Path below the API's address.
        valid_replication_key: The field that it can be read incrementally by, if any. It is read
            so by default where `replication_key` says the same.
        created: The field that says when a row was created, if there is one.
        newest_first: Whether the API promises the list ordered by `created`, newest first, and
            that new rows enter at its head.
        since_param: Query parameter that leaves out rows before a time, if there is one.
        paged: Whether the list comes in pages.
        filters_by_setting: Query parameters, each with the setting that it takes its value from.
    """

    name: str
    path: t.ClassVar[str]
    valid_replication_key: t.ClassVar[str | None] = None
    created: t.ClassVar[str | None] = "created_at"
    newest_first: t.ClassVar[bool] = False
    since_param: t.ClassVar[str | None] = None
    paged: t.ClassVar[bool] = True
    filters_by_setting: t.ClassVar[Mapping[str, str]] = {}

    def __init_subclass__(cls, **options: t.Any) -> None:
        """Refuse a declaration that the reading does not support.

        Raises:
            TypeError: It is such a one; the message says what to change.
        """
        super().__init_subclass__(**options)
        if getattr(cls, "path", None):
            _refuse(cls.__name__, [*_about_keys(cls), *_about_schema(cls)])


def refuse_unsupported_lists(
    tap: str, lists: Sequence[type[ListDeclaration]], api: Api, settings: Mapping[str, t.Any]
) -> None:
    """Refuse a tap whose lists do not go together, or not with its API or its settings.

    Raises:
        TypeError: It is such a one.
    """
    _refuse(tap, _about_lists(lists, api, settings))


def _refuse(name: str, problems: Iterable[str]) -> None:
    if found := "; ".join(problems):
        message = f"{name} cannot be read completely as it is declared: {found}"
        raise TypeError(message)


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
            f"{valid_key}: an old row whose {valid_key} is new stands where no run looks. Leave "
            "newest_first out, or replicate by the field that it is ordered by"
        )
    if stream.since_param and not valid_key:
        yield "since_param is never sent without a valid_replication_key"
    if tuple(_declared(stream, "primary_keys") or ()) != ("id",):
        yield "its primary_keys are not `id`, which is what its rows are told apart by"


def _about_schema(stream: type[ListDeclaration]) -> Iterable[str]:
    properties = _schema(stream).get("properties", {})
    for name in dict.fromkeys([stream.created, stream.valid_replication_key]):
        if name and properties.get(name, {}).get("format") != "date-time":
            yield f"its schema does not declare {name} as a string of format date-time"
    for name in ("id", EXTRA_FIELDS):
        if name not in properties:
            yield f"its schema does not declare {name}"


def _about_lists(
    lists: Sequence[type[ListDeclaration]], api: Api, settings: Mapping[str, t.Any]
) -> Iterable[str]:
    names = [stream.name for stream in lists]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"two lists are called {name}"
    for stream in lists:
        params = [*stream.filters_by_setting, *filter(None, [stream.since_param])]
        for param in sorted({api.page, api.page_size}.intersection(params)):
            yield f"{stream.name} sends {param} as a filter, which says which page is asked for"
        for setting in stream.filters_by_setting.values():
            if setting not in settings["properties"]:
                yield f"{stream.name} filters by the setting {setting}, which the tap does not have"


def _schema(stream: type[ListDeclaration]) -> Mapping[str, t.Any]:
    declared = _declared(stream, "schema")
    if isinstance(declared, StreamSchema):
        # It asks of a stream no more than its name and its primary keys.
        return declared.get_stream_schema(t.cast("t.Any", stream), t.cast("t.Any", stream))
    return declared if isinstance(declared, dict) else {}


def _declared(stream: type[ListDeclaration], name: str) -> t.Any:
    """Return what a class declares, not the property of the SDK that stands in for it."""
    value = inspect.getattr_static(stream, name, None)
    return None if isinstance(value, property) else value
