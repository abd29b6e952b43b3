"""Sinks: where records of a stream go."""

from __future__ import annotations

import re
import typing as t

from typing_extensions import override

from paged_rest.errors import UsageError
from target_rotor.fields import WRITABLE
from target_rotor.sdk import SdkSink

if t.TYPE_CHECKING:
    from target_rotor.sdk import SdkTarget


class RotorSink(SdkSink):
    """Hands each record of a stream to its target."""

    def __init__(self, target: SdkTarget, stream_name: str, *args: t.Any, **options: t.Any) -> None:
        """Take what a sink of the SDK takes; SQL taps put the schema in front of a stream's name.

        Raises:
            UsageError: The stream is none that can be written.
        """
        super().__init__(target, stream_name, *args, **options)
        self._target = target
        self._stream = re.split(r"[-.]", stream_name)[-1].lower()
        if self._stream not in WRITABLE:
            message = (
                f"The stream {stream_name[:60]!r} cannot be written: name it "
                f"{' or '.join(WRITABLE)}, by its table or by stream_maps"
            )
            raise UsageError(message)

    @override
    def process_record(self, record: dict[str, t.Any], context: dict[str, t.Any]) -> None:
        """Keep a record."""
        self._target.keep_record(self._stream, record)
