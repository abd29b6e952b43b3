"""The command line around the tap: what it reads, and its last words."""

from __future__ import annotations

import abc
import json
import os
import sys
import typing as t
from pathlib import Path

from singer_sdk import Tap
from singer_sdk.plugin_base import SingerCommand
from singer_sdk.singerlib import Catalog
from typing_extensions import override

from paged_rest.http import status as errors
from paged_rest.singer.writer import OutputLost

if t.TYPE_CHECKING:
    import click


class Interrupted(BaseException):
    """A signal ends the run."""

    def __init__(self, signum: int) -> None:
        """Take the number of the signal."""
        super().__init__(signum)
        self.signum = signum


def give_up(signum: int) -> t.NoReturn:
    """End at once, as the target takes nothing more."""
    os.write(2, b"The target takes nothing more; ended without a last STATE\n")
    os._exit(128 + signum)


class Command(SingerCommand):
    """The command line, whose last line says what went wrong."""

    @override
    def main(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
        try:
            return super().main(*args, **kwargs)
        except (errors.TapError, OutputLost) as error:
            sentences = error.args
        except Interrupted as interruption:
            sys.exit(128 + interruption.signum)
        for sentence in sentences:
            self.logger.error(sentence)
        sys.exit(1)


class CommandLineTap(Tap):
    """A tap whose command ends with the status of its run."""

    @abc.abstractmethod
    def run(self, sync: t.Callable[[], object]) -> int:
        """Run a sync of the SDK and tell how it ended; return the exit status."""

    @override
    @classmethod
    def invoke(  # type: ignore[override]
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: t.Any = None,
        state: t.IO[str] | None = None,
        catalog: t.IO[str] | None = None,
    ) -> None:
        """Run as the SDK does, and exit with the status of the run."""
        if about:
            cls.print_about(about_format)
            return
        tap = cls(
            config=config.config,
            parse_env_config=config.parse_env,
            state=read_json(state, "state") if state else None,
            catalog=read_json(catalog, "catalog") if catalog else None,
        )
        sys.exit(tap.run(tap.sync_all))

    @override
    @classmethod
    def cb_test(cls, ctx: click.Context, param: click.Option, value: str) -> None:
        """Run `--test` as the SDK does, but exit with the status of the run."""
        if value == "schema" or not value or value == "disabled":
            super().cb_test(ctx, param, value)
            return
        config = ctx.params["config"]
        tap = cls(config=config.config, parse_env_config=config.parse_env)
        ctx.exit(tap.run(tap.run_connection_test))

    @override
    @classmethod
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> t.Any:
        """Read the config files.

        Raises:
            errors.UsageError: One of them cannot be read.
        """
        given = super().cb_config(ctx, param, ("ENV",) if "ENV" in value else ())
        for path in value:
            if path != "ENV":
                given.config.update(read_json_file(path, "config"))
        return given

    @override
    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Return the SDK's command, ended by a sentence where something is wrong."""
        command = super().get_singer_command()
        return Command(
            name=command.name,
            callback=command.callback,
            context_settings=command.context_settings,
            help=command.help,
            params=command.params,
            logger=cls.logger,
        )


def read_json(file: t.IO[str], what: str) -> dict[str, t.Any]:
    """Return the JSON object in a file.

    Raises:
        errors.UsageError: There is none.
    """
    try:
        value = json.loads(file.read().removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        message = f"The {what} file {file.name} is no JSON object"
        raise errors.UsageError(message)
    return value


def read_json_file(path: str, what: str) -> dict[str, t.Any]:
    """Return the JSON object in the file at a path.

    Raises:
        errors.UsageError: There is none.
    """
    try:
        with Path(path).open(encoding="utf-8") as file:
            return read_json(file, what)
    except OSError as error:
        message = f"The {what} file {path} cannot be read: {error.strerror}"
        raise errors.UsageError(message) from None


def parse_catalog(value: dict[str, t.Any]) -> Catalog:
    """Return a catalog, with what its metadata says of replication.

    Raises:
        errors.UsageError: It is no Singer catalog, or names no stream.
    """
    try:
        for entry in value.get("streams", []):
            for item in entry.get("metadata", []):
                if not item["breadcrumb"]:
                    for name in ("replication-method", "replication-key"):
                        if item["metadata"].get(name):
                            entry[name.replace("-", "_")] = item["metadata"][name]
            # Without a key a target would append every row again in every run.
            entry["key_properties"] = entry.get("key_properties") or ["id"]
        catalog = Catalog.from_dict(value)
    except (AttributeError, KeyError, TypeError, ValueError):
        message = "The catalog is not a Singer catalog"
        raise errors.UsageError(message) from None
    if not catalog:
        message = "The catalog names no stream; --discover prints one that names all"
        raise errors.UsageError(message)
    return catalog
