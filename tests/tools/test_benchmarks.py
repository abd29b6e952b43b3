"""The measuring itself: what it counts is right, and what is lost is said."""

from __future__ import annotations

import shlex
import sys
import typing as t

import pytest

from tests.harness.documents import blocks
from tools.benchmarks import environments, measure, parts, peers, report
from tools.benchmarks.__main__ import main, parse
from tools.benchmarks.measure import Cost
from tools.benchmarks.parts import Run
from tools.harness.environments import NotInstalled

if t.TYPE_CHECKING:
    from pathlib import Path

COST = Cost(wall=2.0, cpu=1.0, peak=50.0)


def bench(arguments: str) -> None:
    main(arguments.split())


def rows(printed: str) -> dict[str, list[str]]:
    """Return the cells of a printed table by their line's name."""
    lines = [line.strip("| ").split(" | ") for line in printed.splitlines() if line[:2] == "| "]
    return {name: cells for name, *cells in lines}


def test_tap_rotor_beside_the_floor(capsys):
    bench("--only extract --peers floor tap-rotor --rounds 1 --leads 2500 --latency 20")
    printed = capsys.readouterr().out
    assert (
        "2,500 leads, medians of 1, in turn; `python -m tools.benchmarks --only extract" in printed
    )
    found = rows(printed)
    floor, ours = found["floor: requests, orjson, print"], found["**tap-rotor**"]
    assert floor[-2:] == ours[-2:] == ["3", "2,500"]
    assert (floor[1], floor[3]) == ("1.00", "1.00")
    # Three answers of 20 ms; no Python is smaller than 5 MB.
    for cpu, _, wall, _, peak, *_ in (floor, ours):
        assert float(cpu) > 0
        assert float(wall) >= 0.1
        assert float(peak) > 5


def test_the_commands_of_its_readme(capsys):
    (block,) = blocks("tools/benchmarks/README.md", "Benchmarks")
    whole, part, explained = block.commands
    assert whole == "make bench"
    make, target, options = shlex.split(part)
    assert (make, target) == ("make", "bench")
    assert parse(options.removeprefix("ARGS=").split()).only == ["extract"]
    with pytest.raises(SystemExit):
        parse(shlex.split(explained)[3:])
    assert "--latency" in capsys.readouterr().out


def test_nothing_new(capsys):
    bench("--only nothing-new --peers floor tap-rotor --leads 2500")
    found = rows(capsys.readouterr().out)
    assert "floor: requests, orjson, print" not in found
    requests, records, _ = found["**tap-rotor**"]
    assert requests == "1"
    # The rows of the last day, which it reads again.
    assert int(records) < 50


def test_cost_of_a_pipe(tmp_path: Path):
    """Both commands count, and a child of theirs too."""
    work = "import sys, time; end = time.process_time() + 0.3\nwhile time.process_time() < end: 0"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {work!r}])"
    large = "import sys, time; held = b'x' * 80_000_000; sys.stdout.write(sys.stdin.read())"
    commands = [
        [sys.executable, "-c", f"{child}; print('through the pipe')"],
        [sys.executable, "-c", f"{large}; time.sleep(0.2)"],
    ]
    cost = measure.run(commands, environments.variables(), tmp_path, tmp_path / "output")
    assert (tmp_path / "output").read_text() == "through the pipe\n"
    assert cost.cpu >= 0.3
    assert cost.wall >= 0.5
    assert 80 < cost.peak < 160


@pytest.mark.parametrize("failing", [0, 1])
def test_failure(tmp_path: Path, failing: int):
    fails = "import sys; sys.exit('a reason')"
    commands = [[sys.executable, "-c", fails if number == failing else ""] for number in range(2)]
    with pytest.raises(measure.Failed, match="ended with status 1: a reason"):
        measure.run(commands, environments.variables(), tmp_path, tmp_path / "output")


def test_what_a_table_says():
    runs: parts.Runs = {
        peers.FLOOR.title: [Run(COST, 3, 2500, 2500)],
        "slow": [Run(Cost(wall, 3.0, 50.0), 3, 2500, 2500) for wall in (5.0, 3.0, 4.0)],
        "loses": [Run(COST, 3, 2490, 2490), Run(COST, 4, 2500, 2500)],
        "repeats": [Run(COST, 3, 2510, 2500)],
        "not there": "not installed: no such version",
    }
    found = rows(report.extraction(runs, 2500, 0, peers.FLOOR.title))
    assert found["slow"] == ["3.0", "3.00", "4.0", "2.00", "50", "3", "2,500"]
    assert found["loses"][-2:] == ["3 to 4", "2,490 to 2,500: **10 lost**"]
    assert found["repeats"][-1] == "2,510, with repeats"
    assert found["not there"][0] == "not installed: no such version"


def test_an_environment_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """It is shown in the table; the others are measured all the same."""
    (tmp_path / "nothing.txt").write_text("no-such-distribution-of-rotor==1.0\n")
    monkeypatch.setattr(environments, "REQUIREMENTS", tmp_path)
    monkeypatch.setattr(environments, "DIRECTORY", tmp_path / "made")
    monkeypatch.setenv("UV_OFFLINE", "1")
    with pytest.raises(NotInstalled, match="no-such-distribution-of-rotor"):
        environments.programs("nothing")
