"""The quick way from a response's bytes to records, for pages whose every value is as declared.

The JSON decoder itself checks the types, numbers stay the text that they came as, and what is
left to do is done for a whole page at once. Whatever it does not take, an unknown field or a
misfit, is left to `Conformer`, page by page.
"""

from __future__ import annotations

import re
import typing as t
from itertools import chain
from operator import attrgetter

import msgspec

from paged_rest.timestamps import calendar_date, timestamp

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

# No database takes much longer keys; those of APIs are far shorter.
LONGEST_ID = 255

_NULL = msgspec.Raw(b"null")
_NUMBER = rb"(?:null|0|-?[1-9]\d{0,49}|-?\d{1,50}\.\d{1,50})"
_NUMBERS = re.compile(rb"%b(?:,%b)*" % (_NUMBER, _NUMBER))


class TypedRows:
    """Decodes pages, `{data, pagination}`, whose rows are as a JSON Schema declares."""

    def __init__(self, kinds: Mapping[str, str], blank: str, success: Mapping[str, str]) -> None:
        """Prepare for fields, each with its kind in `_TYPES`, and one that stays null.

        A page whose other members differ from `success` is left to `Conformer`, too.
        """
        self._normalise = [
            (attrgetter(name), name, _NORMALISE[kind])
            for name, kind in kinds.items()
            if kind in _NORMALISE
        ]
        key = t.Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_ID)]
        row = msgspec.defstruct(
            "Row",
            [
                ("id", key),
                *((name, *_TYPES[kind]) for name, kind in kinds.items() if name != "id"),
                # A row that has such a field of its own is left to `Conformer`.
                (blank, None, None),
            ],
            forbid_unknown_fields=True,
        )
        page = msgspec.defstruct(
            "Page",
            [
                ("data", list[row]),  # type: ignore[valid-type]  # ty: ignore[invalid-type-form]
                ("pagination", t.Any, None),
                *((name, t.Literal.__getitem__(value), value) for name, value in success.items()),
            ],
        )
        self._blank = f'"{blank}"'.encode()
        self._decoder = msgspec.json.Decoder(page)

    @classmethod
    def for_properties(
        cls, properties: Mapping[str, t.Any], blank: str, success: Mapping[str, str]
    ) -> TypedRows | None:
        """Return a decoder for the properties of a JSON Schema, if it has a type for each of them.

        Args:
            properties: What the schema declares of each field that the API sends.
            blank: The field of a record that the API does not send.
            success: As in `Api`.
        """
        kinds = {name: _kind(declared) for name, declared in properties.items()}
        known = set(kinds.values()) <= set(_TYPES) and all(map(str.isidentifier, kinds))
        if kinds.get("id") != "string" or not known:
            return None
        return cls(kinds, blank, success)

    def decode(self, body: bytes) -> tuple[Sequence[msgspec.Struct], object] | None:
        """Return the records of a page and its `pagination`, or None for `Conformer` to do it."""
        if b"\\u0000" in body or self._blank in body:
            return None
        try:
            page: t.Any = self._decoder.decode(body)
            for column, name, normalise in self._normalise:
                normalise(page.data, name, map(column, page.data))
        except (RecursionError, TypeError, ValueError):
            return None
        return page.data, page.pagination


def _kind(declared: Mapping[str, t.Any]) -> str:
    """Return in words what a JSON Schema declares, as `string` or `array of number`."""
    types = declared.get("type", [])
    kinds = {types} if isinstance(types, str) else set(types) - {"null"}
    if kinds == {"array"}:
        return f"array of {_kind(declared.get('items', {}))}"
    if kinds == {"object"}:
        values = {_kind(value) for value in declared.get("properties", {}).values()}
        return f"object of {' or '.join(sorted(values))}"
    if kinds == {"string"}:
        return declared.get("format") or "string"
    return " or ".join(sorted(kinds))


# The type of each kind, and what stands for a field that a row does not have.
_TYPES: dict[str, tuple[t.Any, t.Any]] = {
    "string": (str | None, None),
    "date": (str | None, None),
    "date-time": (str | None, None),
    "boolean": (bool | None, None),
    "number": (msgspec.Raw, _NULL),
    "array of string": (list[str | None] | None, None),
    "array of number": (list[msgspec.Raw] | None, None),
    "object of string": (dict[str, str | None] | None, None),
    "array of object of string": (list[dict[str, str | None] | None] | None, None),
}


def _normalise_numbers(_rows: object, _name: str, values: Iterable[msgspec.Raw]) -> None:
    joined = b",".join(values)
    if joined and not _NUMBERS.fullmatch(joined):
        raise ValueError


def _normalise_arrays(rows: object, name: str, values: Iterable[list[msgspec.Raw] | None]) -> None:
    _normalise_numbers(rows, name, chain.from_iterable(filter(None, values)))


def _normalise_each(fit: Callable[[str], str]) -> Callable[..., None]:
    def normalise(rows: Iterable[msgspec.Struct], name: str, values: Iterable[str | None]) -> None:
        for row, value in zip(rows, values, strict=True):
            if value is not None:
                setattr(row, name, fit(value))

    return normalise


_NORMALISE: dict[str, Callable[..., None]] = {
    "date": _normalise_each(calendar_date),
    "date-time": _normalise_each(timestamp),
    "number": _normalise_numbers,
    "array of number": _normalise_arrays,
}
