"""The tables of settings in the READMEs, made of what the taps say with `--about`.

python -m tools.generate.settings_table    renews them, each between the two marks in its file
"""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

from click.testing import CliRunner

from tap_nexus_erp.tap import TapNexusErp
from tap_rotor.tap import TapRotor

if t.TYPE_CHECKING:
    from paged_rest.singer import ListTap

ROOT = Path(__file__).parents[2]
FILES: dict[str, type[ListTap]] = {
    "README.md": TapRotor,
    "tap_nexus_erp/README.md": TapNexusErp,
}
BEGIN = "<!-- settings: made by `python -m tools.generate.settings_table` -->"
END = "<!-- end of settings -->"


def about(tap: type[ListTap]) -> dict[str, t.Any]:
    """Return what a tap prints for `--about --format=json`."""
    printed = CliRunner().invoke(tap.get_singer_command(), ["--about", "--format=json"])
    return t.cast("dict[str, t.Any]", json.loads(printed.stdout))


def table(schema: t.Mapping[str, t.Any]) -> str:
    """Return the settings of a JSON Schema as a Markdown table."""
    lines = ["| Setting | Type | Default | What it does |", "|---|---|---|---|"]
    required = schema.get("required", [])
    for name, declared in _settings(schema["properties"]):
        cells = [
            f"`{name}`",
            _type(declared),
            "**required**" if name in required else _default(declared),
            " ".join(declared.get("description", "").replace("|", r"\|").split()),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def put_in(text: str, new: str) -> str:
    """Return a text with what stands between the marks replaced.

    Raises:
        ValueError: The marks are not there, once each and in this order.
    """
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end or BEGIN in tail or END in head or END in tail:
        message = f"The marks {BEGIN} and {END} must be there once each, in this order"
        raise ValueError(message)
    return f"{head}{BEGIN}\n\n{new}\n\n{END}{tail}"


def _settings(
    properties: t.Mapping[str, t.Mapping[str, t.Any]], prefix: str = ""
) -> t.Iterator[tuple[str, t.Mapping[str, t.Any]]]:
    for name, declared in properties.items():
        nested = declared.get("properties")
        # An object that takes any name is one setting, whatever names it also knows.
        if nested and not isinstance(declared.get("additionalProperties"), dict):
            yield from _settings(nested, f"{prefix}{name}.")
        else:
            yield prefix + name, declared


def _type(declared: t.Mapping[str, t.Any]) -> str:
    types = declared.get("type", [])
    kinds = [kind for kind in ([types] if isinstance(types, str) else types) if kind != "null"]
    if not kinds:
        kinds = sorted({_type(option) for option in declared.get("oneOf", [])} - {""})
    words = " or ".join(kinds)
    if declared.get("format") == "date-time":
        words = "date or moment"
    if "minimum" in declared:
        most = declared.get("maximum")
        words += f", {declared['minimum']:,} " + ("or more" if most is None else f"to {most:,}")
    return words + (", secret" if declared.get("secret") else "")


def _default(declared: t.Mapping[str, t.Any]) -> str:
    return f"`{json.dumps(declared['default'])}`" if "default" in declared else ""


if __name__ == "__main__":
    for name, tap in FILES.items():
        file = ROOT / name
        renewed = put_in(file.read_text(encoding="utf-8"), table(about(tap)["settings"]))
        file.write_text(renewed, encoding="utf-8")
