"""Catalogs as a tap prints them, and what follows from their schemas."""

from __future__ import annotations

import functools
import json
import typing as t
from datetime import UTC, datetime

from tap_rotor.tap import TapRotor
from tests.harness.run import READS, invoke

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from paged_rest.singer import ListTap
    from tests.harness.run import Message


@functools.cache
def _printed(of: type[ListTap]) -> str:
    run = invoke(["--discover"], of=of)
    assert run.status == 0
    return run.stdout


def discovered(of: type[ListTap] = TapRotor) -> dict[str, t.Any]:
    """Return the catalog that a tap prints."""
    return json.loads(_printed(of))


def entries(catalog: Mapping[str, t.Any]) -> dict[str, dict[str, t.Any]]:
    """Return the entries of a catalog by stream."""
    return {entry["tap_stream_id"]: entry for entry in catalog["streams"]}


def root(entry: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the metadata of a stream itself."""
    (metadata,) = [item["metadata"] for item in entry["metadata"] if not item["breadcrumb"]]
    return metadata


def selecting(
    *streams: str, of: type[ListTap] = TapRotor, metadata: Mapping[str, t.Any] | None = None
) -> dict[str, t.Any]:
    """Return a catalog with just these streams selected, and their own metadata changed."""
    catalog = discovered(of)
    found = entries(catalog)
    assert set(streams) <= found.keys()
    for name, entry in found.items():
        root(entry)["selected"] = name in streams
    for name in streams:
        root(found[name]).update(metadata or {})
    return catalog


def schemas(of: type[ListTap] = TapRotor) -> dict[str, dict[str, t.Any]]:
    """Return the schemas of the lists, by stream."""
    found = entries(discovered(of)).items()
    return {name: entry["schema"] for name, entry in found if name != READS}


def as_records(
    stream: str, rows: Iterable[Mapping[str, t.Any]], of: type[ListTap] = TapRotor
) -> list[Message]:
    """Return the records that rows of the API must become, for rows that fit the schema."""
    properties = schemas(of)[stream]["properties"]
    blank = dict.fromkeys(properties)
    moments = [name for name, of in properties.items() if of.get("format") == "date-time"]
    records = []
    for row in rows:
        record: Message = {**blank, **row}
        for name in moments:
            if record[name] is not None:
                record[name] = fixed(record[name])
        records.append(record)
    return records


def fixed(moment: str | datetime) -> str:
    """Return a moment in the one form that a tap emits."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
