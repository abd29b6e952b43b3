"""How a run must end that cannot go on, as most tests of errors expect it."""

from __future__ import annotations

import typing as t

from tests.harness.tap import KEY

if t.TYPE_CHECKING:
    from tests.harness.run import Run


def assert_refused(run: Run, *sentences: str) -> None:
    """Assert status 1, nothing on stdout, and just these sentences last on stderr."""
    assert run.errors == list(sentences), run.stderr[-600:]
    assert run.last_line == f"ERROR {sentences[-1]}"
    assert (run.status, run.stdout) == (1, "")
    _assert_discreet(run.stderr[-600:])


def assert_failed(run: Run, sentence: str) -> None:
    """Assert status 1, and this sentence last on stderr, without key or traceback."""
    assert run.errors == [f"Failed. {sentence}"], run.stderr[-600:]
    assert run.last_line == f"ERROR Failed. {sentence}"
    assert run.status == 1
    _assert_discreet(run.stderr)


def _assert_discreet(stderr: str) -> None:
    assert "Traceback" not in stderr
    assert KEY not in stderr
