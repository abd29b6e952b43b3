"""The tap for Nexus ERP."""

from __future__ import annotations

import typing as t

from paged_rest.singer import ListTap
from tap_nexus_erp.client import NEXUS_ERP
from tap_nexus_erp.settings import SETTINGS
from tap_nexus_erp.streams import STREAMS


class TapNexusErp(ListTap):
    """Singer tap for the leads of Nexus ERP."""

    name = "tap-nexus-erp"
    package_name = "tap-rotor"
    config_jsonschema: t.ClassVar = SETTINGS
    api = NEXUS_ERP
    lists = STREAMS
