"""docs/ends.md: every code by which a stream or a run can end, and no other."""

from __future__ import annotations

import re
import typing as t

from paged_rest import errors
from paged_rest.singer import ReadsStream
from tools.harness.project import ROOT

if t.TYPE_CHECKING:
    from collections.abc import Iterator

ROW = re.compile(r"^\| `(\w+)` \|.*\| (yes|no) \|$", re.MULTILINE)


def codes() -> dict[str, str]:
    """Return the codes of the table, and whether each can stand in `reads`."""
    pairs = ROW.findall((ROOT / "docs/ends.md").read_text(encoding="utf-8"))
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def declared() -> Iterator[str]:
    for name, value in vars(errors).items():
        if name.isupper():
            yield value
        elif isinstance(value, type) and hasattr(value, "code"):
            yield value.code


def test_the_table_has_every_code():
    assert set(codes()) == set(declared())


def test_each_error_has_one():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    missing = [
        kind for kind in kinds if issubclass(kind, BaseException) and not hasattr(kind, "code")
    ]
    assert missing == [errors.TapError]


def test_all_that_can_stand_in_reads_is_tried():
    text = (ROOT / "tests/singer/test_reads.py").read_text(encoding="utf-8")
    assert [
        code for code, there in codes().items() if there == "yes" and f'"{code}"' not in text
    ] == []


def test_dagster_goes_by_codes_of_the_table():
    """It cannot import them: it runs in an environment without the tap."""
    text = (ROOT / "orchestrate/definitions.py").read_text(encoding="utf-8")
    named = {
        code
        for words in re.findall(r"= frozenset\((.*?)\)", text, re.DOTALL)
        for code in re.findall(r'"(\w+)"', words)
    }
    assert {"complete", "key_refused"} <= named <= set(codes())


def test_select_rules_name_it():
    """Meltano leaves out what they do not name."""
    for file in ("meltano.yml", "README.md", "docs/recipes.md"):
        for rules in re.findall(
            r"SELECT\b.*?\[(.*)\]|`select: \[(.*)\]`", (ROOT / file).read_text()
        ):
            assert f"{ReadsStream.name}.*" in "".join(rules), file
