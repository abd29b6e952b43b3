"""A server that takes no other page size than the one it was first asked for."""

from __future__ import annotations

import typing as t

import pytest

from tests.harness.companies import HOUR, hourly
from tests.harness.promise import COUNTED
from tests.harness.tap import Tap
from tools.sandbox import Sandbox

if t.TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("stream", ["leads", "customers"])
def test_pages_of_the_size_that_is_taken_are_counted(tmp_path: Path, stream: str) -> None:
    company = hourly(leads=40)
    company.insert("customers", 40)
    company.advance(HOUR)
    with Sandbox(company) as sandbox:
        sandbox.switch(only_limit=10)
        tap = Tap(tmp_path, sandbox, page_size=10)
        run = tap.run(stream)
        assert run.status == 0
        assert len(set(run.ids(stream))) == len(company.rows(stream))
        refused = [(8, 16)] if stream == "leads" else []
        again = [(0, 10)] if stream == "leads" else []
        assert tap.asked(stream) == [(0, 10), *refused, *again, *COUNTED[1:]]
