"""Sinks: where records of a stream go."""

from __future__ import annotations

import typing as t

from typing_extensions import override

from target_rotor.sdk import SdkSink

if t.TYPE_CHECKING:
    from target_rotor.run import Run


class RotorSink(SdkSink):
    """Hands each record to the run.

    Attributes:
        run: The run, of which a sink is given a class of its own.
        rotor_stream: `leads` or `customers`.
    """

    run: t.ClassVar[Run]
    rotor_stream: t.ClassVar[str]

    @override
    def process_record(self, record: dict[str, t.Any], context: dict[str, t.Any]) -> None:
        """Keep a record."""
        self.run.add(self.rotor_stream, record)
