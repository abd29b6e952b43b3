"""A Singer catalog as a user gives it, and what it says of replication."""

from __future__ import annotations

import typing as t

from singer_sdk.singerlib import Catalog

from paged_rest.errors import UsageError

INCREMENTAL = "INCREMENTAL"
FULL_TABLE = "FULL_TABLE"


def parse_catalog(value: dict[str, t.Any]) -> Catalog:
    """Return a catalog, with what its metadata says of replication.

    Raises:
        UsageError: It is no Singer catalog, or names no stream.
    """
    try:
        streams = [_complete(entry) for entry in value.get("streams", [])]
        catalog = Catalog.from_dict({**value, "streams": streams})
    except (AttributeError, KeyError, TypeError, ValueError):
        message = "The catalog is not a Singer catalog"
        raise UsageError(message) from None
    if not catalog:
        message = "The catalog names no stream; --discover prints one that names all"
        raise UsageError(message)
    return catalog


def _complete(entry: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return an entry in which what its metadata says of replication stands where the SDK looks."""
    said = {
        name.replace("-", "_"): item["metadata"][name]
        for item in entry.get("metadata", [])
        if not item["breadcrumb"]
        for name in ("replication-method", "replication-key")
        if item["metadata"].get(name)
    }
    # Without a key a target would append every row again in every run.
    return {**entry, **said, "key_properties": entry.get("key_properties") or ["id"]}


def replication(
    stream: str, method: str, key: str | None, valid_key: str | None
) -> tuple[str, str | None]:
    """Return method and key by which a stream is replicated as its catalog wants it.

    Args:
        stream: The name of the stream.
        method: The method that the catalog names, or the default, in any case.
        key: The replication key that the catalog names, or the default, if any.
        valid_key: The only key that the stream can be replicated by, if any.

    Raises:
        UsageError: The stream cannot be replicated so.
    """
    method = str(method).upper()
    key = key or valid_key
    if method == FULL_TABLE:
        return method, None
    if method == INCREMENTAL and key and key == valid_key:
        return method, key
    possible = FULL_TABLE
    if valid_key:
        possible += f", or {INCREMENTAL} on {valid_key}"
    wanted = f"{method} on {key}" if key else method
    message = f"The stream {stream} can be replicated as {possible}, not as {wanted}"
    raise UsageError(message)
