"""What tap-nexus-erp says of itself."""

from __future__ import annotations

import json

from syrupy.extensions.json import JSONSnapshotExtension

from tap_nexus_erp.tap import TapNexusErp
from tests.harness.catalog import discovered
from tests.harness.run import READS, invoke
from tools.sandbox import Organisation


def test_the_catalog_is_as_reviewed(snapshot):
    assert discovered(TapNexusErp) == snapshot.use_extension(JSONSnapshotExtension)


def test_the_fields_are_those_of_the_api_and_one_for_all_others():
    stream, reads = discovered(TapNexusErp)["streams"]
    assert reads["tap_stream_id"] == READS
    properties = stream["schema"]["properties"]
    (row,) = Organisation(1).rows("leads")
    assert list(properties) == [*row, "extra_fields"]
    assert all(declared["description"] for declared in properties.values())
    assert stream["key_properties"] == ["id"]
    assert (stream["replication_method"], stream["replication_key"]) == ("INCREMENTAL", "updatedAt")


def test_about():
    about = json.loads(invoke(["--about", "--format=json"], of=TapNexusErp).stdout)
    assert about["name"] == "tap-nexus-erp"
    assert about["settings"]["required"] == ["api_key", "api_url"]
    assert list(about["settings"]["properties"])[:8] == [
        *("api_key", "api_url", "start_date", "lookback_days", "page_size"),
        *("status", "search", "assigned_to_id"),
    ]
