"""The files that a command is given: each holds one JSON object."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

from paged_rest.errors import UsageError


def read_json(file: t.IO[str], what: str, *, may_be_empty: bool = False) -> dict[str, t.Any]:
    """Return the JSON object in a file.

    Args:
        file: The file.
        what: What it is, in a word.
        may_be_empty: Whether a file without any content stands for an object without any.

    Raises:
        UsageError: There is none.
    """
    try:
        content = file.read()
        value = json.loads(content if content.strip() or not may_be_empty else "{}")
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
        with Path(path).open(encoding="utf-8-sig") as file:
            return read_json(file, what)
    except OSError as error:
        message = f"The {what} file {path} cannot be read: {error.strerror}"
        raise UsageError(message) from None
