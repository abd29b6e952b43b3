"""The check, run by Meltano."""

from __future__ import annotations

import json
import typing as t

import pytest

from tools.harness.meltano import MeltanoError

if t.TYPE_CHECKING:
    from tools.harness.meltano import Meltano
    from tools.sandbox import Sandbox


@pytest.mark.long
def test_a_key_is_checked_by_the_settings_of_meltano(meltano: Meltano, sandbox: Sandbox):
    log = meltano.directory / "check.log"
    meltano.run("invoke", "tap-rotor:check", "--check=json", log=log)
    printed = log.read_text(encoding="utf-8")
    report = json.loads(printed[printed.index("\n{") :])
    assert (report["failures"], report["requests"], sandbox.count()) == ([], 12, 12)
    with pytest.raises(MeltanoError):
        meltano.run("invoke", "tap-rotor:check", log=log, TAP_ROTOR_API_KEY="rotor_wrong_key")
    assert "Rotor does not accept the API key (status 401)" in log.read_text(encoding="utf-8")
