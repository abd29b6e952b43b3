"""The commands and snippets of the documentation, for the tests that run them.

A test that calls `blocks` runs what it gets; `test_documents.py` fails where no test asks for one.
"""

from __future__ import annotations

import re
import textwrap
import typing as t
from dataclasses import dataclass

from tools.harness.project import ROOT

if t.TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDERS = (".", "docs", "load", "orchestrate", "tap_nexus_erp", "tools/benchmarks", "transform")
LINE = re.compile(r"(?P<heading>#+ (?P<title>.+))|(?P<fence> *```(?P<language>\w*))")


@dataclass(frozen=True)
class Block:
    """What stands between two fences.

    Attributes:
        file: Path from the root of the repository.
        heading: The nearest heading above.
        language: As the fence says; empty for a drawing or for what a program printed.
        text: The lines between, without their common indent.
    """

    file: str
    heading: str
    language: str
    text: str

    @property
    def commands(self) -> list[str]:
        """The commands of a shell block, each on one line, without remarks."""
        joined = re.sub(r" *\\\n *", " ", self.text)
        return [line.split("  #")[0].rstrip() for line in joined.splitlines()]


def blocks(file: str, heading: str) -> list[Block]:
    """Return the blocks under a heading, in order, but those without a language."""
    return [block for block in every_block() if (block.file, block.heading) == (file, heading)]


def every_block() -> Iterator[Block]:
    """Yield every block of the documentation that has a language."""
    for path in files():
        yield from _blocks_of(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))


def files() -> list[Path]:
    """Return every file of the documentation."""
    return [path for folder in FOLDERS for path in sorted(ROOT.glob(f"{folder}/*.md"))]


def _blocks_of(file: str, text: str) -> Iterator[Block]:
    heading, language = "", None
    inside: list[str] = []
    for line in text.splitlines():
        found = LINE.fullmatch(line)
        if language is None:
            if found and found["heading"]:
                heading = found["title"]
            elif found:
                language, inside = found["language"], []
        elif found and found["fence"] and not found["language"]:
            if language:
                yield Block(file, heading, language, textwrap.dedent("\n".join(inside)))
            language = None
        else:
            inside.append(line)
