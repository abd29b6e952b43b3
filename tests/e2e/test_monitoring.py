"""docs/monitoring.md: each alert as it stands there is silent after a good run, and only then."""

from __future__ import annotations

import re
import shutil
import threading
import typing as t
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from typing_extensions import override

from tests.harness.documents import blocks
from tools.harness.project import ROOT

if t.TYPE_CHECKING:
    from collections.abc import Generator

    from tests.harness.project import Project
    from tools.sandbox import Sandbox

pytestmark = pytest.mark.long
FILE = "docs/monitoring.md"
LISTS_ARE_COMPLETE = ROOT / "transform/tests/lists_are_complete.sql"


def needs(program: str) -> pytest.MarkDecorator:
    missing = shutil.which(program) is None
    return pytest.mark.skipif(missing, reason=f"{program} is not installed")


def spoil(sandbox: Sandbox, project: Project) -> None:
    """Let one list fail from now on."""
    sandbox.rule("status", "/customers", status=500, times=None)
    project.set(TAP_ROTOR_RETRY_MINUTES="0")


def test_the_exit_status(sandbox: Sandbox, project: Project) -> None:
    (command,) = blocks(FILE, "The exit status")
    alerts = project.directory / "alerts.txt"
    project.run(command.text)
    assert not alerts.exists()
    spoil(sandbox, project)
    project.run(command.text)
    assert alerts.read_text() == "rotor was not loaded\n"


@needs("jq")
def test_the_log_in_json(sandbox: Sandbox, project: Project) -> None:
    (script,) = blocks(FILE, "The log in JSON")
    assert project.run(script.text) == ""
    stopped = project.run(script.text, TAP_ROTOR_REQUEST_BUDGET="2").splitlines()
    assert stopped == ["tap-rotor\tpin_types\tbudget_spent\tstopped\t0\t0"]
    spoil(sandbox, project)
    assert project.run(script.text, status=1).splitlines() == [
        "tap-rotor\tcustomers\tserver_errors\tfailed\t0\t1",
        "tap-rotor\trun\tserver_errors\tfailed\t138\t6",
    ]
    bad = project.run(script.text, status=1, TAP_ROTOR_PAGE_SIZE="0")
    assert bad.splitlines() == ["tap-rotor\trun\tbad_settings\tfailed\t\t"]


@pytest.mark.skipif(not LISTS_ARE_COMPLETE.exists(), reason="the test of dbt is not there")
def test_a_dbt_test(sandbox: Sandbox, project: Project) -> None:
    (command,) = blocks(FILE, "A dbt test")
    load = "meltano run tap-rotor target-postgres"
    project.run(f".venv/bin/{load}")
    project.run(command.text)
    spoil(sandbox, project)
    project.run(f".venv/bin/{load}", status=1)
    assert "lists_are_complete" in project.run(command.text, status=1)


@needs("curl")
@needs("flock")
def test_an_http_push(sandbox: Sandbox, project: Project) -> None:
    (table,) = blocks(FILE, "An HTTP push")
    found = re.fullmatch(r"(?:\S+ +){5}(.*)", table.text)
    assert found
    with listening() as (address, asked):
        command = found[1].replace("https://ping.example.com", address)
        command = command.replace("/srv/tap-rotor", f"'{project.directory}'")
        # As bare as cron's, which goes on after what fails.
        script = f"set +e; {command}"
        for _ in range(2):
            assert project.run(script, PATH="/usr/bin:/bin", NO_PROXY="127.0.0.1") == ""
            spoil(sandbox, project)
    assert asked == ["/rotor-nightly/0", "/rotor-nightly/1"]


@contextmanager
def listening() -> Generator[tuple[str, list[str]]]:
    """Take pings; give the address, and the list of the paths that were asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        @override
        def log_message(self, *_: t.Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
