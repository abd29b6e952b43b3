"""What every tap on this package is: its streams, its run, and how that ends."""

from __future__ import annotations

import signal
import sys
import typing as t

from typing_extensions import override

from paged_rest import settings
from paged_rest.errors import CRASHED, Interrupted, OutputLost, TapError
from paged_rest.http import Client
from paged_rest.singer.catalog import parse_catalog
from paged_rest.singer.declaration import fields_of, refuse_unsupported_lists
from paged_rest.singer.log import Ending, log_run, log_stream, log_unfinished_refresh
from paged_rest.singer.reads import ReadsStream
from paged_rest.singer.run import Run
from paged_rest.singer.sdk import MOST_REQUESTS, SdkTap
from paged_rest.singer.state import RequestsToday, sanitize

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from paged_rest.http import Api
    from paged_rest.singer.sdk import PlainStream
    from paged_rest.singer.stream import ListStream


class ListTap(SdkTap):
    """A tap that reads the lists of an API.

    Attributes:
        api: The API.
        lists: Its lists, in the order in which they are read.
    """

    api: t.ClassVar[Api]
    lists: t.ClassVar[Sequence[type[ListStream]]]
    last_words = "The target takes nothing more; ended without a last STATE"

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
    def discover_streams(self) -> Sequence[PlainStream]:
        """Return one stream per list, and that of what is proven of them."""
        lists = [stream(self, self.run) for stream in self.lists]
        return [*lists, ReadsStream(self, self.run, lists)]

    @override
    def stream_order(self, name: str) -> int:
        return [*(stream.name for stream in self.lists), ReadsStream.name].index(name)

    @override
    def settings_problems(self, declared: dict[str, t.Any], prefix: str) -> list[str]:
        return settings.problems(dict(self.config), declared, self.api, prefix, self._problems)

    def _problems(self, config: Mapping[str, t.Any]) -> Iterable[str]:
        fields = {stream.name: fields_of(stream) for stream in self.lists}
        fields[ReadsStream.name] = set(ReadsStream.schema["properties"])
        yield from settings.unknown_in_maps(config.get("stream_maps"), fields)
        yield from self.own_problems(config)

    @override
    def usable_bookmarks(self, bookmarks: dict[str, t.Any]) -> dict[str, t.Any]:
        kept = {}
        for name, bookmark in bookmarks.items():
            if name == ReadsStream.name:
                continue
            if name not in self.streams:
                self.logger.warning("The state names an unknown stream, %s: ignored", name)
                continue
            kept[name], problem = sanitize(bookmark, self.run.started)
            if problem:
                self.logger.warning("The bookmark of %s %s", name, problem)
        return kept

    @override
    def recall_beside_bookmarks(self, state: Mapping[str, t.Any]) -> None:
        self.run.requests_before = RequestsToday.recall(state, self.run.started[:10])

    @override
    def beside_bookmarks(self) -> Mapping[str, t.Any]:
        return self.run.requests_today.entry if self.api.requests_a_day else {}

    @override
    def interrupt(self, signum: int) -> None:
        self.run.interrupt(signum)

    @override
    def execute(self, sync: t.Callable[[], object]) -> int:
        self._begin_run()
        try:
            sync()
        except OutputLost:
            raise
        except Interrupted as interruption:
            name = signal.Signals(interruption.signum).name
            ending = Ending("stopped", interruption.code, f"Stopped by {name}")
            self._end_early(ending, again=True)
            self._log_streams()
            self._log_error("Stopped by %s; the last STATE is written", name)
            return 128 + interruption.signum
        except Exception as error:
            ending = _ending_of(error)
            self._end_early(ending)
            self._log_streams()
            if ending.code == CRASHED:
                self._log_error("Failed. %s", ending.sentence)
            raise
        self._log_streams()
        if self.run.failures:
            sentences = " | ".join(failure.sentence for failure in self.run.failures)
            self._log_error("Failed. %s", sentences)
            return 1
        return 0

    @override
    def check(self, form: t.Literal["text", "json"]) -> int:
        """Ask the API what it does, print that in a form, and return the exit status."""
        from paged_rest.singer.check import check  # noqa: PLC0415 (few runs are checks)

        most = min(MOST_REQUESTS, self.config.get("request_budget") or MOST_REQUESTS)
        client = self._connect(retry_minutes=0, request_budget=most)
        report, failures = check(self, self.run, client, self._lists, form)
        sys.stdout.write(f"{report}\n")
        if failures:
            self.logger.error("Failed. %s", " | ".join(failures))
            return 1
        return 0

    def _begin_run(self) -> None:
        for stream in self._lists:
            stream.begin_run()
        if self._lists and not self._reads.selected:
            self.logger.info(
                "The stream %s is not selected: what this run proves is not written to the target",
                self._reads.name,
            )

    def _end_early(self, ending: Ending, *, again: bool = False) -> None:
        """Write what came of the streams so far, and the last STATE.

        Args:
            ending: Why the run ends.
            again: Whether to write what came of the streams if that was begun before.
        """
        self.run.stopped_by = ending
        reads = self._reads
        if reads.selected and not reads.written and (again or not reads.begun):
            reads.sync()
        self.state_writer.write_state(self.state)

    def _connect(self, **settings: int) -> Client:
        agent = f"{self.name}/{self.plugin_version}"
        config = {**self.config, **settings}
        return Client(self.api, config, user_agent=agent, logger=self.logger)

    @property
    def _lists(self) -> list[ListStream]:
        """The streams of lists that are selected."""
        return [stream for stream in self._reads.lists if stream.selected]

    @property
    def _reads(self) -> ReadsStream:
        stream: ReadsStream = self.streams[ReadsStream.name]
        return stream

    def _log_streams(self) -> None:
        for stream in self._lists:
            log_stream(stream.logger, stream.summary, stream.ending)
        for stream in self._lists:
            log_unfinished_refresh(stream.logger, stream.name, stream.remembered)
        made, today = self.run.requests, self.run.requests_today.requests
        log_run(self.logger, made, today, self.api.requests_a_day, self._totals)

    def _log_error(self, message: str, *args: str) -> None:
        self.logger.error(message, *args, extra=self._totals)

    @property
    def _totals(self) -> dict[str, str | int]:
        """What came of the run, for programs."""
        return {
            "code": self.run.ending.code,
            "outcome": self.run.ending.outcome,
            "rows": sum(stream.summary.rows for stream in self._lists),
            "requests": self.run.requests,
        }


def _ending_of(error: Exception) -> Ending:
    """Return what an error means that nothing has dealt with."""
    if isinstance(error, TapError):
        return Ending(error.outcome, error.code, " | ".join(error.args))
    sentence = f"an error that was not foreseen ({type(error).__name__}): its log has more"
    return Ending("failed", CRASHED, sentence)
