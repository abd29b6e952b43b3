"""Fixtures for all tests: a small company, and the API in front of it."""

from __future__ import annotations

import signal
import sys
import typing as t

import pytest

from tools.sandbox import Company, Sandbox

if t.TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session", autouse=True)
def hang_up() -> None:
    """Let SIGHUP be what it is on a terminal, whoever runs the tests, and below `nohup`."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture
def company() -> Company:
    """A company of 120 leads and, in proportion, all else."""
    return Company(leads=120, seed=1)


@pytest.fixture
def sandbox(company: Company) -> Iterator[Sandbox]:
    """The stand-in API over `company`."""
    with Sandbox(company) as server:
        yield server


@pytest.fixture(scope="module")
def untraced() -> Iterator[None]:
    """Leave a module out of coverage, which takes two thirds of the time of a long loop."""
    tracer = sys.gettrace()
    sys.settrace(None)
    yield
    sys.settrace(tracer)
