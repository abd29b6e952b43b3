"""The measuring itself: what it counts is right, and what is lost is said."""

from __future__ import annotations

import shlex
import sys
import typing as t

import pytest
from typing_extensions import override

from tests.harness.documents import blocks
from tools.benchmarks import changing, environments, loads, measure, parts, peers, report
from tools.benchmarks.__main__ import main, parse
from tools.benchmarks.changing import Reading
from tools.benchmarks.histories import Change, History, draw
from tools.benchmarks.measure import Cost
from tools.benchmarks.parts import Run
from tools.harness.environments import NotInstalled
from tools.sandbox import Sandbox

if t.TYPE_CHECKING:
    from pathlib import Path

    from tools.benchmarks.peers import Job, Peer

COST = Cost(wall=2.0, cpu=1.0, peak=50.0)


def bench(arguments: str) -> None:
    main(arguments.split())


def rows(printed: str) -> dict[str, list[str]]:
    """Return the cells of a printed table by their line's name."""
    lines = [line.strip("| ").split(" | ") for line in printed.splitlines() if line[:2] == "| "]
    return {name: cells for name, *cells in lines}


@pytest.mark.long
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


@pytest.mark.long
def test_nothing_new(capsys):
    bench("--only nothing-new --peers floor tap-rotor --leads 2500")
    found = rows(capsys.readouterr().out)
    assert "floor: requests, orjson, print" not in found
    requests, records, _ = found["**tap-rotor**"]
    assert requests == "1"
    # The rows of the last day, which it reads again.
    assert int(records) < 50


@pytest.mark.long
def test_lists_that_change(capsys):
    bench("--only changing --peers floor tap-rotor --leads 2500 --histories 2")
    printed = capsys.readouterr().out
    assert "2 lists of 2,500 leads that change:" in printed
    found = rows(printed)
    # 1 of the first list, 16 and then 2 of the second.
    assert found["floor: requests, orjson, print"] == ["2 of 2", "**2**", "**19**", "3"]
    assert found["**tap-rotor**"][:3] == ["2 of 2", "0", "0"]


def read(peer: Peer, *changes: Change, archived: bool = True) -> Reading:
    """Let a peer read three pages."""
    history = History(2500, archived, changes)
    return changing.read(history, peer, environments.programs(peer.environment))


@pytest.mark.parametrize(
    ("changes", "missed"),
    [
        ([], 0),
        ([Change(2, enter=2)], 0),
        # Of the first page, which is read already: the rows behind it move up past the boundary.
        ([Change(2, leave=(0, 500, 999))], 3),
        ([Change(2, leave=(0, 500, 999), enter=1)], 2),
        ([Change(3, leave=(0, 1500))], 2),
        # What is still to be read: nobody can miss what is gone, and the rest is behind.
        ([Change(2, leave=(1000, 2499))], 0),
        ([Change(2, leave=(0,)), Change(3, leave=(1, 2)), Change(3, enter=1)], 2),
        # There and read all the same, in a list with the archived rows.
        ([Change(2, archive=(0, 500, 999))], 0),
        # There are no more requests.
        ([Change(4, leave=(0,))], 0),
    ],
)
def test_plain_paging_misses_what_moves_up(changes: list[Change], missed: int):
    assert read(peers.FLOOR, *changes) == Reading(missed, 3)


def test_archiving_hides_rows_of_a_list_without_the_archived():
    changes = Change(2, archive=(0, 500, 999)), Change(3, leave=(0,))
    assert read(peers.FLOOR, *changes, archived=False) == Reading(4, 3)
    assert read(peers.TAP_ROTOR, *changes, archived=False).missed == 0


def test_pages_do_not_matter_but_requests():
    """A reader of another order meets the same changes at the same time."""
    program = """
import sys, urllib.request as http
for page in (3, 1, 2):
    request = http.Request(sys.argv[1] + f"/leads?page={page}&limit=1000&archived=true")
    request.add_header("x-api-key", sys.argv[2])
    for row in http.urlopen(request).read().decode().split('"id":"')[1:]:
        print('{"type":"RECORD","record":{"id":"%s"}}' % row[:36])
sys.exit("a reason" if sys.argv[3:] else 0)
"""

    class Backwards(peers.Singer):
        @override
        def command(self, job: Job) -> list[str | Path]:
            return [sys.executable, "-c", program, job.url, job.key, *extra]

    extra: list[str] = []
    peer = Backwards("backwards", "backwards", None)
    # Its third page is read already, and its first begins behind the row that leaves.
    assert read(peer, Change(2, leave=(0,))) == Reading(0, 3)
    assert read(peer, Change(3, leave=(0,))) == Reading(1, 3)
    extra = ["fails"]
    assert read(peer, Change(3, leave=(0,))) == Reading(None, 3)


def test_a_peer_that_does_not_start():
    class Broken(peers.Singer):
        @override
        def command(self, _job: Job) -> list[str | Path]:
            return [sys.executable, "-c", "import no_such_module"]

    found = changing.changing([Broken("broken", "broken", None)], [History(10, True, ())] * 2)
    assert "No module named 'no_such_module'" in str(found["broken"])


@pytest.mark.long
def test_histories_are_drawn_once_and_for_all():
    drawn = [draw(number, 2500) for number in range(10)]
    assert drawn == [draw(number, 2500) for number in range(10)]
    assert len(set(drawn)) == len(drawn)
    for number, history in enumerate(drawn):
        assert history.archived == (number % 2 == 0)
        assert 1 <= len(history.changes) <= 5
        assert all(change.before in {2, 3} for change in history.changes)
        company = history.company()
        first = history.ids(company)
        with Sandbox(company) as sandbox:
            history.prepare(sandbox)
            for _ in range(3):
                for action in sandbox.faults.actions("/leads", 1):
                    action()
        entered = sum(change.enter for change in history.changes)
        left = sum(len(change.leave + change.archive) for change in history.changes)
        last = history.ids(company)
        assert len(set(last) - set(first)) == entered
        assert len(last) == len(first) + entered - left
    kinds = [change for history in drawn for change in history.changes]
    assert any(change.enter for change in kinds)
    assert any(change.archive for change in kinds)
    assert any(len(change.leave) > 3 for change in kinds)


def test_what_the_table_of_changing_lists_says():
    readings: changing.Readings = {
        "misses": [Reading(0, 3), Reading(1500, 3), Reading(4, 3), Reading(None, 2)],
        "complete": [Reading(0, 3), Reading(0, 5)],
        "fails": [Reading(None, 9)],
        "not there": "not installed: no such version",
    }
    found = rows(report.changing(readings, 4, 2500))
    assert found["misses"] == ["3 of 4", "**2**", "**1,504**", "2 to 3"]
    assert found["complete"] == ["2 of 2", "0", "0", "3 to 5"]
    assert found["fails"] == ["0 of 1", "0", "0", "9"]
    assert found["not there"][0] == "not installed: no such version"


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


def test_what_the_table_of_loads_says():
    runs: parts.Runs = {
        loads.FLOOR: [Run(Cost(2.0, 1.0, 50.0), 3, 2500, 2500)],
        "ours": [Run(Cost(3.0, 1.0, 50.0), 3, 2500, 2500)],
        loads.MERGE: [Run(Cost(12.0, 9.0, 80.0), 3, 2500, 2500)],
        loads.APPEND: "not installed: no such version",
    }
    printed = report.postgres(runs, 2500, loads.OTHERS)
    assert "|  | wall s | x floor | x dlt's merge | x dlt's append | CPU s, without" in printed
    assert rows(printed)["ours"][:4] == ["3.0", "1.50", "0.25", ""]


def test_an_environment_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """It is shown in the table; the others are measured all the same."""
    (tmp_path / "nothing.txt").write_text("no-such-distribution-of-rotor==1.0\n")
    monkeypatch.setattr(environments, "REQUIREMENTS", tmp_path)
    monkeypatch.setattr(environments, "DIRECTORY", tmp_path / "made")
    monkeypatch.setenv("UV_OFFLINE", "1")
    with pytest.raises(NotInstalled, match="no-such-distribution-of-rotor"):
        environments.programs("nothing")
