"""target-postgres 0.8.1, whose COPY stores what its INSERT does. README.md has the reasons."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any, cast

import msgspec
import sqlalchemy as sa
from singer_sdk.contrib.msgspec import MsgSpecReader, decoder
from singer_sdk.helpers._typing import get_datelike_property_type
from singer_sdk.singerlib.exceptions import InvalidInputLine
from singer_sdk.singerlib.json import deserialize_json
from sqlalchemy.dialects.postgresql import insert
from target_postgres.sinks import PostgresSink
from target_postgres.target import TargetPostgres

Kinds = dict[str, set[type]]
# PostgreSQL ignores any other offset, rounds a seventh digit, and takes `now`, 24:00 and 10:00:60.
MOMENT = re.compile(
    r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?(?:Z|\+00:00)", re.ASCII
).fullmatch
# Which values COPY reads as INSERT does: in a column of a type, and in the arrays of a type.
WHOLE: Kinds = {"SMALLINT": {int}, "INTEGER": {int}, "BIGINT": {int}}
VALUES: Kinds = {"BOOLEAN": {bool}, "TEXT": {str, int}, "UUID": {str}, "DATE": {date}, **WHOLE}
VALUES |= {"NUMERIC": {int, Decimal, str}, "TIMESTAMP WITHOUT TIME ZONE": {str, datetime}}
ITEMS: Kinds = {"TEXT[]": {str}, "NUMERIC[]": {int, Decimal}}
ITEMS |= {"JSONB[]": {dict, str, int, Decimal, bool}}
ODD = object()  # In place of any other value: its record goes by INSERT.
# ON CONFLICT needs one index of just these columns that tells rows apart as `=` does. It checks
# the whole new row even if it will only update, fires other triggers, and sees no inherited rows.
ONE_INDEX = sa.text("""
    select exists (select from pg_index i join pg_class c on c.oid = i.indrelid
    where c.oid = to_regclass(:name) and i.indisunique and i.indisvalid and i.indimmediate
    and i.indpred is null and to_jsonb(i) ->> 'indnullsnotdistinct' is distinct from 'true'
    and c.relkind = 'r' and not (c.relhassubclass or c.relispartition or row_security_active(c.oid))
    and c.relchecks = 0 and not c.relhasrules and not exists (select from pg_trigger
        where tgrelid = c.oid and not tgisinternal)
    and i.indnatts = cardinality(:keys) and :keys = array(select a.attname::text
        from generate_series(0, i.indnatts - 1) k join pg_attribute a on a.attrelid = c.oid
        and a.attnum = i.indkey[k] and a.attcollation = i.indcollation[k] order by a.attname))
""").bindparams(sa.bindparam("keys", type_=sa.ARRAY(sa.TEXT)))


class ExactReader(MsgSpecReader):
    """The SDK's fast reader; what it refuses, NaN and half a surrogate pair, the slow one reads."""

    def deserialize_json(self, line: str) -> dict[str, Any]:
        """Return a message; no error shows the line, which holds somebody's data."""
        try:
            return cast("dict[str, Any]", decoder.decode(line))
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            try:
                return deserialize_json(line)
            except json.JSONDecodeError as error:
                message = f"The input has a line that is not JSON: {error}"
                raise InvalidInputLine(message) from None


class ExactSink(PostgresSink):  # type: ignore[misc]
    """One stream, on its way into its table."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        """Find out once, and not for each record, which columns hold dates and times."""
        super().__init__(*args, **settings)
        self._may_be_text: dict[str, bool] = {}
        for name, schema in self.schema["properties"].items():
            if get_datelike_property_type(schema):
                moment = isinstance(self.connector.to_sql_type(schema), sa.TIMESTAMP)
                # The target compares keys, so two spellings of a moment must become one.
                self._may_be_text[name] = moment and name not in self.key_properties

    def _parse_timestamps_in_record(self, record: Any, schema: Any, treatment: Any) -> None:
        """Parse all but what PostgreSQL reads as Python does; tell of unknown fields as before."""
        rest = {name: record[name] for name in record.keys() - schema["properties"].keys()}
        for name, may_be_text in self._may_be_text.items():
            value = record.get(name)
            if value is not None and not (may_be_text and type(value) is str and MOMENT(value)):
                rest[name] = value
        if rest:
            super()._parse_timestamps_in_record(rest, schema, treatment)
            record.update(rest)

    def process_batch(self, context: Any) -> None:
        """Write a batch. Of two keys that are one to the database, as UUIDs, the last one wins."""
        self._in_order = False
        try:
            super().process_batch(context)
        except sa.exc.DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != "21000":
                raise
            self._in_order = True
            super().process_batch(context)

    def bulk_insert_records(
        self, table: Any, schema: Any, records: Any, primary_keys: Any, connection: Any
    ) -> None:
        """COPY, checking whole columns, as most need no look at each value; INSERT odd records."""
        if table.primary_key.columns:
            drop = f'alter table "{table.name}" drop constraint "{table.name}_pkey"'
            connection.execute(sa.text(drop))
        if not self.config["use_copy"]:
            super().bulk_insert_records(table, schema, records, primary_keys, connection)
            return
        if not self.append_only:
            records = {tuple(row[key] for key in primary_keys): row for row in records}.values()
        columns = self.column_representation(schema)
        given, copied, odd = [], [], {*range(len(records))} if self._in_order else set[int]()
        for column in columns:
            values = [row.get(column.name) for row in records]
            if self.connector.sanitize_null_text_characters:
                clean = self.sanitize_null_text_characters
                values = [x if type(x) is str and "\0" not in x else clean(x) for x in values]
            given.append(values)
            if change := _change(column, table.c[column.name], values, connection.dialect):
                values = [change(value) for value in values]
                odd.update(i for i, value in enumerate(values) if value is ODD)
            copied.append(values)
        names = [column.name for column in columns]
        quoted = ", ".join('"{}"'.format(name.replace('"', '""')) for name in names)
        statement = f'COPY "{table.name}" ({quoted}) FROM STDIN'
        self.logger.info("Inserting with SQL: %s", statement)
        with connection.connection.cursor().copy(statement) as copy:
            for i, row in enumerate(zip(*copied, strict=True)):
                if i not in odd:
                    copy.write_row(row)
        if odd:
            rows = [dict(zip(names, row, strict=True)) for row in zip(*given, strict=True)]
            data = [row for i, row in enumerate(rows) if i in odd]
            connection.execute(self.generate_insert_statement(table.name, columns), data)

    def upsert(
        self, from_table: Any, to_table: Any, schema: Any, join_keys: Any, connection: Any
    ) -> None:
        """Write each row once, where the target would INSERT and then UPDATE it."""
        name = connection.dialect.identifier_preparer.format_table(to_table)
        where = {"name": name, "keys": sorted(join_keys)}
        if self.append_only or not connection.execute(ONE_INDEX, where).scalar():
            if from_table.primary_key.columns:
                connection.execute(sa.schema.AddConstraint(from_table.primary_key))
            super().upsert(from_table, to_table, schema, join_keys, connection)
            return
        rows = sa.select(*from_table.columns)
        if self._in_order:
            key = [from_table.columns[name] for name in join_keys]
            rows = rows.distinct(*key).order_by(*key, sa.text("ctid desc"))
        new = insert(to_table).from_select(rows.selected_columns.keys(), rows)
        changed = {name: new.excluded[name] for name in self.schema["properties"]}
        connection.execute(new.on_conflict_do_update(index_elements=join_keys, set_=changed))


class ExactTarget(TargetPostgres):  # type: ignore[misc]
    """The target, with that reader and that sink."""

    message_reader_class = ExactReader
    default_sink_class = ExactSink

    def __init__(self, *args: Any, **settings: Any) -> None:
        """Write one table after another at the end, as the target means to, too."""
        super().__init__(*args, **settings)
        self.max_parallelism = 1


def _change(column: Any, found: Any, values: list[Any], dialect: Any) -> Any:
    """Return what makes values of a column ready for COPY; None where they are."""
    kind, of = (x.type.compile(dialect).replace("DECIMAL", "NUMERIC") for x in (column, found))
    if kind != of and not (kind in WHOLE and of == "NUMERIC"):
        # Made by another loader, or of an earlier schema: INSERT casts to the one, then the other.
        return lambda _: ODD
    if kind == "JSONB":
        return column.type.bind_processor(dialect)
    if kind in ITEMS:
        dump = column.type.item_type.bind_processor(dialect) if "JSON" in kind else str
        return partial(_array, ITEMS[kind], dump)
    good = VALUES.get(kind.partition("(")[0], set())
    kinds = {*map(type, values)} - {type(None)}
    return None if kinds <= good and datetime not in kinds else partial(_same, good)


def _same(good: set[type], value: Any) -> Any:
    """Return a value as it is; a moment as INSERT stores it in a session that is in UTC."""
    if type(value) not in good:
        return None if value is None else ODD
    try:
        return value.astimezone(UTC).replace(tzinfo=None) if getattr(value, "tzinfo", 0) else value
    except OverflowError:
        return ODD


def _array(good: set[type], dump: Any, values: Any) -> Any:
    """Return a list as the text of an array: psycopg takes no whole numbers among decimals."""
    if type(values) is not list or not good | {type(None)} >= {*map(type, values)}:
        return None if values is None else ODD
    texts = (x if x is None else dump(x).replace("\\", r"\\").replace('"', r"\"") for x in values)
    null = "NULL" if dump is str else '"null"'
    return "{" + ",".join(null if text is None else f'"{text}"' for text in texts) + "}"
