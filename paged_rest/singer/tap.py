"""What every tap on this package is: its command line, its streams, and how a run ends."""

from __future__ import annotations

import signal
import typing as t
from functools import cached_property

from singer_sdk.configuration._dict_config import parse_environment_config
from singer_sdk.exceptions import ConfigValidationError, MappingError
from singer_sdk.helpers.capabilities import PluginCapabilities, TapCapabilities
from singer_sdk.plugin_base import PluginBase
from singer_sdk.singerlib import Catalog
from typing_extensions import override

from paged_rest.http import status as errors
from paged_rest.http.client import Client
from paged_rest.settings import checks
from paged_rest.settings.files import CommandLineTap, Interrupted, give_up, parse_catalog
from paged_rest.singer.log import how_far, tell_run, tell_stream, too_few_requests
from paged_rest.singer.state import own_part
from paged_rest.singer.writer import MessageWriter
from paged_rest.timestamps import now

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import FrameType

    from paged_rest.http.api import Api
    from paged_rest.singer.stream import ListStream

# How long a target that takes nothing may hold up the end of a run that was told to end.
SECONDS_TO_END = 25


class ListTap(CommandLineTap):
    """A tap that reads the lists of an API.

    Attributes:
        api: The API.
        lists: Its lists, in the order in which they are read.
    """

    api: t.ClassVar[Api]
    lists: t.ClassVar[Sequence[type[ListStream]]]

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

    message_writer: MessageWriter

    def __init__(
        self,
        *,
        config: t.Any = None,
        catalog: t.Any = None,
        parse_env_config: bool = False,
        **options: t.Any,
    ) -> None:
        """Take what `singer_sdk.Tap` takes.

        Raises:
            errors.UsageError: The settings, the catalog or the state cannot be used.
        """
        self.started = now()
        self.stopped: errors.TapError | None = None
        self.failures: list[str] = []
        self._client: Client | None = None
        self._interrupted = False
        if parse_env_config:
            self._check_environment()
        if isinstance(config, dict):
            config = {name: value for name, value in config.items() if value is not None}
        super().__init__(
            config=config,
            catalog=parse_catalog(catalog) if isinstance(catalog, dict) else catalog,
            parse_env_config=parse_env_config,
            **options,
        )
        for name in self.input_catalog or ():
            if name not in self.streams:
                self.logger.warning("The catalog names an unknown stream, %s: ignored", name)

    # What the SDK asks of a tap

    @override
    def discover_streams(self) -> Sequence[ListStream]:
        """Return one stream per list."""
        return [stream(self) for stream in self.lists]

    @property
    @override
    def streams(self) -> dict[str, ListStream]:  # type: ignore[override]
        """The streams by name, in the order in which they are read: the SDK has them by name."""
        streams = t.cast("Iterable[ListStream]", super().streams.values())
        in_order = sorted(streams, key=lambda stream: self.lists.index(type(stream)))
        return {stream.name: stream for stream in in_order}

    @override
    def load_state(self, state: dict[str, t.Any]) -> None:
        """Take the bookmarks that are ours and make sense; warn of the others.

        Raises:
            errors.UsageError: It is not a Singer state at all.
        """
        bookmarks = state.get("bookmarks", {})
        if not isinstance(bookmarks, dict):
            message = "The state is not a Singer state: its bookmarks are no object"
            raise errors.UsageError(message)
        kept = {}
        for name, bookmark in bookmarks.items():
            if name not in self.streams:
                self.logger.warning("The state names an unknown stream, %s: ignored", name)
                continue
            kept[name], problem = own_part(bookmark, self.started)
            if problem:
                self.logger.warning("The bookmark of %s %s", name, problem)
        super().load_state({"bookmarks": kept})

    @override
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check the settings with sentences of our own, which print no secret."""
        self.append_builtin_config(self.config_jsonschema)
        found = checks.problems(
            self._config,
            self.config_jsonschema,
            self.api,
            self._env_var_prefix,
            self.own_problems,
        )
        if found and raise_errors:
            raise errors.UsageError(*found)
        for problem in found:
            self.logger.warning(problem)
        try:
            return found or super()._validate_config(raise_errors=raise_errors)
        except ConfigValidationError as error:
            raise errors.UsageError(*error.errors) from None

    @classmethod
    def own_problems(cls, config: Mapping[str, t.Any]) -> Iterable[str]:  # noqa: ARG003
        """Return a sentence for each of the tap's own settings whose value means nothing."""
        return ()

    @override
    def setup_mapper(self) -> None:
        """Prepare the stream maps of what is selected.

        The SDK prepares those of other streams too, from schemas without any field, and fails.

        Raises:
            errors.UsageError: A stream map cannot be used.
        """
        try:
            PluginBase.setup_mapper(self)
            self.mapper.register_raw_streams_from_catalog(
                Catalog(
                    (name, entry)
                    for name, entry in self.catalog.items()
                    if entry.metadata.resolve_selection()[()]
                )
            )
        except MappingError as error:
            message = f"The setting stream_maps cannot be used: {error}"
            raise errors.UsageError(message) from None
        except ConfigValidationError as error:
            raise errors.UsageError(*error.errors) from None

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """End the run, but never in the middle of a line.

        The SDK writes the last STATE from inside the handler, into whatever line is being
        written, and exits with status 0.
        """
        if self._interrupted:
            return
        self._interrupted = True
        signal.signal(signal.SIGALRM, lambda *_: give_up(signum))
        signal.alarm(SECONDS_TO_END)
        interruption = Interrupted(signum)
        writer = getattr(self, "message_writer", None)
        if writer is not None and writer.busy:
            writer.interruption = interruption
        else:
            raise interruption

    # The run

    @property
    def client(self) -> Client:
        """The API, as this run sees it."""
        if self._client is None:
            self._client = Client(
                self.api,
                self.config,
                user_agent=f"{self.name}/{self.plugin_version}",
                logger=self.logger,
            )
        return self._client

    def note(self, stream: ListStream, error: errors.TapError) -> None:
        """Take note of what went wrong in a stream, and whether the others can go on."""
        if isinstance(error, errors.RunStopped):
            self.stopped = error
        sentence = f"{stream.name}: {error}"
        if isinstance(error, errors.ScopeMissing):
            sentence += (
                f"{self.granted_scopes}. Give it the scope in {self.api.name}, or deselect the "
                f"stream (meltano select --exclude {self.name} {stream.name} '*')"
            )
        if isinstance(error, errors.QuotaSpent | errors.BudgetSpent):
            sentence += how_far(stream, self.client.requests)
        if isinstance(error, errors.BudgetSpent) and not too_few_requests(stream):
            self.logger.warning(sentence)
        else:
            self.failures.append(sentence)

    @override
    def run(self, sync: t.Callable[[], object]) -> int:
        """Run a sync of the SDK and tell how it ended; return the exit status."""
        try:
            sync()
        except Interrupted as interruption:
            self.message_writer.interruption = None
            self.state_writer.write_state(self.state)
            self._tell_streams()
            name = signal.Signals(interruption.signum).name
            self.logger.error("Stopped by %s; the last STATE is written", name)  # noqa: TRY400
            return 128 + interruption.signum
        self._tell_streams()
        if self.failures:
            self.logger.error("Failed. %s", " | ".join(self.failures))
            return 1
        return 0

    def _tell_streams(self) -> None:
        for stream in self.streams.values():
            tell_stream(stream)
        requests = self._client.requests if self._client else 0
        tell_run(self.logger, requests, self.api.requests_a_day)

    @cached_property
    def granted_scopes(self) -> str:
        """What scopes the key has, in words that follow those on one that it lacks."""
        return ""

    @classmethod
    def _check_environment(cls) -> None:
        cls.append_builtin_config(cls.config_jsonschema)
        # The SDK reads a .env file before it reads the environment; so does this, of no setting.
        parse_environment_config({"properties": {}}, cls._env_var_prefix)
        found = list(checks.environment_problems(cls.config_jsonschema, cls._env_var_prefix))
        if found:
            raise errors.UsageError(*found)
