"""What programs read of the log of a tap: fields, as Meltano has them logged, and no sentence."""

from __future__ import annotations

import json
import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

CONFIG = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "singer_sdk.logging.StructuredFormatter"}},
    "handlers": {"json": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"level": "INFO", "handlers": ["json"]},
}


def structured(folder: Path) -> dict[str, str]:
    """Return the environment in which a plugin of the SDK logs a JSON object a line."""
    file = folder / "logging.json"
    file.write_text(json.dumps(CONFIG), encoding="utf-8")
    return {"SINGER_SDK_LOG_CONFIG": str(file)}


def lines(text: str) -> list[dict[str, t.Any]]:
    """Return the lines of such a log; one that is none, as of a traceback, has only a message."""
    return [_line(line) for line in text.splitlines()]


def fields(log: Iterable[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Return the fields of those lines that have a code: see docs/ends.md."""
    return [line["extra"] for line in log if "code" in line.get("extra", {})]


def _line(text: str) -> dict[str, t.Any]:
    try:
        line: dict[str, t.Any] = json.loads(text)
    except ValueError:
        return {"level": "", "message": text}
    return line
