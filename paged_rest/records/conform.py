"""Rows of any form into records as a JSON Schema declares them, with nothing dropped."""

from __future__ import annotations

import typing as t
from decimal import Decimal

import msgspec

from paged_rest.records.decode import MOST_DIGITS
from paged_rest.records.kinds import PRECISION, SCALE, SINGER_DECIMAL, kind_of
from paged_rest.timestamps import calendar_date, timestamp

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Declared = Mapping[str, t.Any]
    Fit = Callable[[t.Any, str, "_Extra"], t.Any]

EXTRA_FIELDS = "extra_fields"

# Targets read and write nested values by recursion.
_DEEPEST = 100
_MOST_BITS = 332  # of an integer of MOST_DIGITS digits
_LARGEST = 2**63  # what columns of whole numbers do not hold any more

_encode = msgspec.json.Encoder(decimal_format="number").encode

Record = dict[str, t.Any]


class _Misfit(Exception):
    """A value is not of its declared type."""


def api_properties(schema: Declared) -> dict[str, t.Any]:
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
    """Makes records of one stream conform to its JSON Schema: its properties, in its order.

    A field that the schema does not know, and a value that is not of its declared type,
    moves to `extra_fields`, if the schema has that; its own place is null then.
    """

    def __init__(self, schema: Declared, known: Sequence[Declared] = ()) -> None:
        """Prepare for the types, formats, properties and items of a JSON Schema.

        Args:
            schema: The JSON Schema.
            known: JSON Schemas of the same objects, first of all as the API gives them. A field
                that one of them has and `schema` has not is left out without a note, and what the
                first does not have as text becomes text where `schema` says so.
        """
        properties = api_properties(schema)
        self._fields = _Fields(properties, [api_properties(one) for one in known])
        self.leaves_out = self._fields.leave_out
        declared = schema.get("properties", {})
        # `extra_fields` has its place among the others.
        self._fields.blank = dict.fromkeys(declared)
        self._keeps_extra = EXTRA_FIELDS in declared
        self._extra_as_text = kind_of(declared.get(EXTRA_FIELDS, {})) == "string"

    def __call__(self, row: Record) -> Conformed:
        """Return the record of a row."""
        extra = _Extra()
        record = self._fields.fill(row, "", extra)
        if not extra:
            return Conformed(record)
        if self._keeps_extra:
            kept = dict(extra)
            record[EXTRA_FIELDS] = _as_text(kept) if self._extra_as_text else kept
        return Conformed(record, tuple(extra.notes))


class _Fields:
    """Makes objects conform to the properties of a JSON Schema.

    Attributes:
        blank: An object that has none of them.
        leave_out: Whether known fields, at any depth, are not among them.
    """

    def __init__(self, properties: Declared, known: Sequence[Declared]) -> None:
        """Prepare for properties, and for those that are known besides."""
        self.blank: Record = dict.fromkeys(properties)
        self._left_out = set().union(*known) - set(properties)
        self.leave_out = bool(self._left_out)
        self._fits = {
            name: self._fit(declared, [one.get(name, {}) for one in known])
            for name, declared in properties.items()
        }
        # The type that a value of most fields just has to be.
        self._plain = {name: _PLAIN[fit] for name, fit in self._fits.items() if fit in _PLAIN}

    def fill(self, row: Record, prefix: str, extra: _Extra) -> Record:
        """Return an object with all properties; what has no place in it goes to `extra`."""
        record = self.blank.copy()
        fits, plain = self._fits, self._plain
        for name, value in row.items():
            if plain.get(name) is type(value):
                record[name] = value
                continue
            fit = fits.get(name)
            if fit is not None:
                record[name] = _fitted(fit, value, prefix + name, extra)
            elif name not in self._left_out:
                extra.keep(Note("unknown", prefix + name), value)
        return record

    def _fit(self, declared: Declared, known: Sequence[Declared]) -> Fit:
        kind = kind_of(declared)
        if kind == "object" and "properties" in declared:
            return self._fit_object(declared, known)
        if kind == "array":
            return self._fit_array(declared, known)
        if kind == "string" and known and kind_of(known[0]) != "string":
            return _fit_text
        return _FITS.get(kind, _fit_string if "format" in declared else _fit_any)

    def _fit_object(self, declared: Declared, known: Sequence[Declared]) -> Fit:
        fields = _Fields(declared["properties"], [one.get("properties", {}) for one in known])
        self.leave_out |= fields.leave_out

        def fit(value: t.Any, path: str, extra: _Extra) -> t.Any:
            return fields.fill(_of_type(dict, value), f"{path}.", extra)

        return fit

    def _fit_array(self, declared: Declared, known: Sequence[Declared]) -> Fit:
        fit_item = self._fit(declared.get("items", {}), [one.get("items", {}) for one in known])

        def fit(value: t.Any, path: str, extra: _Extra) -> t.Any:
            fitted = [
                _fitted(fit_item, item, f"{path}.{index}", extra)
                for index, item in enumerate(_of_type(list, value))
            ]
            return _of_one_type(fitted) if fit_item is _fit_number else fitted

        return fit


def _fitted(fit: Fit, value: t.Any, path: str, extra: _Extra) -> t.Any:
    if value is None:
        return None
    try:
        return fit(value, path, extra)
    except _Misfit:
        extra.keep(Note("misfit", path), value)
        return None


def _of_type(kind: type, value: t.Any) -> t.Any:
    if isinstance(value, kind):
        return value
    raise _Misfit


def _fit_any(value: t.Any, _path: str, _extra: _Extra) -> t.Any:
    return _storable(value)


def _fit_object(value: t.Any, _path: str, _extra: _Extra) -> t.Any:
    return _storable(_of_type(dict, value))


def _fit_string(value: t.Any, _path: str, _extra: _Extra) -> t.Any:
    return _of_type(str, value)


def _fit_text(value: t.Any, _path: str, _extra: _Extra) -> t.Any:
    return value if isinstance(value, str) else _as_text(value)


def _fit_boolean(value: t.Any, _path: str, _extra: _Extra) -> t.Any:
    return _of_type(bool, value)


def _fit_number(value: t.Any, _path: str, _extra: _Extra) -> t.Any:
    if isinstance(value, int | Decimal) and not isinstance(value, bool) and _bounded(value):
        return value
    raise _Misfit


def _of_one_type(numbers: list[int | Decimal | None]) -> list[int | Decimal | None]:
    """Return numbers as they are, but -93 as -93.0 beside 44.9: PostgreSQL's driver mixes none."""
    if not any(isinstance(number, Decimal) for number in numbers):
        return numbers
    return [Decimal(f"{number}.0") if type(number) is int else number for number in numbers]


def _fit_integer(value: t.Any, path: str, extra: _Extra) -> t.Any:
    number = _fit_number(value, path, extra)
    if -_LARGEST <= number < _LARGEST and number == int(number):
        return int(number)
    raise _Misfit


def _fit_singer_decimal(value: t.Any, path: str, extra: _Extra) -> t.Any:
    text = f"{Decimal(_fit_number(value, path, extra)):f}"
    whole, _, fraction = text.removeprefix("-").partition(".")
    if len(whole) <= PRECISION - SCALE and len(fraction) <= SCALE:
        return text
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
_FITS: dict[str, Fit] = {
    "object": _fit_object,
    "string": _fit_string,
    "date-time": _fit_timestamp,
    "date": _fit_date,
    "number": _fit_number,
    "integer": _fit_integer,
    SINGER_DECIMAL: _fit_singer_decimal,
    "boolean": _fit_boolean,
}


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
