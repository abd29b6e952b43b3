"""Nothing in the documentation goes stale: who runs each block, and where each link points."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import typing as t

import pytest
import yaml

from tests.harness.documents import blocks, every_block, files
from tests.harness.tap import KEY, Tap
from tools.harness.project import ROOT

if t.TYPE_CHECKING:
    from pathlib import Path

TESTS = ROOT / "tests"
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
# In two parts, so that this file is not one of those that hold it.
PLACEHOLDER = "<address of" + " this repository>"
PLACEHOLDER_IN = {"README.md", "pyproject.toml", "tests/e2e/test_installing.py"}
# What is not in the repository until something has run, or somebody has followed the text.
MADE = {"output", "extract", "dist", "rotor"}
EXAMPLES = {"tap_rotor/schemas/invoices.json"}
PLACE = re.compile(r"[^\w\- ]")


def asked_for() -> set[tuple[str, str]]:
    """Return file and heading of each call of `blocks` in the tests."""
    found = set()
    for path in TESTS.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {
            node.targets[0].id: str(node.value.value)
            for node in tree.body
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Constant)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "blocks":
                file, heading = (
                    names[word.id] if isinstance(word, ast.Name) else ast.literal_eval(word)
                    for word in node.args
                )
                found.add((file, heading))
    return found


def test_every_block_is_run_by_a_test():
    there = {(block.file, block.heading) for block in every_block()}
    assert asked_for() == there


def test_ci_runs_what_begins_the_readme():
    (begin, _) = blocks("README.md", "tap-rotor")
    run = [step.get("run") for job in WORKFLOW["jobs"].values() for step in job["steps"]]
    # `make demo`, twice in a fresh copy: tests/e2e/test_demo.py, which is one of the long tests.
    assert begin.commands == ["make demo", "make demo", "make test"]
    assert {"make test", "make test-long"} <= set(run)


def test_ci_makes_the_images():
    build, about, _ = blocks("README.md", "In a container")[0].commands
    build_all, run = blocks("docs/schedulers.md", "Images")[0].commands
    tap, pipeline = [step["run"] for step in WORKFLOW["jobs"]["image"]["steps"] if "run" in step]
    assert tap.splitlines()[:2] == [build, about]
    assert pipeline.splitlines()[0] == build_all
    # `.env` is for real runs.
    assert pipeline.splitlines()[1].rstrip(" \\") == run.split(" --env-file ")[0]


def test_a_list_is_added_as_described(tmp_path):
    (block,) = blocks("CONTRIBUTING.md", "To add a list")
    package = tmp_path / "tap_rotor"
    shutil.copytree(ROOT / "tap_rotor", package)
    with (package / "streams.py").open("a", encoding="utf-8") as file:
        file.write(f"\n\n{block.text}\n\nSTREAMS = (*STREAMS, Invoices)\n")
    pins = json.loads((package / "schemas" / "pins.json").read_text(encoding="utf-8"))
    (package / "schemas" / "invoices.json").write_text(json.dumps(pins), encoding="utf-8")
    result = Tap(tmp_path, api_key=KEY).run(args=["--discover"], process=True)
    found = {entry["tap_stream_id"]: entry for entry in json.loads(result.stdout)["streams"]}
    assert found["invoices"]["schema"] == found["pins"]["schema"]


def test_links_within_the_documentation_lead_somewhere():
    wrong = []
    for file in files():
        text = file.read_text(encoding="utf-8")
        for target, place in re.findall(r"\]\(([^)#: ]*)(?:#([^) ]*))?\)", text):
            other = (file.parent / target) if target else file
            if not other.exists() or (place and place not in places(other)):
                wrong.append((file.name, target, place))
    assert wrong == []


@pytest.mark.parametrize("file", files(), ids=lambda file: str(file.relative_to(ROOT)))
def test_paths_that_are_named_are_there(file):
    folders = {path.name for path in ROOT.glob("[a-z]*/")} - MADE
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if "`" in line]
    named = {name for line in lines for name in re.findall(r"`([\w.*/-]+/[\w.*/-]*)`", line)}
    of_ours = {name for name in named if name.partition("/")[0] in folders}
    wrong = {name for name in of_ours if not list(ROOT.glob(name.rstrip("/")))}
    assert wrong - EXAMPLES == set()


def places(file: Path) -> set[str]:
    """Return what can stand behind # in a link to a file."""
    titles = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return {PLACE.sub("", title.lower()).replace(" ", "-") for title in titles}


def test_make_has_every_target_that_is_named():
    made = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for file in files():
        text = file.read_text(encoding="utf-8")
        assert set(re.findall(r"`make ([a-z-]+)", text)) <= made


def test_modules_that_are_named_can_be_run():
    for file in files():
        for name in re.findall(r"python -m ([\w.]+)", file.read_text(encoding="utf-8")):
            path = ROOT / name.replace(".", "/")
            inside = path.with_suffix(".py").exists() or (path / "__main__.py").exists()
            assert inside or name == "pytest"


def test_the_address_of_the_repository_is_left_open_in_known_places():
    command = ["git", "grep", "--files-with-matches", "-F", PLACEHOLDER]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True)
    assert set(found.stdout.splitlines()) == PLACEHOLDER_IN
    assert "TODO(address)" in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_no_link_leads_to_this_repository_but_a_relative_one():
    for file in (*files(), ROOT / "pyproject.toml"):
        addresses = re.findall(r"https?://[^\s)`'\"<>]+", file.read_text(encoding="utf-8"))
        assert [address for address in addresses if "tap-rotor" in address] == [], file.name
