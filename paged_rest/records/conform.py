"""Rows of any form into records as a JSON Schema declares them, with nothing dropped."""

from __future__ import annotations

import typing as t
from decimal import Decimal
from itertools import accumulate

import msgspec

from paged_rest.records.decode import MOST_DIGITS
from paged_rest.timestamps import calendar_date, timestamp

if t.TYPE_CHECKING:
    from collections.abc import Callable, Collection

EXTRA_FIELDS = "extra_fields"

# Targets read and write nested values by recursion.
_DEEPEST = 100
_MOST_BITS = 332  # of an integer of MOST_DIGITS digits

_encode = msgspec.json.Encoder(decimal_format="number").encode

Record = dict[str, t.Any]


class _Misfit(Exception):
    """A value is not of its declared type."""


def api_properties(schema: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return the properties of a JSON Schema that the API sends: all but `extra_fields`."""
    properties = schema.get("properties", {})
    return {name: declared for name, declared in properties.items() if name != EXTRA_FIELDS}


class Note(t.NamedTuple):
    """Something of a row that has no place of its own in the record.

    Attributes:
        kind: `unknown` for a field that the schema does not know, `misfit` for a value that is
            not of its declared type.
        path: Names down to the value, as in `customer.phone`.
    """

    kind: t.Literal["unknown", "misfit"]
    path: str


class Conformed(t.NamedTuple):
    """A record, and what of its row went to `extra_fields`."""

    record: Record
    notes: tuple[Note, ...] = ()


class _Extra(dict[str, t.Any]):
    """The `extra_fields` of a record, and a note on each of them."""

    def __init__(self) -> None:
        super().__init__()
        self.notes: list[Note] = []

    def keep(self, note: Note, value: t.Any) -> None:
        """Keep a value under its path, or the next free name."""
        self.notes.append(note)
        name = note.path
        while name in self:
            name += "_"
        self[name] = _storable(value)


class Conformer:
    """Makes records of one stream conform to its JSON Schema.

    A field that the schema does not know, and a value that is not of its declared type,
    moves to `extra_fields`; its own column is null then.
    """

    def __init__(self, schema: dict[str, t.Any], deselected: Collection[str] = ()) -> None:
        """Prepare for the types, formats, properties and items of a JSON Schema.

        Args:
            schema: The JSON Schema.
            deselected: Paths of fields that nobody wants, not even in `extra_fields`.
        """
        properties = api_properties(schema)
        self._deselected = deselected
        self._fits = {name: self._fit(declared) for name, declared in properties.items()}
        # The type that a value of most fields just has to be.
        self._plain = {name: _PLAIN[fit] for name, fit in self._fits.items() if fit in _PLAIN}
        self._blank = dict.fromkeys([*properties, EXTRA_FIELDS])

    def __call__(self, row: Record) -> Conformed:
        """Return the record of a row: every property of the schema, and `extra_fields`."""
        record = self._blank.copy()
        extra = _Extra()
        fits, plain = self._fits, self._plain
        for name, value in row.items():
            if plain.get(name) is type(value):
                record[name] = value
                continue
            fit = fits.get(name)
            if fit is None:
                extra.keep(Note("unknown", name), value)
            elif value is not None:
                try:
                    record[name] = fit(value, name, extra)
                except _Misfit:
                    self._set_aside(value, name, extra)
        if not extra:
            return Conformed(record)
        record[EXTRA_FIELDS] = dict(extra)
        return Conformed(record, tuple(extra.notes))

    def _set_aside(self, value: t.Any, path: str, extra: _Extra) -> None:
        parents = accumulate(path.split("."), "{}.{}".format)
        if not any(parent in self._deselected for parent in parents):
            extra.keep(Note("misfit", path), value)

    def _fit(self, declared: dict[str, t.Any]) -> Callable[[t.Any, str, _Extra], t.Any]:
        types = declared.get("type", [])
        types = {types} if isinstance(types, str) else set(types)
        if "object" in types:
            return self._fit_object(declared.get("properties", {}))
        if "array" in types:
            return self._fit_array(declared.get("items", {}))
        if "string" in types:
            return _FITS_BY_FORMAT.get(declared.get("format", ""), _fit_string)
        if "number" in types or "integer" in types:
            return _fit_number
        if "boolean" in types:
            return _fit_boolean
        return lambda value, _path, _extra: _storable(value)

    def _fit_object(self, properties: dict[str, t.Any]) -> Callable[[t.Any, str, _Extra], t.Any]:
        fits = {name: self._fit(declared) for name, declared in properties.items()}

        def fit(value: t.Any, path: str, extra: _Extra) -> t.Any:
            if not isinstance(value, dict):
                raise _Misfit
            # A nested field that the schema does not know stays where it is: the whole
            # object is one column.
            return {
                name: self._fit_nested(fits[name], item, f"{path}.{name}", extra)
                if name in fits
                else _storable(item)
                for name, item in value.items()
            }

        return fit

    def _fit_array(self, items: dict[str, t.Any]) -> Callable[[t.Any, str, _Extra], t.Any]:
        fit_item = self._fit(items)

        def fit(value: t.Any, path: str, extra: _Extra) -> t.Any:
            if not isinstance(value, list):
                raise _Misfit
            return [
                self._fit_nested(fit_item, item, f"{path}.{index}", extra)
                for index, item in enumerate(value)
            ]

        return fit

    def _fit_nested(
        self,
        fit: Callable[[t.Any, str, _Extra], t.Any],
        value: t.Any,
        path: str,
        extra: _Extra,
    ) -> t.Any:
        if value is None:
            return None
        try:
            return fit(value, path, extra)
        except _Misfit:
            self._set_aside(value, path, extra)
            return None


def _fit_string(value: t.Any, _path: str, _extra: _Extra) -> t.Any:
    if isinstance(value, str):
        return value
    raise _Misfit


def _fit_boolean(value: t.Any, _path: str, _extra: _Extra) -> t.Any:
    if isinstance(value, bool):
        return value
    raise _Misfit


def _fit_number(value: t.Any, _path: str, _extra: _Extra) -> t.Any:
    if isinstance(value, int | Decimal) and not isinstance(value, bool) and _bounded(value):
        return value
    raise _Misfit


def _fit_timestamp(value: t.Any, _path: str, _extra: _Extra) -> t.Any:
    try:
        return timestamp(value)
    except (TypeError, ValueError):
        raise _Misfit from None


def _fit_date(value: t.Any, _path: str, _extra: _Extra) -> t.Any:
    try:
        return calendar_date(value)
    except (TypeError, ValueError):
        raise _Misfit from None


_PLAIN: dict[t.Any, type] = {_fit_string: str, _fit_boolean: bool}
_FITS_BY_FORMAT = {"date-time": _fit_timestamp, "date": _fit_date}


def _bounded(number: int | Decimal) -> bool:
    if isinstance(number, int):
        return number.bit_length() <= _MOST_BITS
    digits, exponent = number.as_tuple()[1:]
    return isinstance(exponent, int) and -MOST_DIGITS < exponent < MOST_DIGITS - len(digits)


def _storable(value: t.Any, depth: int = 0) -> t.Any:
    """Return a JSON value with what no target takes as text: huge numbers, deep nesting."""
    if isinstance(value, dict | list) and depth == _DEEPEST:
        return _as_text(value)
    if isinstance(value, dict):
        return {name: _storable(item, depth + 1) for name, item in value.items()}
    if isinstance(value, list):
        return [_storable(item, depth + 1) for item in value]
    if isinstance(value, int | Decimal) and not isinstance(value, bool) and not _bounded(value):
        return str(value)
    return value


def _as_text(value: t.Any) -> str:
    try:
        return _encode(value).decode()
    except (RecursionError, ValueError):
        return "nested too deeply"
