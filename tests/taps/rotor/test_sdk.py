"""The SDK's own tests of a tap, and what they look at but cannot fail on."""

from __future__ import annotations

import typing as t

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class

from tap_rotor.tap import TapRotor
from tests.harness.catalog import fixed
from tests.harness.run import READS, restored
from tests.harness.streams import FULL_TABLE, INCREMENTAL, NAMES
from tests.harness.tap import KEY, Tap
from tools.sandbox import Company, Sandbox

if t.TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COMPANY = Company(leads=40, pins=30)
# The SDK warns of a column in which it sees no value, as `extra_fields` would be.
for _name in NAMES:
    COMPANY.edit(_name, COMPANY.rows(_name)[-1]["id"], mood="calm")
COMPANY.edit("customers", COMPANY.rows("customers")[0]["id"], has_payment_method=True)
# The address is known only when the sandbox runs; the tests take the settings from here then.
CONFIG: dict[str, t.Any] = {"api_key": KEY, "api_url": "http://127.0.0.1:9", "retry_minutes": 0}

with restored():
    SdkTests = get_tap_test_class(
        TapRotor,
        config=CONFIG,
        suite_config=SuiteConfig(max_records_limit=1000),
        parse_env_config=False,
    )


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(COMPANY) as server:
        yield server


@pytest.mark.xdist_group("sdk")
class TestTapRotor(SdkTests):  # type: ignore[misc, valid-type]  # ty: ignore[unsupported-base]
    """All of them; every test shares one sync of all streams."""

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def address(cls, sandbox: Sandbox) -> Iterator[None]:
        """Tell the tap where the sandbox is, and undo what the tap does to this process."""
        with restored(), pytest.MonkeyPatch.context() as patch:
            patch.setitem(CONFIG, "api_url", sandbox.url)
            yield


def test_the_suite_is_there():
    """Nothing above is tested where the SDK hands out an empty class."""
    found = {name for name in dir(TestTapRotor) if name.startswith("test_")}
    assert {
        "test_tap_cli_prints",
        "test_tap_discovery",
        "test_tap_stream_connections",
        "test_tap_valid_final_state",
        "test_tap_stream_primary_keys",
        "test_tap_stream_returns_record",
        "test_tap_stream_record_schema_matches_transformed_catalog",
    } <= found
    params = SdkTests.params["test_tap_stream_returns_record"]
    assert sorted(param.id for param in params) == sorted([*NAMES, READS])


@pytest.mark.parametrize("page_size", [7, 1000])
def test_keys_are_unique_over_a_whole_run(sandbox, tmp_path: Path, page_size):
    result = Tap(tmp_path, sandbox, page_size=page_size).run()
    assert result.status == 0
    for name in NAMES:
        sent = [record["id"] for record in result.records(name)]
        assert len(sent) == len(set(sent)), name
        assert set(sent) == {row["id"] for row in COMPANY.rows(name)}, name


def test_the_final_state_is_the_right_one(sandbox, tmp_path: Path):
    result = Tap(tmp_path, sandbox, page_size=7).succeed()
    bookmarks = result.states[-1]["bookmarks"]
    assert result.messages[-1]["type"] == "STATE"
    assert set(bookmarks) == set(NAMES)
    for name in INCREMENTAL:
        rows = COMPANY.rows(name)
        settings = bookmarks[name].pop("settings")
        assert settings == bookmarks[name].pop("last_full_read")
        older = bookmarks[name].pop("older_rows")
        moments, counts = older[::2], older[1::2]
        assert moments == sorted(set(moments), reverse=True)
        created = [fixed(row["created_at"]) for row in rows]
        assert counts == [sum(value < moment for value in created) for moment in moments]
        assert bookmarks[name] == {
            "replication_key": "created_at",
            "replication_key_value": rows[0]["created_at"].replace("Z", "000Z"),
            "start_date": "",
            "resume_point": [],
            "older_rows_gone": 0,
            "whole_read_began": "",
            "last_whole_read_at": result.reads[name]["started_at"],
        }
    for name in FULL_TABLE:
        assert bookmarks[name] == {
            "whole_read_began": "",
            "last_whole_read_at": result.reads[name]["started_at"],
            "last_full_read": result.reads[name]["settings"],
        }


def test_no_state_speaks_of_rows_that_are_not_written_yet(sandbox, tmp_path: Path):
    result = Tap(tmp_path, sandbox, page_size=7).succeed()
    written: dict[str, int] = dict.fromkeys([*NAMES, READS], 0)
    seen = 0
    for message in result.messages:
        if message["type"] == "RECORD":
            written[message["stream"]] += 1
        elif message["type"] == "STATE":
            seen += 1
            for name, bookmark in message["value"]["bookmarks"].items():
                if bookmark.get("replication_key_value"):
                    assert written[name] == len(COMPANY.rows(name))
                elif bookmark.get("resume_point"):
                    assert bookmark["resume_point"][3] <= written[name]
    assert seen >= len(NAMES)
