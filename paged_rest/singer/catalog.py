"""A Singer catalog as a user gives it, and what it says of selection and replication."""

from __future__ import annotations

import json
import typing as t

from singer_sdk.singerlib import Catalog, CatalogEntry

from paged_rest.errors import UsageError

if t.TYPE_CHECKING:
    from collections.abc import Iterator

INCREMENTAL = "INCREMENTAL"
FULL_TABLE = "FULL_TABLE"


def parse_catalog(value: dict[str, t.Any]) -> Catalog:
    """Return a catalog in which each stream says whether it is selected, and how it is replicated.

    Raises:
        UsageError: It is no Singer catalog, contradicts itself, or names no stream.
    """
    streams = value.get("streams", [])
    if not isinstance(streams, list):
        _refuse("its streams are no list")
    catalog = Catalog()
    for place, item in enumerate(streams, 1):
        entry = _entry(item, f"its stream {place}")
        if entry.tap_stream_id in catalog:
            _refuse(f"it names the stream {entry.tap_stream_id} twice")
        catalog.add_stream(entry)
    if not catalog:
        message = "The catalog names no stream; --discover prints one that names all"
        raise UsageError(message)
    return catalog


def _refuse(problem: str) -> t.NoReturn:
    message = f"The catalog cannot be used: {problem}"
    raise UsageError(message) from None


def _entry(item: object, what: str) -> CatalogEntry:
    if not isinstance(item, dict):
        _refuse(f"{what} is no object")
    name = item.get("tap_stream_id")
    if not isinstance(name, str) or not name:
        _refuse(f"{what} has no tap_stream_id")
    said = {
        "metadata": _metadata(item, name),
        # Without a key a target would append every row again in every run.
        "key_properties": item.get("key_properties") or ["id"],
    }
    for path in _deselected(item.get("schema"), name):
        _refuse(f"the schema says that {path} is not selected; say it in the metadata, as today")
    try:
        return CatalogEntry.from_dict({**item, **said})
    except (AttributeError, TypeError, ValueError):
        _refuse(f"the schema of {name} is no JSON Schema")


def _deselected(schema: object, path: str) -> Iterator[str]:
    """Yield what a schema calls deselected, as the first taps had it: nothing heeds it any more."""
    if not isinstance(schema, dict):
        return
    if str(schema.get("selected")).lower() == "false":
        yield path
    properties = schema.get("properties")
    for name, declared in properties.items() if isinstance(properties, dict) else ():
        yield from _deselected(declared, f"{path}.{name}")


def _metadata(item: dict[str, t.Any], stream: str) -> list[dict[str, t.Any]]:
    """Return the metadata of a stream, with what is said of the stream itself in one place.

    Other tools write catalogs without any, or with that of the fields alone: a stream of which
    nothing is said is selected, as it is without a catalog.
    """
    items = item.get("metadata") or []
    if not isinstance(items, list):
        _refuse(f"the metadata of {stream} is no list")
    parts = [_part(part, stream) for part in items]
    roots = [said for path, said in parts if not path]
    root = {name: value for said in roots for name, value in said.items()}
    selected = _truth(item, "selected", stream)
    if selected is not None and root.setdefault("selected", selected) is not selected:
        _refuse(f"selected is one thing in the metadata of {stream} and another beside it")
    if not roots:
        root.setdefault("selected", True)
    if method := root.pop("replication-method", None):
        # The SDK takes the method from there; the metadata of an entry counts for more than itself.
        root["forced-replication-method"] = method
    fields = [{"breadcrumb": path, "metadata": said} for path, said in parts if path]
    return [{"breadcrumb": [], "metadata": root}, *fields]


def _part(part: object, stream: str) -> tuple[list[str], dict[str, t.Any]]:
    """Return the path that a part of the metadata speaks of, and what it says."""
    found: dict[str, t.Any] = part if isinstance(part, dict) else {}
    path, said = found.get("breadcrumb"), found.get("metadata")
    if not isinstance(path, list) or not isinstance(said, dict):
        _refuse(f"a part of the metadata of {stream} is no object of a breadcrumb and metadata")
    path = [*map(str, path)]
    where = ".".join([stream, *path[1::2]])
    said = {name: value for name, value in said.items() if value is not None}
    for name in {"selected", "selected-by-default"} & said.keys():
        said[name] = _truth(said, name, where)
    return path, said


def _truth(said: dict[str, t.Any], name: str, where: str) -> bool | None:
    """Return what is said of selection; some tools write it as text."""
    value = said.get(name)
    if isinstance(value, str):
        value = {"true": True, "false": False}.get(value.lower(), value)
    if value is None or isinstance(value, bool):
        return value
    _refuse(f"{name} of {where} is neither true nor false")


def refuse_renamed(entry: CatalogEntry) -> None:
    """Refuse an entry that calls its stream by another name: the SDK loses track of it.

    Raises:
        UsageError: It does.
    """
    stream = entry.tap_stream_id
    if entry.stream not in (None, stream):
        rename = json.dumps({stream: {"__alias__": entry.stream}})
        _refuse(
            f"it calls the stream {stream} {json.dumps(entry.stream)}. A stream is renamed by the "
            f"setting stream_maps, as in {rename}"
        )


def replication(
    entry: CatalogEntry, default_key: str | None, valid_key: str | None
) -> tuple[str, str | None]:
    """Return method and key by which a stream is replicated as its catalog wants it.

    Args:
        entry: What the catalog says of the stream.
        default_key: The key that it is replicated by where nothing is said, or None for FULL_TABLE.
        valid_key: The only key that it can be replicated by, if any.

    Raises:
        UsageError: The stream cannot be replicated so.
    """
    root = entry.metadata.root
    # Of two that differ, the one that is not the default is what somebody has set.
    said = [key for key in (root.replication_key, entry.replication_key) if key]
    key = next((key for key in said if key != default_key), default_key if said else None)
    method = root.forced_replication_method or entry.replication_method
    if root.replication_key and not (root.forced_replication_method or default_key):
        # Somebody has set it there: --discover prints none, and FULL_TABLE beside it.
        method = INCREMENTAL
    method = str(method or (INCREMENTAL if key or default_key else FULL_TABLE)).upper()
    key = key or valid_key
    if method == FULL_TABLE:
        return method, None
    if method == INCREMENTAL and key and key == valid_key:
        return method, key
    possible = FULL_TABLE
    if valid_key:
        possible += f", or {INCREMENTAL} on {valid_key}"
    wanted = f"{method} on {key}" if key else method
    message = f"The stream {entry.tap_stream_id} can be replicated as {possible}, not as {wanted}"
    raise UsageError(message)
