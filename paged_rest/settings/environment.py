"""The settings that environment variables give, and a `.env` file in the current folder."""

from __future__ import annotations

import difflib
import json
import os
import re
import typing as t
from pathlib import Path

from dotenv import dotenv_values

from paged_rest.errors import UsageError

if t.TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable, Iterator, Mapping

# Of the folder that the command runs in: another may be that of another company.
DOTENV = Path(".env")
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

_BOOLEANS = {
    **dict.fromkeys(["true", "1", "yes", "on"], True),
    **dict.fromkeys(["false", "0", "no", "off"], False),
}
_Kind = t.TypeVar("_Kind")
_OF_JSON = re.compile(r"[]\[{}'\"]")


def environment_settings(
    schema: Mapping[str, t.Any], prefix: str, logger: logging.Logger
) -> dict[str, t.Any]:
    """Return the settings that the environment gives; an empty variable counts as none.

    Args:
        schema: JSON Schema of all settings.
        prefix: What the names of environment variables begin with, as in `TAP_X_`.
        logger: Told where settings come from, besides the environment.

    Raises:
        UsageError: Some cannot be read; each argument is a sentence.
    """
    _load_dotenv(logger)
    # A file may have brought it in.
    problems = [*filter(None, [log_level_problem(prefix)])]
    found: dict[str, t.Any] = {}
    for name, declared in schema["properties"].items():
        variable = prefix + name.upper()
        if not (text := os.environ.get(variable)):
            continue
        types = declared.get("type", "string")
        kinds = [types] if isinstance(types, str) else types
        read, wanted = _READERS.get(kinds[0], (str, "text"))
        try:
            found[name] = read(text)
        except (KeyError, ValueError, RecursionError):
            problems.append(f"The environment variable {variable} must be {wanted}")
    if problems:
        raise UsageError(*problems)
    for variable, near in _misspelt([*schema["properties"]], prefix):
        logger.warning(
            "The environment variable %s gives no setting; did you mean %s?", variable, near
        )
    return found


def _misspelt(names: Iterable[str], prefix: str) -> Iterator[tuple[str, str]]:
    """Yield each variable whose name is nearly that of a setting, and the name that is near.

    Others with the prefix are Meltano's, as in `TAP_X__SELECT`.
    """
    known = [*(prefix + name.upper() for name in names), f"{prefix}LOGLEVEL"]
    for variable in sorted(os.environ.keys() - {*known}):
        if variable.startswith(prefix):
            near = difflib.get_close_matches(variable, known, n=1, cutoff=0.9)
            yield from ((variable, name) for name in near)


def log_level_problem(prefix: str) -> str | None:
    """Return a sentence if the variable that sets the level of the log cannot be used.

    What cannot be used is taken out of the environment: the SDK shows a traceback for it.
    """
    for variable in (f"{prefix}LOGLEVEL", "LOGLEVEL"):
        level = os.environ.get(variable, "").upper()
        if level in _LEVELS or level in {"WARN", "FATAL", "NOTSET"}:
            return None
        os.environ.pop(variable, None)
        if level:
            return f"The environment variable {variable} must be one of {', '.join(_LEVELS)}"
    return None


def _load_dotenv(logger: logging.Logger) -> None:
    """Put the variables of the file into the environment; those that are there already count."""
    if not DOTENV.is_file():
        return
    try:
        values = dotenv_values(DOTENV, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        message = f"The file {DOTENV.absolute()} cannot be read: {reason}"
        raise UsageError(message) from None
    for name, value in values.items():
        if value is not None:
            os.environ.setdefault(name, value)
    logger.info("Settings are taken from the environment and from %s", DOTENV.absolute())


def _list(text: str) -> list[t.Any]:
    """Return a list that is given as JSON, or as plain words between commas, as the SDK has it."""
    try:
        return _json(list, text)
    except json.JSONDecodeError:
        if _OF_JSON.search(text):
            raise
        return [part.strip() for part in text.split(",")]


def _json(kind: type[_Kind], text: str) -> _Kind:
    value = json.loads(text)
    if not isinstance(value, kind):
        raise ValueError  # noqa: TRY004 (it becomes a sentence)
    return value


_READERS: dict[str, tuple[Callable[[str], object], str]] = {
    "array": (_list, 'a list as JSON, as in ["a", "b"]'),
    "boolean": (lambda text: _BOOLEANS[text.lower()], "true or false"),
    "integer": (int, "a whole number"),
    "object": (lambda text: _json(dict, text), "an object as JSON"),
}
