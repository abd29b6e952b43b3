"""Every override of the SDK's target and sink, and why it is there.

What a target shares with a tap is in `paged_rest/singer/sdk.py`; `tests/target_rotor/` checks the
behaviour that this file relies on.
"""

from __future__ import annotations

import abc
import json
import sys
import typing as t
from decimal import Decimal

from singer_sdk import RecordSink, Target
from singer_sdk.exceptions import RecordsWithoutSchemaException
from singer_sdk.helpers.capabilities import PluginCapabilities
from singer_sdk.plugin_base import PluginBase
from singer_sdk.singerlib.encoding import GenericSingerReader
from typing_extensions import override

from paged_rest.errors import OutputLost, TapError, UsageError
from paged_rest.singer import SdkPlugin

if t.TYPE_CHECKING:
    from collections.abc import Callable

Message = dict[str, t.Any]


class MessageReader(GenericSingerReader[bytes]):
    """Reads messages; the SDK's own readers log a line that they cannot read, values and all."""

    def __init__(self) -> None:
        """Begin with the first line."""
        super().__init__()
        self._lines = 0

    @property
    @override
    def default_input(self) -> t.IO[bytes]:
        """Standard input, as bytes: it is UTF-8 whatever the locale says."""
        return sys.stdin.buffer

    @override
    def deserialize_json(self, line: bytes) -> Message:
        """Return the message in a line; numbers keep every digit.

        Raises:
            UsageError: There is none.
        """
        self._lines += 1
        try:
            message = json.loads(line, parse_float=Decimal)
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict):
            sentence = f"Line {self._lines:,} of the input is no Singer message"
            raise UsageError(sentence)
        return message

    @override
    @staticmethod
    def assert_line_requires(line_dict: Message, requires: set[str]) -> None:
        """Refuse a message that lacks something; the SDK would show all that it has.

        Raises:
            UsageError: It does.
        """
        if missing := requires - line_dict.keys():
            sentence = f"A message of the input has no {', '.join(sorted(missing))}"
            raise UsageError(sentence)


class SdkSink(RecordSink):
    """A sink that hands records on as they come."""

    @override
    def get_validator(self) -> None:
        """Return none: what the SDK's says of a record holds its values."""

    @override
    def _parse_timestamps_in_record(
        self, record: Message, schema: Message, treatment: t.Any
    ) -> None:
        """Leave moments the text that they are: it is sent as text."""

    @override
    def _singer_validate_message(self, record: Message) -> None:
        """Leave keys alone: which row is meant says the setting `match`."""


class SdkTarget(SdkPlugin, Target):
    """A target that keeps all messages until the input has ended, and STATE in its place."""

    message_reader_class = MessageReader
    capabilities: t.ClassVar = [
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    def __init__(self, **options: t.Any) -> None:
        """Take what `singer_sdk.Target` takes."""
        super().__init__(**options)
        # The SDK drains sinks at the end, in threads if there may be several. There is no use.
        self.max_parallelism = 1

    @abc.abstractmethod
    def execute(self, listen: Callable[[], object]) -> int:
        """Read the input to its end, write it back, and return the exit status."""

    @abc.abstractmethod
    def keep_record(self, stream: str, record: Message) -> None:
        """Keep a record until the input has ended."""

    @abc.abstractmethod
    def keep_state(self, value: Message) -> None:
        """Keep a state in its place between the records."""

    @override
    def _process_record_message(self, message_dict: Message) -> None:
        """Take a record; the SDK would show a traceback where it or a stream map fails.

        Raises:
            UsageError: It cannot be taken.
        """
        try:
            super()._process_record_message(message_dict)
        except TapError:
            raise
        except RecordsWithoutSchemaException:
            message = f"The input has records of {message_dict['stream']} before their SCHEMA"
            raise UsageError(message) from None
        except Exception as error:  # noqa: BLE001 (an expression of a user may raise any)
            kind = type(error).__name__
            message = f"{message_dict.get('stream')}: a stream map fails on a record ({kind})"
            raise UsageError(message) from None

    @override
    def _process_state_message(self, message_dict: Message) -> None:
        """Keep a state: the SDK writes the last one alone, and only when it drains its sinks."""
        self._assert_line_requires(message_dict, requires={"value"})
        self.keep_state(message_dict["value"])

    @override
    def _process_activate_version_message(self, message_dict: Message) -> None:
        """Pass over what would delete rows: Rotor deletes none."""

    @override
    def _process_batch_message(self, message_dict: Message) -> None:
        """Refuse files of records.

        Raises:
            UsageError: Always.
        """
        message = "The input has a BATCH message: let the tap send records"
        raise UsageError(message)

    def write_state(self, value: Message) -> None:
        """Pass a state on, at once.

        Raises:
            OutputLost: Standard output does not take it.
        """
        try:
            self._write_state_message(value)
        except OSError as error:
            message = f"Standard output takes no more ({error.strerror})"
            raise OutputLost(message) from None

    @override
    @classmethod
    def append_builtin_config(cls, config_jsonschema: Message) -> None:
        """Add the settings of stream maps, and not those of a target that fills tables."""
        PluginBase.append_builtin_config.__func__(cls, config_jsonschema)  # type: ignore[attr-defined]

    @override
    @classmethod
    def invoke(  # type: ignore[override]
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: t.Any = None,
        file_input: t.IO[str] | None = None,
    ) -> None:
        """Run as the SDK does, and exit with the status of the run: the SDK's is always 0."""
        if about:
            cls.print_about(about_format)
            return
        target = cls(config=config.config, parse_env_config=config.parse_env)
        sys.exit(target.execute(lambda: target.listen(file_input)))
