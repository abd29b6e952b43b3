"""The tap for Rotor."""

from __future__ import annotations

import typing as t
from functools import cached_property

from typing_extensions import override

from paged_rest.http.status import TapError
from paged_rest.singer.tap import ListTap
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

    @override
    @cached_property
    def granted_scopes(self) -> str:
        """What scopes the key has, in words, asked for once."""
        try:
            body = self.client.get("/auth/test", {}, lambda answer: answer.body or {})
        except TapError:
            return ""
        scopes = body.get("scopes")
        names = [s for s in scopes if isinstance(s, str)] if isinstance(scopes, list) else []
        return f" (it has {', '.join(names)})" if names else ""
