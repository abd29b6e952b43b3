"""`make demo`: the first thing that a newcomer runs."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import time
import typing as t

import psutil
import pytest

from tests.harness.documents import blocks
from tools.harness.project import ROOT, clean_environment
from tools.harness.warehouse import assert_equal
from tools.sandbox.create import LISTS

if t.TYPE_CHECKING:
    from pathlib import Path

    import psycopg

    from tools.harness.postgres import Postgres
    from tools.sandbox import Company, Sandbox

INSTALLED_SECONDS = 600
STARTED_SECONDS = 120


@pytest.mark.long
def test_interrupted(open_folder: Path) -> None:
    """Ctrl-C in the middle of a load ends Meltano, the plugins and PostgreSQL."""
    folder = open_folder / "de mo"
    demo = subprocess.Popen(
        [sys.executable, "-m", "tools.demo", "--directory", folder],
        cwd=ROOT,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    log = folder / "meltano.log"
    deadline = time.monotonic() + STARTED_SECONDS
    while not (log.exists() and "Beginning sync" in log.read_text()):
        assert demo.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert running(folder)
    demo.send_signal(signal.SIGINT)

    _, stderr = demo.communicate()
    assert (demo.returncode, stderr.strip()) == (130, "Stopping.")
    assert running(folder) == []


@pytest.mark.long
def test_make_demo(
    open_folder: Path,
    company: Company,
    sandbox: Sandbox,
    postgres: Postgres,
    database: psycopg.Connection,
) -> None:
    """From a fresh copy in a folder with a space, twice: all lands, then what changed.

    Then for real, but for the address of the API.
    """
    copy = open_folder / "a fresh copy"
    listed = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], ROOT)
    for name in listed.rstrip("\0").split("\0"):
        if (ROOT / name).exists():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)

    printed = run(["make", "demo"], copy)
    assert re.search(r"^    leads: 5,0\d\d rows in 6 requests +$", printed, re.MULTILINE)
    first = tables(printed)
    # Pages overlap by two rows.
    assert first["leads"] == [6, 5018, 5000, 0, 0, 5000]
    assert all(new == rows and not changed for _, _, new, changed, _, rows in first.values())
    # The first two pages happen to be in order, so they overlap, too.
    assert first["nexus_erp.leads"] == [17, 1556, 1500, 0, 0, 1500]
    assert "<dd>5,000</dd>" in (copy / ".demo" / "page.html").read_text(encoding="utf-8")

    output = run(["make", "demo"], copy)
    second = tables(output)
    requests, _, new, changed, _, rows = second["leads"]
    assert requests == 1
    assert new > 0
    assert changed > 0
    assert rows == 5000 + new
    # Every page is read; what was updated is loaded, and a deletion waits for the full refresh.
    requests, _, new, changed, removed, rows = second["nexus_erp.leads"]
    assert (new, removed, rows) == (15, 0, 1515)
    # What was made less than five minutes before has every page read a second time.
    assert requests == 33
    assert 0 < changed <= 60
    assert "1 round of changes later" in output
    assert "the funnel and the pipeline as a page: .demo/page.html" in output
    # Changes of stage among the leads of the last 30 days, which the second run has read again.
    html = (copy / ".demo" / "page.html").read_text(encoding="utf-8")
    seen = re.search(r"<dd>([\d,]+) changes of stage seen so far</dd>", html)
    assert seen
    assert 0 < int(seen[1]) <= changed
    assert running(copy) == []

    _, begin = blocks("README.md", "tap-rotor")
    settings = postgres.target_settings(database.info.dbname)
    settings |= {"TAP_ROTOR_API_URL": sandbox.url, "TAP_ROTOR_API_KEY": sandbox.api_key}
    editor = copy / "editor"
    typed = "".join(f"{name}='{value}'\n" for name, value in settings.items())
    editor.write_text(f"""#!/bin/sh\ncat >> "$1" <<'END'\n{typed}END\n""", encoding="utf-8")
    editor.chmod(0o700)
    run(["/bin/sh", "-e", "-c", begin.text], copy, EDITOR=str(editor))
    for name in LISTS:
        assert_equal(database, name, company.rows(name))


def run(command: list[str], directory: Path, **environment: str) -> str:
    """Run a command with nothing but git, make and Python to build on; return what it printed."""
    done = subprocess.run(
        command,
        cwd=directory,
        env={**clean_environment(), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=INSTALLED_SECONDS,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def tables(output: str) -> dict[str, list[int]]:
    """Return requests, and rows read, new, changed, removed and there now, by table."""
    found = {}
    prefix = ""
    for line in output.splitlines():
        if line.startswith("  Nexus ERP  "):
            prefix = "nexus_erp."
        if match := re.fullmatch(r"  ([a-z_]+) +((?:[\d,]+|\.)(?: +(?:[\d,]+|\.)){5})", line):
            cells = match[2].replace(",", "").replace(".", "0").split()
            found[prefix + match[1]] = [int(cell) for cell in cells]
    assert len(found) == 7
    return found


def running(folder: Path) -> list[str]:
    """Return the commands of the processes that work in a folder or were given a path in it."""
    commands = []
    for process in psutil.process_iter(["cmdline", "cwd", "environ"]):
        words = [
            process.info["cwd"] or "",
            *(process.info["cmdline"] or ()),
            (process.info["environ"] or {}).get("MELTANO_SYS_DIR_ROOT", ""),
        ]
        if any(str(folder) in word for word in words):
            commands.append(" ".join(process.info["cmdline"] or ()))
    return commands
