"""The tap for Rotor."""

from __future__ import annotations

import typing as t

from typing_extensions import override

from paged_rest.singer import ListTap
from tap_rotor import settings
from tap_rotor.client import ROTOR
from tap_rotor.streams import STREAMS

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class TapRotor(ListTap):
    """Singer tap for Rotor, the CRM for field-service companies."""

    name = "tap-rotor"
    package_name = "tap-rotor"
    config_jsonschema: t.ClassVar = settings.SETTINGS
    api = ROTOR
    lists = STREAMS

    @override
    @classmethod
    def own_problems(cls, config: Mapping[str, t.Any]) -> Iterable[str]:
        return settings.problems(config)
