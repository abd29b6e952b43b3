"""The Makefile: what `make check` finds in any file, and what `make help` shows."""

from __future__ import annotations

import re
import subprocess

import pytest

from tools.harness.project import ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
# In parts, as no file may hold them: this one neither.
HOSTS = [
    ("pypi", "org"),
    ("test", "pypi", "org"),
    ("files", "python" + "hosted", "org"),
    ("registry", "npmjs", "org"),
    ("deb", "debian", "org"),
    ("security", "debian", "org"),
    ("ftp", "de", "debian", "org"),
]
FOLDERS = ["home", "root", "tmp", "Users", "work"]


def found(text: str) -> bool:
    """Whether `make check` would stop at a text."""
    (pattern,) = re.findall(r"^PLACES := (.*)$", MAKEFILE, re.MULTILINE)
    searched = subprocess.run(
        ["grep", "-cE", pattern], check=False, input=text, stdout=subprocess.DEVNULL, text=True
    )
    assert searched.returncode in {0, 1}
    return searched.returncode == 0


@pytest.mark.parametrize("parts", HOSTS, ids=lambda parts: parts[-2])
def test_the_host_of_a_package_index_is_found(parts):
    host = ".".join(parts)
    assert found(f"index = https://{host}/simple\n")
    assert found(host)
    assert host not in MAKEFILE


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_path_of_one_machine_is_found(folder):
    path = f"/{folder}/"
    assert found(f"see {path}x")
    assert found(path)
    assert found(f"'{path}x'")
    assert not found(f"some{path}x")


def test_what_only_looks_like_it_is_not_found():
    for text in ("environment: pypi", "python:3.13-slim", "a Debian package", "npm", MAKEFILE):
        assert not found(text)


def test_help_shows_every_target():
    shown = subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    names = {line.split()[1] for line in shown.stdout.splitlines()}
    assert names == set(re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE))
    assert names == set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
