"""The sandbox as a process of its own, so that its work and its memory are nobody else's."""

from __future__ import annotations

import subprocess
import sys
import typing as t

import requests

from tools.harness.project import ROOT, clean_environment

NO_QUOTA = 1_000_000_000
PATIENCE_SECONDS = 30


class Api:
    """A sandbox with a number of leads, running while it is entered.

    Its pages of 1,000 are compressed beforehand: an answer costs it next to nothing.
    """

    def __init__(self, leads: int) -> None:
        """Take the length of the list."""
        self.leads = leads
        self._command = [sys.executable, "-m", "tools.sandbox", f"--leads={leads}", "--precompress"]
        self._session = requests.Session()

    def __enter__(self) -> t.Self:
        """Start; returns when requests are answered."""
        self._process = subprocess.Popen(  # noqa: S603 (our own words)
            [*self._command, f"--quota={NO_QUOTA}"],
            cwd=ROOT,
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            encoding="ascii",
        )
        assert self._process.stdout is not None  # noqa: S101 (a pipe)
        words = self._process.stdout.readline().split()
        self.url, self.key = words[1], words[-1]
        self._control = self.url.removesuffix("open-api") + "sandbox"
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._session.close()
        self._process.terminate()
        with self._process:
            self._process.wait(PATIENCE_SECONDS)

    def answer_after(self, milliseconds: float) -> None:
        """Let every answer take so much longer."""
        self._ask("POST", "switches", {"latency": milliseconds / 1000})

    def answer_plain(self) -> None:
        """Compress no answer from now on."""
        self._ask("POST", "switches", {"gzip": False})

    def forget(self) -> None:
        """Count requests from 0."""
        self._ask("DELETE", "requests")

    def requests(self) -> int:
        """Return how many requests there were."""
        return len(self._ask("GET", "requests"))

    def _ask(self, method: str, path: str, body: object = None) -> t.Any:
        answer = self._session.request(
            method, f"{self._control}/{path}", json=body, timeout=PATIENCE_SECONDS
        )
        answer.raise_for_status()
        return answer.json()
