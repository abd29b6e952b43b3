"""Every override of the SDK's taps, streams and command line, and every use of its private names.

`writer.py` takes the place of the SDK's message writer, which it is meant for.

Each override says why it is there. `tests/singer/test_sdk_seams.py` checks the signatures and the
behaviour that this file relies on, so that a new version of the SDK shows what it changed.
"""

from __future__ import annotations

import abc
import copy
import logging
import os
import signal
import sys
import threading
import traceback
import typing as t
from datetime import UTC, datetime
from functools import cached_property

import click
import msgspec
from singer_sdk import metrics
from singer_sdk.cli import plugin_cli
from singer_sdk.exceptions import ConfigValidationError, MappingError
from singer_sdk.helpers._classproperty import classproperty
from singer_sdk.helpers._state import StateWriter
from singer_sdk.helpers.capabilities import PluginCapabilities, TapCapabilities
from singer_sdk.mapper import RemoveRecordTransform, SameRecordTransform
from singer_sdk.plugin_base import PluginBase, SingerCommand
from singer_sdk.singerlib import RecordMessage
from singer_sdk.streams._state import StreamStateManager
from singer_sdk.streams.core import Stream
from singer_sdk.tap_base import Tap
from typing_extensions import override

from paged_rest.errors import Interrupted, MapFailed, OutputLost, TapError, UsageError
from paged_rest.records import EXTRA_FIELDS
from paged_rest.settings import (
    environment_settings,
    log_level_problem,
    read_json,
    read_json_file,
)
from paged_rest.singer.catalog import refuse_renamed, replication
from paged_rest.singer.declaration import ListDeclaration
from paged_rest.singer.maps import map_failure, maps_of, named, passes_on
from paged_rest.singer.outgoing import OutgoingSchema
from paged_rest.singer.state import UNUSED, unwrap
from paged_rest.singer.writer import MessageWriter
from paged_rest.timestamps import from_setting, now, timestamp

if t.TYPE_CHECKING:
    import ast
    from collections.abc import Generator, Iterable, Mapping
    from types import FrameType

    from singer_sdk.helpers.types import Context, Record, TapState
    from singer_sdk.singerlib import Catalog, MetadataMapping

_KEY = "id"
# What a check may cost of the day's quota.
MOST_REQUESTS = 12
# How long what is under way may hold up the end of a run that was told to end.
SECONDS_TO_END = 25


class PlainStream(Stream):
    """A stream that handles its messages itself.

    Attributes:
        matches_patterns: Whether stream maps of a pattern such as `*` mean it, too.
    """

    matches_patterns: t.ClassVar[bool] = True

    @property
    @abc.abstractmethod
    def outgoing_schema(self) -> dict[str, t.Any]:
        """The schema of the records, before they are mapped or flattened."""

    @override
    def apply_catalog(self, catalog: Catalog) -> None:
        """Take selection and schema from a catalog; the key stays as it is.

        Raises:
            UsageError: The stream is selected, but the catalog gives it another name.
        """
        keys = self.primary_keys
        super().apply_catalog(catalog)
        self.primary_keys = keys
        entry = catalog.get_stream(self.name)
        if entry is not None and self.selected:
            refuse_renamed(entry)
            if set(entry.key_properties or keys or ()) != set(keys or ()):
                self.logger.warning("%s: the key stays %s", self.name, ", ".join(keys or ()))

    @override
    def log(self, message: str, *args: t.Any, level: int = logging.INFO, **options: t.Any) -> None:
        """Log the SDK's own lines, but its errors only for those who debug.

        It calls every end of `--test` an unhandled error; what does go wrong, the tap logs.
        """
        level = logging.DEBUG if level >= logging.ERROR else level
        super().log(message, *args, level=level, **options)

    @override
    def generate_child_contexts(self, record: Record, context: Context | None) -> Iterable[Context]:
        """Return none: no stream has children, and the SDK copies each record to ask."""
        return ()

    @override
    def _write_record_message(self, record: Record) -> None:
        """Write a record as its stream maps make it.

        The SDK would show a traceback where a map fails, with the record's values in it.

        Raises:
            MapFailed: A stream map fails on it.
        """
        # The reading goes by fields that may not be selected.
        record = {name: record[name] for name in self.outgoing_schema["properties"]}
        try:
            super()._write_record_message(record)
        except Exception as error:
            if isinstance(error, OutputLost) or not maps_of(self.name, self.config):
                raise
            message = f"{self.name}: {map_failure(_failed(error), record, error)}"
            raise MapFailed(message) from None

    @override
    def _generate_record_messages(self, record: Record) -> Generator[RecordMessage, None, None]:
        """Map a record: what leaves has the properties of its SCHEMA, in its order, and no other.

        The SDK leaves a null object unflattened, under a name that is not declared. What it does
        before, to select fields and conform types, the record has behind it.
        """
        for stream_map in self.stream_maps:
            mapped = stream_map.transform(record)
            if mapped is not None:
                declared = stream_map.transformed_schema["properties"]
                yield RecordMessage(
                    stream=stream_map.stream_alias,
                    record={name: mapped.get(name) for name in declared},
                    version=self._stream_version,
                    time_extracted=datetime.now(UTC),
                )

    @property
    @override
    def emit_activate_version_messages(self) -> bool:
        """Never before the records, where the SDK would: a failed read would delete rows."""
        return False

    @property
    def is_test(self) -> bool:
        """Whether the run stops after a record of each stream, as `--test` does."""
        return self.ABORT_AT_RECORD_COUNT is not None


class SdkStream(ListDeclaration, PlainStream):
    """A stream that handles its bookmark and selection itself, too."""

    primary_keys = (_KEY,)

    def __init__(self, tap: Tap) -> None:
        """Belong to a tap."""
        super().__init__(tap)
        self._since_state = 0

    @property
    @override
    def metadata(self) -> MetadataMapping:
        """The catalog's metadata, with the field that the stream can be read by.

        The SDK names none where a stream is read whole by default.
        """
        metadata = super().metadata
        if self.valid_replication_key:
            metadata.root.valid_replication_keys = [self.valid_replication_key]
        return metadata

    @override
    def apply_catalog(self, catalog: Catalog) -> None:
        """Take selection, schema and replication method from a catalog.

        The SDK lets a catalog that names no replication key turn a stream into FULL_TABLE
        without a word; here what a catalog leaves out stays as it is by default.

        Raises:
            UsageError: The stream is selected, but cannot be read as the catalog wants it.
        """
        entry = catalog.get_stream(self.name)
        if entry is None:
            super().apply_catalog(catalog)
            return
        default = self.replication_method, self.replication_key
        super().apply_catalog(catalog)
        method, key = default
        if self.selected:
            method, key = replication(entry, key, self.valid_replication_key)
        self.forced_replication_method, self.replication_key = method, key

    @override
    def get_replication_key_signpost(self, context: Context | None = None) -> None:
        """Return None: the bookmark is capped where it is made, in `reading/`."""

    @override
    def compare_start_date(self, value: str, start_date_value: str) -> str:
        """Return the later of a bookmark and start_date: the SDK reads fewer forms of them."""
        return max(timestamp(value), from_setting(start_date_value))

    @override
    def _increment_stream_state(
        self, latest_record: Record, *, context: Context | None = None
    ) -> None:
        """Leave the bookmark alone.

        The SDK moves it with each record and keeps what it has when a stream ends early,
        which would skip the rest for ever. Here it moves once, when a read is proven.
        """

    @override
    def get_record_counter(self, **options: t.Any) -> metrics.Counter:
        """Return the SDK's counter, and count the records that do not pass by the SDK too."""
        self._counter = super().get_record_counter(**options)
        return self._counter

    # What streams do through the SDK's private parts

    @property
    def is_unmapped(self) -> bool:
        """Whether no stream map changes, removes or copies the records."""
        maps = self.stream_maps
        return len(maps) == 1 and type(maps[0]) is SameRecordTransform

    @cached_property
    def uses_fast_path(self) -> bool:
        """Whether records go out as they are read: all of them, not mapped, not flattened."""
        return (
            not self.is_test
            and self.is_unmapped
            and not self.stream_maps[0].flattening_enabled
            and self.read_by <= self.outgoing_schema["properties"].keys()
        )

    @property
    def read_by(self) -> set[str]:
        """The fields that the reading goes by."""
        return {_KEY, *filter(None, (self.created, self.replication_key))}

    @override
    @cached_property
    def outgoing_schema(self) -> dict[str, t.Any]:
        """The schema of the records, before they are mapped or flattened.

        Raises:
            UsageError: The catalog declares a property as what its values cannot be sent as.
        """
        always = {_KEY: "targets find rows by it"}
        if self.replication_key:
            always[self.replication_key] = "the bookmark is made of it"
        for name, reason in always.items():
            entry = self.metadata.get(("properties", name))
            if entry and entry.selected is False:
                self.logger.info(
                    "%s: %s is sent though it is deselected: %s", self.name, name, reason
                )
        return OutgoingSchema(
            stream=self.name,
            mask=self.mask,
            always=always,
            decimals=self.config.get("use_singer_decimal", False),
            texts=self.config.get("json_as_string", False),
        ).made_of(self.schema, self.effective_schema)

    @property
    def sends_extra_fields(self) -> bool:
        """Whether `extra_fields` reaches the target, under this or another name."""
        if EXTRA_FIELDS not in self.outgoing_schema["properties"]:
            return False
        unmapped = any(type(one) is SameRecordTransform for one in self.stream_maps)
        return unmapped or any(
            passes_on(rules, EXTRA_FIELDS) for rules in maps_of(self.name, self.config)
        )

    @property
    def filtered(self) -> bool:
        """Whether stream maps keep rows of this stream from the target."""
        return any("__filter__" in rules for rules in maps_of(self.name, self.config))

    def around_a_record(self) -> tuple[bytes, bytes]:
        """Return what stands in front of a record in its line, and what behind it."""
        name = msgspec.json.encode(self.stream_maps[0].stream_alias)
        version = b',"version":%d' % self._stream_version if self._stream_version else b""
        return (
            b'{"type":"RECORD","stream":%b,"record":' % name,
            b'%b,"time_extracted":"%b"}' % (version, now().encode()),
        )

    def count_written(self, records: int) -> None:
        """Count records that were written without the SDK."""
        if records:
            self.state_manager.is_flushed = False
            self._counter.increment(records)
            self._since_state += records

    def write_state(self) -> None:
        """Write a STATE after the records, if it is time for one."""
        if self._since_state >= self.STATE_MSG_FREQUENCY:
            self._since_state = 0
            self._write_state_message()

    def begin_version(self, above: int) -> int:
        """Stamp the records that follow with a version, which `activate_version` then activates.

        Args:
            above: The last version before: a target takes a lower one for older, whatever the
                clock says.
        """
        self._stream_version = max(self._initialized_at // 1000, above + 1)
        return self._stream_version

    def activate_version(self) -> None:
        """Tell the target to remove the rows that a read of the whole list did not show."""
        if self._stream_version:
            self._write_activate_version_message(self._stream_version)

    def log_request(self, endpoint: str, seconds: float) -> None:
        """Log how long a request took, as the SDK's REST streams do."""
        self._log_metric(
            metrics.Point(
                "timer",
                metric=metrics.Metric.HTTP_REQUEST_DURATION,
                value=seconds,
                tags={metrics.Tag.STREAM: self.name, metrics.Tag.ENDPOINT: endpoint},
            )
        )


class StatelessStream(PlainStream):
    """A stream that remembers nothing, and is written whole.

    What a pattern says of every list, of `id` for example, may make no sense here.
    """

    matches_patterns = False

    @override
    def apply_catalog(self, catalog: Catalog) -> None:
        """Take selection from a catalog, and no replication key."""
        super().apply_catalog(catalog)
        self.forced_replication_method, self.replication_key = "FULL_TABLE", None

    @override
    @cached_property
    def state_manager(self) -> StreamStateManager:
        """A state of its own, never written: the SDK would leave an empty entry in the tap's."""
        return StreamStateManager(stream_name=self.name, tap_state={"bookmarks": {}})

    @override
    @cached_property
    def outgoing_schema(self) -> dict[str, t.Any]:
        keys = self.primary_keys or ()
        properties = {
            name: declared
            for name, declared in self.schema["properties"].items()
            if name in keys or self.mask.get(("properties", name), True)
        }
        return {**self.schema, "properties": properties}


def _failed(error: Exception) -> tuple[str, ast.AST] | None:
    """Return the property and the expression of the stream map that an error comes from."""
    for frame, _line in traceback.walk_tb(error.__traceback__):
        evaluated = frame.f_locals
        if frame.f_code.co_name == "_eval" and "property_name" in evaluated:
            return evaluated["property_name"] or "__filter__", evaluated["expr_parsed"]
    return None


class LastWordStateWriter(StateWriter):
    """Writes a STATE after each RECORD and SCHEMA, however often it was written before."""

    def __init__(
        self, message_writer: MessageWriter, beside: t.Callable[[], Mapping[str, t.Any]]
    ) -> None:
        """Take where messages go, and what gives that which stands beside the bookmarks."""
        super().__init__(message_writer)
        self._beside = beside

    @override
    def write_state(self, state: TapState) -> None:
        """Write a STATE, unless the same one is the last message.

        The SDK leaves out one that it has written before, but targets of the Singer template
        forget the state at each RECORD: they would print none, and the bookmark stand still.
        """
        writer = t.cast("MessageWriter", self._message_writer)
        if not writer.ends_with_state:
            self._last_emitted_state = None
        whole: t.Any = {**state, **self._beside()}
        super().write_state(whole)


class Command(SingerCommand):
    """The command line, whose last line says what went wrong."""

    @override
    def main(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
        """Run; the SDK would show a traceback where we have a sentence."""
        if getattr(sys, "stdout", None) is None:
            self.logger.error("Standard output is closed: send it to a target or a file")
            sys.exit(1)
        try:
            return super().main(*args, **kwargs)
        except (TapError, OutputLost) as error:
            sentences, code = error.args, error.code
        except Interrupted as interruption:
            sys.exit(128 + interruption.signum)
        for sentence in sentences:
            self.logger.error(sentence, extra={"code": code, "outcome": "failed"})
        sys.exit(1)


class SdkPlugin(PluginBase):
    """A tap or a target: its command line, its settings, and the signals that end it.

    Attributes:
        last_words: What stderr gets where a run that was told to end does not.
    """

    last_words: t.ClassVar[str]
    _is_ending = False

    # What a plugin implements for the overrides below

    @abc.abstractmethod
    def interrupt(self, signum: int) -> None:
        """End the run because of a signal, the first that came."""

    @abc.abstractmethod
    def settings_problems(self, declared: dict[str, t.Any], prefix: str) -> list[str]:
        """Return a sentence for each setting that cannot be used.

        Args:
            declared: The JSON Schema of all settings, those of the SDK among them.
            prefix: What the names of environment variables begin with, as in `TAP_X_`.
        """

    # Overrides

    @plugin_cli
    @override
    def cli(cls) -> click.Command:  # noqa: N805
        """The command line; the SDK shows a traceback where the log cannot be set up."""
        problem = log_level_problem(cls._env_var_prefix)
        try:
            command = super().cli
        except Exception as error:  # noqa: BLE001 (the file of a log may name any class)
            kind = type(error).__name__
            sys.stderr.write(f"The file that SINGER_SDK_LOG_CONFIG names cannot be used ({kind})\n")
            sys.exit(1)
        if problem:
            cls.logger.error(problem)
            sys.exit(1)
        return command

    @classproperty
    @override
    def _env_var_config(cls) -> dict[str, t.Any]:  # noqa: N805
        """The settings that the environment gives.

        The SDK shows a traceback for some values, takes others for something else, and reads the
        `.env` file of the folder that it is installed in.
        """
        return environment_settings(cls._declared_settings(), cls._env_var_prefix, cls.logger)

    @override
    def _setup_signal_handlers(self) -> None:
        """End the run at SIGHUP too, unless it is ignored, as below `nohup`."""
        super()._setup_signal_handlers()
        in_main_thread = threading.current_thread() is threading.main_thread()
        if in_main_thread and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            signal.signal(signal.SIGHUP, self._handle_termination)

    @override
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check the settings with sentences of our own: the SDK's print secrets."""
        found = self.settings_problems(self._declared_settings(), self._env_var_prefix)
        if found and raise_errors:
            raise UsageError(*found)
        for problem in found:
            self.logger.warning(problem)
        try:
            return found or super()._validate_config(raise_errors=raise_errors)
        except ConfigValidationError as error:
            raise UsageError(*error.errors) from None

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """End the run, but never in the middle of a line.

        The SDK writes the last STATE from inside the handler, into whatever line is being
        written, and exits with status 0.
        """
        if self._is_ending:
            return
        self._is_ending = True
        # Python would let a further one end it in its own shutdown.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGALRM, lambda *_: self._give_up(signum))
        signal.alarm(SECONDS_TO_END)
        self.interrupt(signum)

    def _give_up(self, signum: int) -> t.NoReturn:
        """End at once: what is under way does not end."""
        os.write(2, f"{self.last_words}\n".encode())
        os._exit(128 + signum)

    @override
    @classmethod
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> t.Any:
        """Read the config files: the SDK shows a traceback where one cannot be read.

        Raises:
            UsageError: One of them cannot be read.
        """
        given = super().cb_config(ctx, param, ("ENV",) if "ENV" in value else ())
        for path in value:
            if path != "ENV":
                given.config.update(read_json_file(path, "config"))
        return given

    @override
    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Return the SDK's command, ended by a sentence where something is wrong.

        It reads catalog and state as UTF-8, where the SDK goes by the locale.
        """
        command = super().get_singer_command()
        for option in command.params:
            if isinstance(option.type, click.File):
                option.type = click.File(encoding="utf-8-sig")
        return Command(
            name=command.name,
            callback=command.callback,
            context_settings=command.context_settings,
            help=command.help,
            params=command.params,
            logger=cls.logger,
        )

    @classmethod
    def _declared_settings(cls) -> dict[str, t.Any]:
        """Return the JSON Schema of the settings, and of those that the SDK adds."""
        declared: dict[str, t.Any] = copy.deepcopy(cls.config_jsonschema)
        cls.append_builtin_config(declared)
        return declared


class SdkTap(SdkPlugin, Tap):
    """A tap whose command ends with the status of its run."""

    message_writer_class = MessageWriter
    # Not BATCH, which would go around selection, stream maps and our records.
    capabilities: t.ClassVar = [
        TapCapabilities.CATALOG,
        TapCapabilities.STATE,
        TapCapabilities.DISCOVER,
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    def __init__(self, **options: t.Any) -> None:
        """Take what `singer_sdk.Tap` takes."""
        super().__init__(**options)
        writer = t.cast("MessageWriter", self.message_writer)
        self._state_writer = LastWordStateWriter(writer, self.beside_bookmarks)

    # What a tap implements for the overrides below

    @abc.abstractmethod
    def execute(self, sync: t.Callable[[], object]) -> int:
        """Run a sync of the SDK to its end, and return the exit status."""

    @abc.abstractmethod
    def check(self, form: t.Literal["text", "json"]) -> int:
        """Ask the API what it does, print that in a form, and return the exit status."""

    @abc.abstractmethod
    def stream_order(self, name: str) -> int:
        """Return the place of a stream among those that are read."""

    @abc.abstractmethod
    def usable_bookmarks(self, bookmarks: dict[str, t.Any]) -> dict[str, t.Any]:
        """Return the bookmarks that are ours and make sense, and warn of the others."""

    @abc.abstractmethod
    def recall_beside_bookmarks(self, state: Mapping[str, t.Any]) -> None:
        """Take what stands beside the bookmarks in a state."""

    @abc.abstractmethod
    def beside_bookmarks(self) -> Mapping[str, t.Any]:
        """Return what is to stand there in the next state."""

    # Overrides

    @property
    @override
    def streams(self) -> dict[str, t.Any]:
        """The streams by name, in the order in which they are read: the SDK goes by name."""
        streams = super().streams
        return {name: streams[name] for name in sorted(streams, key=self.stream_order)}

    @override
    def load_state(self, state: dict[str, t.Any]) -> None:
        """Take the bookmarks of a state: the SDK fails on some, and believes every other.

        Raises:
            UsageError: It is not a Singer state at all.
        """
        state = unwrap(state)
        if state and "bookmarks" not in state:
            self.logger.warning("The state %s", UNUSED.format("bookmarks"))
        self.recall_beside_bookmarks(state)
        bookmarks = state.get("bookmarks", {})
        if not isinstance(bookmarks, dict):
            message = "The state is not a Singer state: its bookmarks are no object"
            raise UsageError(message)
        super().load_state({"bookmarks": self.usable_bookmarks(bookmarks)})

    @override
    def setup_mapper(self) -> None:
        """Prepare the stream maps of what is selected, from the schemas that leave.

        The SDK prepares those of other streams too, from schemas without any field, and fails.

        Raises:
            UsageError: A stream map, the catalog or a setting of flattening cannot be used.
        """
        try:
            PluginBase.setup_mapper(self)
            for stream in self.streams.values():
                if stream.selected:
                    self._register(stream)
            self._refuse_one_name_for_two()
        except MappingError as error:
            message = f"The setting stream_maps cannot be used: {error}"
            raise UsageError(message) from None
        except ConfigValidationError as error:
            raise UsageError(*error.errors) from None

    def _refuse_one_name_for_two(self) -> None:
        """Refuse stream maps that give two streams one name.

        A target would delete the rows of the one by the ACTIVATE_VERSION of the other.
        """
        sources: dict[str, str] = {}
        for source, maps in self.mapper.stream_maps.items():
            for made in maps:
                other = sources.setdefault(made.stream_alias, source)
                if other != source and not isinstance(made, RemoveRecordTransform):
                    message = (
                        "The setting stream_maps cannot be used: it sends "
                        f"{other} and {source} under one name, {made.stream_alias}"
                    )
                    raise UsageError(message)

    def _register(self, stream: PlainStream) -> None:
        """Prepare the stream maps of a stream.

        Raises:
            UsageError: Flattening gives one name to two of its fields.
        """
        schema, maps = stream.outgoing_schema, self.mapper.stream_maps_dict
        if not stream.matches_patterns:
            self.mapper.stream_maps_dict = named(stream.name, maps)
        try:
            self.mapper.register_raw_stream_schema(stream.name, schema, stream.primary_keys)
        except ValueError as error:
            message = (
                f"{stream.name}: flattening gives one name to two fields ({error}): raise "
                "flattening_max_key_length or change flattening_separator"
            )
            raise UsageError(message) from None
        finally:
            self.mapper.stream_maps_dict = maps

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
        check: t.Literal["text", "json"] | None = None,
    ) -> None:
        """Run as the SDK does, and exit with the status of the run: the SDK's is always 0."""
        if about:
            cls.print_about(about_format)
            return
        tap = cls(
            config=config.config,
            parse_env_config=config.parse_env,
            state=read_json(state, "state", may_be_empty=True) if state else None,
            catalog=read_json(catalog, "catalog") if catalog else None,
        )
        if check:
            sys.exit(tap.check(check))
        sys.exit(tap.execute(tap.sync_all))

    @override
    @classmethod
    def cb_test(cls, ctx: click.Context, param: click.Option, value: str) -> None:
        """Run `--test` as the SDK does, and exit with the status of the run: the SDK's is 0."""
        if value == "schema" or not value or value == "disabled":
            super().cb_test(ctx, param, value)
            return
        config = ctx.params["config"]
        tap = cls(config=config.config, parse_env_config=config.parse_env)
        ctx.exit(tap.execute(tap.run_connection_test))

    @override
    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Return the command, with `--check`."""
        command = super().get_singer_command()
        check = click.Option(
            ["--check"],
            is_flag=False,
            flag_value="text",
            type=click.Choice(["text", "json"]),
            help=(
                f"Ask the API, in at most {MOST_REQUESTS} requests, what the key can read, what "
                "runs will cost and whether the API does what they count on. --check=json is for "
                "a report of a fault."
            ),
        )
        command.params.append(check)
        return command
