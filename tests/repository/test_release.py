"""What the release workflow asks of the repository."""

from __future__ import annotations

import subprocess

from tools.harness.project import ROOT

CHANGELOG = """# Changelog

## [Unreleased]

- Later.

## [1.2.3] - 2026-12-01

### Added

- A stream.

## [1.2.30] - 2026-11-01

- Older.
"""


def test_notes_of_a_version(tmp_path):
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG, encoding="utf-8")
    command = ["make", "--silent", "--file", str(ROOT / "Makefile"), "notes"]
    notes = [
        subprocess.run(
            [*command, f"TAG={tag}"], cwd=tmp_path, check=False, capture_output=True, text=True
        )
        for tag in ("v1.2.3", "v9.9.9")
    ]
    assert (notes[0].returncode, notes[0].stdout) == (0, "### Added\n- A stream.\n")
    # A version that the file does not name stops the release.
    assert notes[1].returncode != 0
