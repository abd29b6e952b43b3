"""The sources of the dbt project, made of the tap's schemas.

python -m scripts.dbt_sources                                      prints them
python -m scripts.dbt_sources transform/models/sources/rotor.yml   writes them to that file
"""

from __future__ import annotations

import json
import sys
import typing as t
from importlib import resources
from pathlib import Path

import tap_rotor.schemas
from tap_rotor.streams import STREAMS

HEAD = """\
# Made by `python -m scripts.dbt_sources transform/models/sources/rotor.yml` from tap_rotor/schemas.
# A data_type is what target-postgres makes of a field; macros/portable.sql has DuckDB's words.
# Keys are tested on the staging models, which hold every row of their source: a test on a source
# fails where its stream is deselected and the table is not there.
version: 2

sources:
- name: rotor
  description: Rotor, the CRM for field-service companies, as tap-rotor loads it.
  schema: "{{ env_var('ROTOR_SOURCE_SCHEMA', 'tap_rotor') }}"
  config:
    loaded_at_field: _sdc_extracted_at
    freshness:
      warn_after: {count: 26, period: hour}
      error_after: {count: 50, period: hour}
  tables:
"""

# What target-postgres adds to every table.
ADDED = {
    "_sdc_extracted_at": ("timestamp", "When the tap read the row last, in UTC."),
    "_sdc_received_at": ("timestamp", "When the target received the row, in UTC."),
    "_sdc_batched_at": ("timestamp", "When the target wrote the row, in UTC."),
    "_sdc_deleted_at": (
        "timestamp",
        "When a complete read found the row gone in Rotor, in UTC; null while it is there.",
    ),
    "_sdc_sequence": ("bigint", "When the target handled the row, in milliseconds since 1970."),
    "_sdc_table_version": ("bigint", "Number of the complete read that the row belongs to."),
    "_sdc_sync_started_at": (
        "bigint",
        "When the load that wrote the row began, in milliseconds since 1970.",
    ),
}

TYPES = {"array": "jsonb", "boolean": "boolean", "number": "numeric", "object": "jsonb"}
FORMATS = {"date": "date", "date-time": "timestamp"}


def sources() -> str:
    """Return the sources as a dbt properties file."""
    return HEAD + "\n".join("\n".join(_table(stream.name)) for stream in STREAMS) + "\n"


def _table(name: str) -> t.Iterator[str]:
    file = resources.files(tap_rotor.schemas).joinpath(f"{name}.json")
    schema = json.loads(file.read_text(encoding="utf-8"))
    yield f"  - name: {name}"
    yield f"    description: {_text(schema['description'])}"
    yield "    columns:"
    columns = {
        field: (column_type(declared), declared["description"])
        for field, declared in schema["properties"].items()
    }
    for column, (kind, description) in {**columns, **ADDED}.items():
        yield f"    - name: {column}"
        yield f"      data_type: {kind}"
        yield f"      description: {_text(description)}"


def column_type(declared: t.Mapping[str, t.Any]) -> str:
    """Return the type of the column that target-postgres makes of a field."""
    kinds = [declared["type"]] if isinstance(declared["type"], str) else declared["type"]
    (kind,) = (kind for kind in kinds if kind != "null")
    if kind == "array" and "items" in declared:
        return f"{column_type(declared['items'])}[]"
    if kind == "string":
        return FORMATS.get(declared.get("format", ""), "text")
    return TYPES[kind]


def _text(text: str) -> str:
    # A JSON string is a YAML string.
    return json.dumps(text, ensure_ascii=False)


if __name__ == "__main__":
    made = sources()
    if len(sys.argv) == 1:
        sys.stdout.write(made)
    for argument in sys.argv[1:]:
        Path(argument).write_text(made, encoding="utf-8")
