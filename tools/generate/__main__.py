"""Write every generated document anew, and print the names of those that changed."""

from __future__ import annotations

from tools.generate.documents import DOCUMENTS, current, render
from tools.harness.project import ROOT


def main() -> None:
    """Write what has changed."""
    for name in DOCUMENTS:
        text = render(name)
        if text != current(name):
            (ROOT / name).write_text(text, encoding="utf-8")
            print(name)


if __name__ == "__main__":
    main()
