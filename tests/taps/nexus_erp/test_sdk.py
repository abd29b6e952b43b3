"""The SDK's own tests of a tap, over tap-nexus-erp."""

from __future__ import annotations

import typing as t

import pytest
from singer_sdk.testing import get_tap_test_class

from tap_nexus_erp.tap import TapNexusErp
from tests.harness.run import READS, restored
from tools.sandbox import NexusSandbox, Organisation
from tools.sandbox.nexus.keys import DEFAULT_KEY

if t.TYPE_CHECKING:
    from collections.abc import Iterator

ORGANISATION = Organisation(60)
# The SDK warns of a column in which it sees no value, as `extra_fields` would be.
ORGANISATION.edit("leads", ORGANISATION.rows("leads")[-1]["id"], mood="calm")
# The address is known only when the sandbox runs; the tests take the settings from here then.
CONFIG: dict[str, t.Any] = {
    "api_key": DEFAULT_KEY,
    "api_url": "http://127.0.0.1:9",
    "retry_minutes": 0,
}

with restored():
    SdkTests = get_tap_test_class(TapNexusErp, config=CONFIG, parse_env_config=False)


@pytest.mark.xdist_group("sdk-nexus")
class TestTapNexusErp(SdkTests):  # type: ignore[misc, valid-type]  # ty: ignore[unsupported-base]
    """All of them; every test shares one sync."""

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def address(cls) -> Iterator[None]:
        """Tell the tap where the sandbox is, and undo what the tap does to this process."""
        with NexusSandbox(ORGANISATION) as sandbox, restored(), pytest.MonkeyPatch.context() as p:
            p.setitem(CONFIG, "api_url", sandbox.url)
            yield


def test_the_suite_is_there():
    """Nothing above is tested where the SDK hands out an empty class."""
    found = {name for name in dir(TestTapNexusErp) if name.startswith("test_")}
    assert {"test_tap_discovery", "test_tap_stream_returns_record"} <= found
    params = SdkTests.params["test_tap_stream_returns_record"]
    assert [param.id for param in params] == ["leads", READS]
