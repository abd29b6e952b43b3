"""The tap's memory grows with the ids that it has to tell apart, and with nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
import typing as t

import pytest

from tests.harness.tap import KEY, Tap

if t.TYPE_CHECKING:
    from pathlib import Path

MOST_MEGABYTES = 120
LONGEST_SECONDS = 1200

SERVE = """
import sys
from tools.sandbox import Company, Sandbox
from tools.sandbox.create import LISTS

sizes = {**dict.fromkeys(LISTS, 0), "leads": int(sys.argv[1])}
with Sandbox(Company(**sizes), quota=10_000, gzip=False) as sandbox:
    print(sandbox.url, flush=True)
    sys.stdin.read()
"""


# Not `getrusage`: the peak of a child begins with that of the process that started it.
MEASURED = """
import atexit, pathlib
status = pathlib.Path("/proc/self/status")
atexit.register(lambda: pathlib.Path("status").write_text(status.read_text()))
from tap_rotor.tap import TapRotor
TapRotor.cli()
"""


def peak(directory: Path, leads: int) -> float:
    """Return the most memory that a first run over so many leads held, in megabytes."""
    server = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(leads)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="ascii",
    )
    assert server.stdin
    assert server.stdout
    with server:
        url = server.stdout.readline().strip()
        tap = Tap(directory, api_url=url, api_key=KEY)
        with tap.start("leads", code=MEASURED, stdout=subprocess.DEVNULL) as running:
            run = running.result(LONGEST_SECONDS)
        server.stdin.close()
    assert run.status == 0, run.stderr[-2000:]
    assert f"leads: {leads:,} rows in " in run.stderr
    (kilobytes,) = re.findall(r"VmHWM:\s+(\d+) kB", (directory / "status").read_text())
    return int(kilobytes) / 1024


@pytest.mark.long
def test_a_million_leads_take_little_more_memory_than_ten_thousand(tmp_path):
    few, many = peak(tmp_path, 10_000), peak(tmp_path, 1_000_000)
    assert many - few < MOST_MEGABYTES, f"{few:.0f} MB for 10,000, {many:.0f} MB for 1,000,000"


@pytest.mark.long
def test_fifty_thousand_leads_take_little_more_memory_than_ten_thousand(tmp_path):
    few, many = peak(tmp_path, 10_000), peak(tmp_path, 50_000)
    # 5 % of the million, and some slack of the allocator.
    assert many - few < MOST_MEGABYTES * 0.05 + 6, f"{few:.0f} MB for 10,000, {many:.0f} for 50,000"
