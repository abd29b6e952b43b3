"""What the setting `stream_maps` says of a stream, and the sentence for a map that fails."""

from __future__ import annotations

import ast
import typing as t
from decimal import Decimal
from fnmatch import fnmatch

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    Rules = Mapping[str, t.Any]

# What a value is called in a sentence.
_KINDS = {
    type(None): "null",
    bool: "true or false",
    int: "a whole number",
    Decimal: "a decimal",
    str: "text",
    dict: "an object",
    list: "a list",
}


def maps_of(stream: str, config: Mapping[str, t.Any]) -> list[Rules]:
    """Return the stream maps of one stream that compute anything."""
    maps = config.get("stream_maps") or {}
    return [
        rules
        for source, rules in maps.items()
        if isinstance(rules, dict) and fnmatch(stream, rules.get("__source__", source))
    ]


def named(stream: str, maps: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return those of the stream maps that mean a stream by its name, not by a pattern."""
    return {
        key: rules
        for key, rules in maps.items()
        if stream == (rules.get("__source__", key) if isinstance(rules, dict) else key)
    }


def passes_on(rules: Rules, field: str) -> bool:
    """Whether a stream map passes a field on, under any name."""
    if field not in rules and "__else__" not in rules:
        return True
    wanted = {field, "record", "_"}
    return any(
        _names(ast.parse(rule), name) & wanted
        for name, rule in rules.items()
        if isinstance(rule, str) and not name.startswith("__")
    )


def map_failure(
    failed: tuple[str, ast.AST] | None, record: Mapping[str, t.Any], error: Exception
) -> str:
    """Return in words which map fails and what kinds of values it met, but none of the values.

    Args:
        failed: The property that is mapped and the expression that fails, if one does.
        record: The record that it fails on.
        error: How it fails; the text of that may hold values.
    """
    kind = type(error.__cause__ or error).__name__
    if failed is None:
        return f"a stream map makes of a record what cannot be sent ({kind})"
    name, expression = failed
    met = [
        f"{field} is {_KINDS[type(record[field])]}"
        for field in sorted(_names(expression, name) & record.keys())
    ]
    where = f" where {' and '.join(met)}" if met else ""
    return f"the stream map of {name} fails on a record{where} ({kind})"


def _names(expression: ast.AST, own: str) -> set[str]:
    """Return the names in an expression that may be fields, as in `email` or `record["email"]`."""
    nodes = list(ast.walk(expression))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    texts = {node.value for node in nodes if isinstance(node, ast.Constant)}
    names |= {text for text in texts if isinstance(text, str)}
    return names | ({own} if "self" in names else set())
