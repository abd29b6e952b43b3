"""The target in front of a small company."""

from __future__ import annotations

import typing as t

import pytest

from tests.harness.target import Target

if t.TYPE_CHECKING:
    from pathlib import Path

    from tools.sandbox import Sandbox


@pytest.fixture
def target(sandbox: Sandbox, tmp_path: Path) -> Target:
    return Target(tmp_path, sandbox)
