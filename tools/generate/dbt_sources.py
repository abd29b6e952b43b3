"""The sources of the dbt project, made of the schemas of the taps.

python -m tools.generate.dbt_sources    renews them, a file for each tap
"""

from __future__ import annotations

import json
import typing as t
from importlib import resources
from pathlib import Path

from tap_nexus_erp.streams import STREAMS as NEXUS_ERP_STREAMS
from tap_nexus_erp.tap import TapNexusErp
from tap_rotor.streams import STREAMS as ROTOR_STREAMS
from tap_rotor.tap import TapRotor

if t.TYPE_CHECKING:
    from paged_rest.singer import ListTap

FOLDER = Path(__file__).parents[2] / "transform" / "models" / "sources"
# The tap, its lists, and what its system is.
FILES: dict[str, tuple[type[ListTap], list[str], str]] = {
    "rotor.yml": (
        TapRotor,
        [stream.name for stream in ROTOR_STREAMS],
        "the CRM for field-service companies",
    ),
    "nexus_erp.yml": (
        TapNexusErp,
        [stream.name for stream in NEXUS_ERP_STREAMS],
        "the back office of service companies",
    ),
}

HEAD = """\
# Made by `python -m tools.generate.dbt_sources` from {namespace}/schemas.
# A data_type is what target-postgres makes of a field; macros/portable.sql has DuckDB's words.
# Keys are tested on the staging models, which hold every row of their source: a test on a source
# fails where its stream is deselected and the table is not there.
version: 2

sources:
- name: {source}
  description: {api}, {what}, as {tap} loads it.
  schema: "{{{{ env_var('{variable}_SOURCE_SCHEMA', '{namespace}') }}}}"
  config:
    loaded_at_field: _sdc_extracted_at
    freshness:
      warn_after: {{count: 26, period: hour}}
      error_after: {{count: 50, period: hour}}
  tables:
"""

# What target-postgres adds to every table.
ADDED = {
    "_sdc_extracted_at": ("timestamp", "When the tap read the row last, in UTC."),
    "_sdc_received_at": ("timestamp", "When the target received the row, in UTC."),
    "_sdc_batched_at": ("timestamp", "When the target wrote the row, in UTC."),
    "_sdc_deleted_at": (
        "timestamp",
        "When a complete read found the row gone in {api}, in UTC; null while it is there.",
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


def sources(tap: type[ListTap], lists: t.Iterable[str], what: str) -> str:
    """Return the lists that a tap loads as a dbt properties file; `what` is what its system is."""
    namespace = tap.name.replace("-", "_")
    source = namespace.removeprefix("tap_")
    head = HEAD.format(
        namespace=namespace,
        source=source,
        variable=source.upper(),
        api=tap.api.name,
        what=what,
        tap=tap.name,
    )
    tables = ("\n".join(_table(tap, namespace, name)) for name in lists)
    return head + "\n".join(tables) + "\n"


def _table(tap: type[ListTap], namespace: str, name: str) -> t.Iterator[str]:
    file = resources.files(namespace).joinpath("schemas", f"{name}.json")
    schema = json.loads(file.read_text(encoding="utf-8"))
    yield f"  - name: {name}"
    yield f"    description: {_text(schema['description'])}"
    yield "    columns:"
    columns = {
        field: (column_type(declared), declared["description"])
        for field, declared in schema["properties"].items()
    }
    added = {name: (kind, text.format(api=tap.api.name)) for name, (kind, text) in ADDED.items()}
    for column, (kind, description) in {**columns, **added}.items():
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
    for file, made_of in FILES.items():
        FOLDER.joinpath(file).write_text(sources(*made_of), encoding="utf-8")
