"""What the taps and the target declare, as their own command lines print it."""

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import dataclass
from functools import cached_property

from click.testing import CliRunner

from tap_nexus_erp.tap import TapNexusErp
from tap_rotor.tap import TapRotor
from target_rotor.target import TargetRotor

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk.plugin_base import PluginBase

Setting = t.Mapping[str, t.Any]

# Settings that the SDK adds to every tap. Its own defaults are not repeated anywhere.
OF_THE_SDK = re.compile(r"stream_map|faker_config|flattening_")


@dataclass(frozen=True)
class Declared:
    """A tap or a target, and what it declares.

    Attributes:
        api: The name of the system that it reads or writes.
        what: What that system is.
    """

    tap: type[PluginBase]
    api: str
    what: str

    @property
    def name(self) -> str:
        """The tap's command, as in `tap-rotor`."""
        return self.tap.name

    @property
    def namespace(self) -> str:
        """The tap's package, which is also the schema it is loaded into, as in `tap_rotor`."""
        return self.name.replace("-", "_")

    @property
    def source(self) -> str:
        """The name of the system in dbt, as in `rotor`."""
        return self.namespace.removeprefix("tap_")

    @cached_property
    def about(self) -> dict[str, t.Any]:
        """What the tap prints for `--about --format=json`."""
        return t.cast("dict[str, t.Any]", json.loads(self._printed("--about", "--format=json")))

    @property
    def capabilities(self) -> list[str]:
        """What it can do, in an order that is the same in each version of the SDK."""
        # It lists `activate-version` in some versions only; the taps have it in all, by a setting.
        own = {"activate-version"} if "catalog" in self.about["capabilities"] else set()
        return sorted({*self.about["capabilities"], *own})

    @cached_property
    def catalog(self) -> str:
        """What the tap prints for `--discover`."""
        return self._printed("--discover")

    @cached_property
    def streams(self) -> dict[str, dict[str, t.Any]]:
        """The entries of the catalog by name, in the order in which they are read."""
        return {entry["tap_stream_id"]: entry for entry in json.loads(self.catalog)["streams"]}

    @cached_property
    def settings(self) -> dict[str, Setting]:
        """The settings by name, those within another under a dotted name."""
        return dict(_flat(self.about["settings"]["properties"]))

    @property
    def own_settings(self) -> dict[str, Setting]:
        """The settings without those that the SDK adds."""
        return {
            name: setting for name, setting in self.settings.items() if not OF_THE_SDK.match(name)
        }

    @property
    def required(self) -> list[str]:
        """The names of the settings that must be given."""
        return list(self.about["settings"]["required"])

    def _printed(self, *arguments: str) -> str:
        done = CliRunner().invoke(self.tap.get_singer_command(), arguments)
        if done.exit_code:
            message = f"{self.name} {' '.join(arguments)} ended with status {done.exit_code}"
            raise RuntimeError(message) from done.exception
        return done.stdout


def _flat(properties: t.Mapping[str, Setting], prefix: str = "") -> Iterator[tuple[str, Setting]]:
    for name, declared in properties.items():
        nested = declared.get("properties")
        # An object that takes any name is one setting, whatever names it also knows.
        if nested and not isinstance(declared.get("additionalProperties"), dict):
            yield from _flat(nested, f"{prefix}{name}.")
        else:
            yield prefix + name, declared


ROTOR = Declared(TapRotor, "Rotor", "the CRM for field-service companies")
NEXUS_ERP = Declared(TapNexusErp, "Nexus ERP", "the back office of service companies")
TAPS = (ROTOR, NEXUS_ERP)
TARGET = Declared(TargetRotor, ROTOR.api, ROTOR.what)
