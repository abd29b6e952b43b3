"""The quick way from a response's bytes to records, for pages whose every value is as declared.

The JSON decoder itself checks the types, numbers stay the text that they came as, and what is
left to do is done for a whole page at once. Whatever it does not take, an unknown field or a
misfit, is left to `Conformer`, page by page.
"""

from __future__ import annotations

import re
import typing as t
from collections import deque
from itertools import chain, repeat
from operator import attrgetter

import msgspec

from paged_rest.records.kinds import SINGER_DECIMAL, kind_of
from paged_rest.timestamps import calendar_date, timestamps

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

# No database takes much longer keys; those of APIs are far shorter.
LONGEST_ID = 255

_KEY = t.Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_ID)]
_NULL = msgspec.Raw(b"null")
# No value is of this type: a row that has a field of it is left to `Conformer`.
_NEVER = t.Annotated[int, msgspec.Meta(gt=0, lt=0)]
_NUL = b"\\u0000"
# Up to so many backslashes in a page, looking at each is many times quicker than looking for NUL.
_FEW_BACKSLASHES = 2_000


class TypedRows:
    """Decodes pages, `{data, pagination}`, whose rows are as a JSON Schema declares."""

    def __init__(
        self,
        fields: Mapping[str, tuple[t.Any, ...]],
        normalise: Mapping[str, Callable[..., None]],
        success: Mapping[str, str],
    ) -> None:
        """Prepare for fields, in the order of their record.

        Args:
            fields: For each its type and what stands for it where a row does not have it.
            normalise: What makes the values of a field those of the record, for some of them.
            success: As in `Api`; a page whose other members differ is left to `Conformer`, too.
        """
        self._normalise = [(attrgetter(name), name, way) for name, way in normalise.items()]
        row = msgspec.defstruct(
            "Row",
            [(name, *typed) for name, typed in fields.items()],
            forbid_unknown_fields=True,
            # JSON has no cycles, and the collector would look at every row again and again.
            gc=False,
            # The key has no default, and need not come first.
            kw_only=True,
        )
        page = msgspec.defstruct(
            "Page",
            [
                ("data", list[row]),  # type: ignore[valid-type]  # ty: ignore[invalid-type-form]
                ("pagination", t.Any, None),
                *((name, t.Literal.__getitem__(value), value) for name, value in success.items()),
            ],
        )
        self._decoder = msgspec.json.Decoder(page)

    @classmethod
    def for_properties(
        cls, properties: Mapping[str, t.Any], blank: str, success: Mapping[str, str]
    ) -> TypedRows | None:
        """Return a decoder for the properties of a JSON Schema, if it has a type for each of them.

        Args:
            properties: What the schema declares of each field of a record.
            blank: The field that the API does not send, whether it is among them or not.
            success: As in `Api`.
        """
        fields, normalise = {}, {}
        for name, declared in properties.items():
            typed = (_NEVER, None) if name == blank else _typed(declared)
            if typed is None or not name.isidentifier():
                return None
            fields[name] = typed
            if name != blank and (way := _NORMALISE.get(_kind(declared))):
                normalise[name] = way
        if _kind(properties.get("id", {})) != "string":
            return None
        return cls({**fields, "id": (_KEY,)}, normalise, success)

    def decode(self, body: bytes) -> tuple[Sequence[msgspec.Struct], object] | None:
        """Return the records of a page and its `pagination`, or None for `Conformer` to do it."""
        if _holds_nul(body):
            return None
        try:
            page: t.Any = self._decoder.decode(body)
            for column, name, normalise in self._normalise:
                normalise(page.data, name, map(column, page.data))
        except (RecursionError, TypeError, ValueError):
            return None
        return page.data, page.pagination


def _holds_nul(body: bytes) -> bool:
    """Whether a JSON text may hold the character NUL."""
    place = -2
    for _ in range(_FEW_BACKSLASHES):
        # What an escaped backslash escapes is none itself.
        place = body.find(b"\\", place + 2)
        if place < 0 or body.startswith(_NUL, place):
            return place >= 0
    return _NUL in body


def _kind(declared: Mapping[str, t.Any]) -> str:
    """Return the kind of a JSON Schema, for a list as in `array of number`."""
    kind = kind_of(declared)
    return f"array of {_kind(declared.get('items', {}))}" if kind == "array" else kind


def _typed(declared: Mapping[str, t.Any]) -> tuple[t.Any, ...] | None:
    """Return the type of a field and what stands for it, or None if there is no type for it."""
    kind = _kind(declared)
    if kind == "object":
        texts = _object_of_texts(declared)
        return texts and (texts | None, None)
    if kind == "array of object":
        texts = _object_of_texts(declared["items"])
        return texts and (list[texts | None] | None, None)  # type: ignore[valid-type]
    return _TYPES.get(kind)


def _object_of_texts(declared: Mapping[str, t.Any]) -> t.Any:
    """Return the type of objects whose fields are all text, or None where they are not."""
    properties = declared.get("properties", {})
    if not properties or any(kind_of(value) != "string" for value in properties.values()):
        return None
    if not all(map(str.isidentifier, properties)):
        return None
    fields = [(name, str | None, None) for name in properties]
    return msgspec.defstruct("Texts", fields, forbid_unknown_fields=True)


# The type of each kind, and what stands for a field that a row does not have.
_TYPES: dict[str, tuple[t.Any, ...]] = {
    "string": (str | None, None),
    "date": (str | None, None),
    "date-time": (str | None, None),
    "boolean": (bool | None, None),
    "number": (msgspec.Raw, _NULL),
    "integer": (msgspec.Raw, _NULL),
    SINGER_DECIMAL: (msgspec.Raw, _NULL),
    "array of string": (list[str | None] | None, None),
    "array of number": (list[msgspec.Raw] | None, None),
}


def _all(one: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"(?:null|%b)(?:,(?:null|%b))*" % (one, one))


_NUMBERS = _all(rb"0|-?[1-9]\d{0,49}|-?\d{1,50}\.\d{1,50}")
_FRACTIONS = _all(rb"-?\d{1,50}\.\d{1,50}")
_INTEGERS = _all(rb"0|-?[1-9]\d{0,17}")
_DECIMALS = _all(rb"0|-?[1-9]\d{0,28}|-?\d{1,29}\.\d{1,9}")


def _check(numbers: re.Pattern[bytes], values: Iterable[msgspec.Raw]) -> None:
    joined = b",".join(values)
    if joined and not numbers.fullmatch(joined):
        raise ValueError


def _normalise_numbers(_rows: object, _name: str, values: Iterable[msgspec.Raw]) -> None:
    _check(_NUMBERS, values)


def _normalise_integers(_rows: object, _name: str, values: Iterable[msgspec.Raw]) -> None:
    _check(_INTEGERS, values)


def _normalise_decimals(
    rows: Iterable[msgspec.Struct], name: str, values: Iterable[msgspec.Raw]
) -> None:
    values = list(values)
    _check(_DECIMALS, values)
    for row, value in zip(rows, values, strict=True):
        if value != _NULL:
            setattr(row, name, msgspec.Raw(b'"%b"' % value))


def _normalise_arrays(
    _rows: object, _name: str, values: Iterable[list[msgspec.Raw] | None]
) -> None:
    # `Conformer` sees to lists in which some numbers are whole.
    _check(_FRACTIONS, chain.from_iterable(filter(None, values)))


def _normalise_moments(
    rows: Iterable[msgspec.Struct], name: str, values: Iterable[str | None]
) -> None:
    values = list(values)
    if None in values:
        rows = [row for row, value in zip(rows, values, strict=True) if value is not None]
    present = [value for value in values if value is not None]
    deque(map(setattr, rows, repeat(name), timestamps(present)), maxlen=0)


def _normalise_dates(_rows: object, _name: str, values: Iterable[str | None]) -> None:
    for value in values:
        if value is not None:
            calendar_date(value)


_NORMALISE: dict[str, Callable[..., None]] = {
    "date": _normalise_dates,
    "date-time": _normalise_moments,
    "number": _normalise_numbers,
    "integer": _normalise_integers,
    SINGER_DECIMAL: _normalise_decimals,
    "array of number": _normalise_arrays,
}
