"""The target for Rotor."""

from __future__ import annotations

import signal
import typing as t

from typing_extensions import override

from paged_rest import settings
from paged_rest.errors import Interrupted
from paged_rest.http import Client
from tap_rotor.client import ROTOR
from target_rotor.run import Run
from target_rotor.sdk import SdkTarget
from target_rotor.settings import SETTINGS, problems
from target_rotor.sinks import RotorSink

if t.TYPE_CHECKING:
    from collections.abc import Callable


class TargetRotor(SdkTarget):
    """Singer target for Rotor: writes leads and customers back."""

    name = "target-rotor"
    package_name = "tap-rotor"
    config_jsonschema: t.ClassVar = SETTINGS
    default_sink_class = RotorSink
    last_words = "A request was on its way; what became of it is unknown"

    def __init__(self, *, config: t.Any = None, **options: t.Any) -> None:
        """Take what `singer_sdk.Target` takes.

        Raises:
            UsageError: The settings cannot be used.
        """
        given = {name: value for name, value in dict(config or {}).items() if value is not None}
        super().__init__(config=given, **options)
        self.run = Run(self.config, self.logger, self._connect, self.write_state)

    @override
    def keep_record(self, stream: str, record: dict[str, t.Any]) -> None:
        self.run.add(stream, record)

    @override
    def keep_state(self, value: dict[str, t.Any]) -> None:
        self.run.add_state(value)

    @override
    def interrupt(self, signum: int) -> None:
        self.run.interrupt(signum)

    @override
    def settings_problems(self, declared: dict[str, t.Any], prefix: str) -> list[str]:
        return settings.problems(
            dict(self.config), declared, ROTOR, prefix, lambda config: problems(config, prefix)
        )

    @override
    def execute(self, listen: Callable[[], object]) -> int:
        try:
            listen()
        except Interrupted as interruption:
            name = signal.Signals(interruption.signum).name
            self.logger.error("Stopped by %s; nothing was sent", name)  # noqa: TRY400
            raise
        return self.run.finish()

    def _connect(self) -> Client:
        agent = f"{self.name}/{self.plugin_version}"
        return Client(ROTOR, self.config, user_agent=agent, logger=self.logger)
