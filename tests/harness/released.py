"""What a released version wrote, kept for the tests of later ones: see tests/e2e/released.

`python -m tests.harness.released 1.2.3` records this version, before it is tagged.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import typing as t
from pathlib import Path
from urllib.parse import urlsplit

from tests.harness.tap import Tap
from tools.harness.project import ROOT
from tools.sandbox import Company, Sandbox
from tools.sandbox.create import LISTS

if t.TYPE_CHECKING:
    from tests.harness.run import Run

FOLDER = ROOT / "tests" / "e2e" / "released"
# A state holds only for the address that it was read from, and a sandbox's port is never the same.
ADDRESS = "http://rotor.example/open-api"


def read(directory: Path, sandbox: Sandbox, **options: t.Any) -> Run:
    """Run the tap on a sandbox, which it takes for the API at ADDRESS."""
    proxy = f"http://127.0.0.1:{urlsplit(sandbox.url).port}"
    settings: dict[str, t.Any] = {"page_size": 10, "emit_activate_version_messages": True}
    tap = Tap(directory, sandbox, api_url=ADDRESS, **settings)
    return tap.succeed(env={"HTTP_PROXY": proxy}, **options)


def record(folder: Path) -> None:
    """Write the rows of a small company, and what the tap says that it reads and has read."""
    company = Company(leads=24, seed=3, customers=12, pins=30, service_plans=10, serviced_jobs=12)
    with tempfile.TemporaryDirectory() as name, Sandbox(company) as sandbox:
        messages = read(Path(name), sandbox).stdout
        catalog = read(Path(name), sandbox, args=["--discover"]).stdout
    rows = [{"list": name, "row": row} for name in LISTS for row in reversed(company.rows(name))]
    folder.mkdir()
    (folder / "messages.jsonl").write_text(messages, encoding="utf-8")
    (folder / "catalog.json").write_text(catalog, encoding="utf-8")
    lines = "".join(f"{json.dumps(row, default=float)}\n" for row in rows)
    (folder / "rows.jsonl").write_text(lines, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.harness.released", description=__doc__)
    parser.add_argument("version", help="the version that will be tagged, as in 1.2.3")
    record(FOLDER / parser.parse_args().version)
