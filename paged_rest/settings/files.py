"""The files that a command is given: each holds one JSON object."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

from paged_rest.errors import UsageError


def read_json(file: t.IO[str], what: str) -> dict[str, t.Any]:
    """Return the JSON object in a file.

    Raises:
        UsageError: There is none.
    """
    try:
        value = json.loads(file.read().removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        message = f"The {what} file {file.name} is no JSON object"
        raise UsageError(message)
    return value


def read_json_file(path: str, what: str) -> dict[str, t.Any]:
    """Return the JSON object in the file at a path.

    Raises:
        UsageError: There is none.
    """
    try:
        with Path(path).open(encoding="utf-8") as file:
            return read_json(file, what)
    except OSError as error:
        message = f"The {what} file {path} cannot be read: {error.strerror}"
        raise UsageError(message) from None
