"""What the SCHEMA of a stream declares: its own schema, as the catalog and the settings have it."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from paged_rest.errors import UsageError
from paged_rest.records import (
    EXTRA_FIELDS,
    LONGEST_ID,
    PRECISION,
    SCALE,
    SINGER_DECIMAL,
    kind_of,
)

if t.TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    Declared = Mapping[str, t.Any]
    Breadcrumb = tuple[str, ...]

# What values of each kind can be sent as without a loss; what does not fit goes to extra_fields.
_NUMERIC = {"number", "integer", SINGER_DECIMAL, "string"}
_LOSSLESS: dict[str, set[str]] = {
    "string": {"string", "date", "date-time"},
    "date": {"date", "date-time", "string"},
    "date-time": {"date-time", "string"},
    "number": _NUMERIC,
    "integer": _NUMERIC,
    "boolean": {"boolean", "string"},
    "object": {"object", "string"},
    "array": {"array", "string"},
}
# A field that only the catalog knows can be of any of these.
_ANY = set().union(*_LOSSLESS.values(), {"boolean", "object", "array", ""})

# What is declared of the inside of an object or a list.
_INNER = ("properties", "items")


@dataclass(frozen=True)
class OutgoingSchema:
    """Makes the schema that leaves of the one that the tap has.

    Attributes:
        stream: The name of the stream.
        mask: Whether each field is selected, by its breadcrumb.
        always: Fields that leave whether they are selected or not.
        decimals: Whether numbers that are no counts leave as `x-singer.decimal`.
        texts: Whether objects of no declared properties leave as JSON text.
    """

    stream: str
    mask: Mapping[Breadcrumb, bool]
    always: Collection[str]
    decimals: bool
    texts: bool

    def made_of(self, own: Declared, catalog: Declared) -> dict[str, t.Any]:
        """Return the schema that leaves.

        Args:
            own: The schema that the tap has.
            catalog: What the catalog makes of it.

        Raises:
            UsageError: The catalog declares a property as what its values cannot be sent as.
        """
        known = own["properties"]
        wanted = catalog.get("properties", known)
        if EXTRA_FIELDS in wanted and kind_of(wanted[EXTRA_FIELDS]) == "object":
            # Some targets would flatten an object of no properties to nothing.
            wanted = {**wanted, EXTRA_FIELDS: _without_inner(wanted[EXTRA_FIELDS])}
            known = {**known, EXTRA_FIELDS: _without_inner(known[EXTRA_FIELDS])}
        added = {name: known[name] for name in self.always if name not in wanted}
        properties = self._properties(known, {**added, **wanted}, (), "")
        properties["id"] = {**known["id"], "maxLength": LONGEST_ID}
        return {**catalog, "type": "object", "required": ["id"], "properties": properties}

    def _properties(
        self, own: Declared, wanted: Declared, at: Breadcrumb, prefix: str
    ) -> dict[str, t.Any]:
        chosen = {}
        for name, declared in wanted.items():
            below = (*at, "properties", name)
            if self.mask[below] or (not at and name in self.always):
                chosen[name] = self._declare(own.get(name), declared, below, prefix + name)
        return chosen

    def _declare(
        self,
        own: Declared | None,
        wanted: Declared,
        at: Breadcrumb,
        path: str,
        *,
        column: bool = True,
    ) -> dict[str, t.Any]:
        """Return what leaves of a property, which is a column of its own or an item of one."""
        declared = _completed(own, wanted)
        kind = self._checked(own, declared, path)
        if kind == "string":
            self._refuse_partial(own or {}, at, path)
        if kind == "object" and "properties" in declared:
            declared.pop("required", None)
            inner = (own or {}).get("properties", {})
            properties = self._properties(inner, declared["properties"], at, f"{path}.")
            return {**_nullable(declared), "properties": properties}
        if kind == "array":
            return self._array(own or {}, declared, at, path)
        if kind == SINGER_DECIMAL or (kind == "number" and self.decimals and column):
            exact = {"format": SINGER_DECIMAL, "precision": PRECISION, "scale": SCALE}
            return {**declared, "type": ["string", "null"], **exact}
        if kind == "object" and self.texts and column:
            return {**declared, "type": ["string", "null"]}
        return _nullable(declared)

    def _array(
        self, own: Declared, declared: Declared, at: Breadcrumb, path: str
    ) -> dict[str, t.Any]:
        if "items" not in declared:
            return _nullable(declared)
        items = self._declare(
            own.get("items"), declared["items"], (*at, "items"), f"{path}[]", column=False
        )
        return {**_nullable(declared), "items": items}

    def _refuse_partial(self, own: Declared, at: Breadcrumb, path: str) -> None:
        """Refuse an object as text, which would hold all of it, where a part is deselected."""
        if not all(self.mask[*at, "properties", name] for name in own.get("properties", {})):
            message = (
                f"{self.stream}: the catalog declares {path} as string and deselects a part of it; "
                "deselect all of it, or leave its type"
            )
            raise UsageError(message)

    def _checked(self, own: Declared | None, declared: Declared, path: str) -> str:
        kind, possible = kind_of(declared), _ANY
        if own is not None:
            own_kind = kind_of(own)
            possible = _LOSSLESS.get(own_kind, {own_kind})
        if kind not in possible:
            message = (
                f"{self.stream}: the catalog declares {path} as {kind}, and its values can be sent "
                f"as {', '.join(sorted(filter(None, possible)))} only"
            )
            raise UsageError(message)
        return kind


def _completed(own: Declared | None, wanted: Declared) -> dict[str, t.Any]:
    """Return what the catalog declares; what it leaves unsaid is as the tap has it."""
    if own is None:
        return dict(wanted)
    if "type" not in wanted:
        return dict(own)
    if kind_of(own) != kind_of(wanted):
        return _without_inner(wanted)
    return {**{key: own[key] for key in _INNER if key in own}, **wanted}


def _without_inner(declared: Declared) -> dict[str, t.Any]:
    return {key: value for key, value in declared.items() if key not in _INNER}


def _nullable(declared: Declared) -> dict[str, t.Any]:
    """Return what is declared, or null: any field may be missing."""
    types = declared.get("type", [])
    types = [types] if isinstance(types, str) else list(types)
    return {**declared, "type": [*types, *({"null"} - set(types))]} if types else dict(declared)
