"""What every tap on this package is: its streams, its run, and how that ends."""

from __future__ import annotations

import signal
import typing as t

from typing_extensions import override

from paged_rest import settings
from paged_rest.errors import Interrupted, OutputLost
from paged_rest.http import Client
from paged_rest.singer.catalog import parse_catalog
from paged_rest.singer.declaration import fields_of, refuse_unsupported_lists
from paged_rest.singer.log import log_run, log_stream
from paged_rest.singer.run import Run
from paged_rest.singer.sdk import SdkTap
from paged_rest.singer.state import sanitize

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from paged_rest.http import Api
    from paged_rest.singer.stream import ListStream


class ListTap(SdkTap):
    """A tap that reads the lists of an API.

    Attributes:
        api: The API.
        lists: Its lists, in the order in which they are read.
    """

    api: t.ClassVar[Api]
    lists: t.ClassVar[Sequence[type[ListStream]]]

    def __init_subclass__(cls, **options: t.Any) -> None:
        """Refuse lists that do not go together, or not with the API or the settings.

        Raises:
            TypeError: They do not; the message says what to change.
        """
        super().__init_subclass__(**options)
        if hasattr(cls, "lists"):
            refuse_unsupported_lists(cls.__name__, cls.lists, cls.api, cls.config_jsonschema)

    def __init__(
        self,
        *,
        config: t.Any = None,
        catalog: t.Any = None,
        **options: t.Any,
    ) -> None:
        """Take what `singer_sdk.Tap` takes.

        Raises:
            errors.UsageError: The settings, the catalog or the state cannot be used.
        """
        self.run = Run(self.name, self.api, self.logger, self._connect)
        if isinstance(config, dict):
            config = {name: value for name, value in config.items() if value is not None}
        super().__init__(
            config=config,
            catalog=parse_catalog(catalog) if isinstance(catalog, dict) else catalog,
            message_writer=self.run.writer,
            **options,
        )
        for name in self.input_catalog or ():
            if name not in self.streams:
                self.logger.warning("The catalog names an unknown stream, %s: ignored", name)

    @classmethod
    def own_problems(cls, config: Mapping[str, t.Any]) -> Iterable[str]:  # noqa: ARG003
        """Return a sentence for each of the tap's own settings whose value means nothing."""
        return ()

    @override
    def discover_streams(self) -> Sequence[ListStream]:
        """Return one stream per list."""
        return [stream(self, self.run) for stream in self.lists]

    @override
    def stream_order(self, name: str) -> int:
        return [stream.name for stream in self.lists].index(name)

    @override
    def settings_problems(self, declared: dict[str, t.Any], prefix: str) -> list[str]:
        return settings.problems(dict(self.config), declared, self.api, prefix, self._problems)

    def _problems(self, config: Mapping[str, t.Any]) -> Iterable[str]:
        fields = {stream.name: fields_of(stream) for stream in self.lists}
        yield from settings.unknown_in_maps(config.get("stream_maps"), fields)
        yield from self.own_problems(config)

    @override
    def usable_bookmarks(self, bookmarks: dict[str, t.Any]) -> dict[str, t.Any]:
        kept = {}
        for name, bookmark in bookmarks.items():
            if name not in self.streams:
                self.logger.warning("The state names an unknown stream, %s: ignored", name)
                continue
            kept[name], problem = sanitize(bookmark, self.run.started)
            if problem:
                self.logger.warning("The bookmark of %s %s", name, problem)
        return kept

    @override
    def interrupt(self, signum: int) -> None:
        self.run.interrupt(signum)

    @override
    def execute(self, sync: t.Callable[[], object]) -> int:
        try:
            sync()
        except OutputLost:
            raise
        except Interrupted as interruption:
            self.state_writer.write_state(self.state)
            self._log_streams()
            name = signal.Signals(interruption.signum).name
            self.logger.error("Stopped by %s; the last STATE is written", name)  # noqa: TRY400
            return 128 + interruption.signum
        except Exception:
            self.state_writer.write_state(self.state)
            raise
        self._log_streams()
        if self.run.failures:
            self.logger.error("Failed. %s", " | ".join(self.run.failures))
            return 1
        return 0

    def _connect(self) -> Client:
        agent = f"{self.name}/{self.plugin_version}"
        return Client(self.api, self.config, user_agent=agent, logger=self.logger)

    def _log_streams(self) -> None:
        for stream in self.streams.values():
            log_stream(stream.logger, stream.summary)
        log_run(self.logger, self.run.requests, self.api.requests_a_day)
