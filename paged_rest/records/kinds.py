"""What a JSON Schema declares of a value, in a word."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Mapping

# A number as text, in the format that targets on the SDK make an exact column of.
SINGER_DECIMAL = "x-singer.decimal"
PRECISION, SCALE = 38, 9


def kind_of(declared: Mapping[str, t.Any]) -> str:
    """Return the type that is declared beside null, of a string its format.

    Several types are named together, as in `number or string`; of none it is an empty text.
    """
    types = declared.get("type", [])
    kinds = ({types} if isinstance(types, str) else set(types)) - {"null"}
    if kinds == {"string"}:
        return declared.get("format") or "string"
    return " or ".join(sorted(kinds))
