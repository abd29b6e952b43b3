"""What is installed of the taps as Meltano's plugins is never older than their source."""

from __future__ import annotations

import shutil

import pytest

from tools.harness import plugins
from tools.harness.project import ROOT


def test_an_old_copy_of_a_tap_is_refused(tmp_path):
    for plugin, packages in plugins.COPIED.items():
        for package in packages:
            copy = tmp_path / plugin / "venv/lib/python3/site-packages" / package
            shutil.copytree(ROOT / package, copy)
    plugins.refuse_stale(tmp_path)
    plugins.refuse_stale.cache_clear()
    (copy / "tap.py").write_text("older")
    message = r"tap-nexus-erp has another tap_nexus_erp/tap.py: run `make plugins`"
    with pytest.raises(plugins.Stale, match=message):
        plugins.refuse_stale(tmp_path)
