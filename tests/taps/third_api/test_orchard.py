"""The worked example of CONTRIBUTING, run against a server of that API."""

from __future__ import annotations

import json
import threading
import typing as t
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from typing_extensions import override

from tests.harness.catalog import fixed
from tests.harness.documents import blocks
from tests.harness.promise import ALL
from tests.harness.tap import Tap
from tests.taps.third_api import tap_orchard
from tests.taps.third_api.tap_orchard import TapOrchard
from tools.harness.project import ROOT

if t.TYPE_CHECKING:
    from collections.abc import Iterator


TOKEN = "a-token"
PLANTED = datetime(2026, 5, 1, tzinfo=UTC)


class Orchard:
    """The trees, newest first, and the places that were asked for."""

    def __init__(self) -> None:
        self.trees = [
            {"id": f"tree-{days}", "sort": "apple", "planted_at": self.planted(days)}
            for days in range(25, 0, -1)
        ]
        self.asked: list[tuple[int, int]] = []
        self.before: dict[int, t.Callable[[], object]] = {}

    @staticmethod
    def planted(days: int) -> str:
        return (PLANTED + timedelta(days=days)).isoformat()

    def page(self, query: dict[str, str]) -> dict[str, t.Any]:
        number, size = int(query["number"]), int(query["per_page"])
        start = (number - 1) * size
        self.asked.append((start, start + size))
        self.before.pop(len(self.asked), lambda: None)()
        about = {
            "number": number,
            "per_page": size,
            "count": len(self.trees),
            "more": start + size < len(self.trees),
        }
        return {"data": self.trees[start : start + size], "pagination": about}


@pytest.fixture
def orchard() -> Orchard:
    return Orchard()


@pytest.fixture
def url(orchard: Orchard) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            allowed = self.headers["X-Token"] == TOKEN
            answer = orchard.page(dict(parse_qsl(urlsplit(self.path).query))) if allowed else {}
            body = json.dumps(answer).encode()
            self.send_response_only(200 if allowed else 401)
            self.send_header("Date", format_datetime(PLANTED + timedelta(days=90), usegmt=True))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v2"
        server.shutdown()
        thread.join()


@pytest.fixture
def tap(url: str, tmp_path: Path) -> Tap:
    return Tap(tmp_path, of=TapOrchard, api_url=url, api_key=TOKEN, page_size=10)


def test_it_reads_completely_while_a_tree_leaves(orchard, tap):
    orchard.before[2] = lambda: orchard.trees.pop(0)
    last = orchard.trees[1:]
    first = tap.run()
    assert first.status == 0
    assert {tree["id"] for tree in last} <= set(first.ids("trees"))
    assert orchard.asked == [*ALL[:2], (7, 14), (10, 20), (18, 27)]


def test_it_goes_on_from_its_bookmark(orchard, tap):
    first = tap.succeed(lookback_days=0)
    assert first.bookmark("trees")["replication_key_value"] == fixed(orchard.planted(25))
    orchard.trees.insert(0, {"id": "new", "sort": "pear", "planted_at": orchard.planted(26)})
    orchard.asked.clear()
    second = tap.succeed(state=first.state, lookback_days=0)
    assert second.ids("trees") == ["new", "tree-25"]
    assert orchard.asked == ALL[:1]


def test_its_errors_are_in_its_own_words(tap):
    failed = tap.run(api_key="another")
    assert failed.status == 1
    assert failed.last_line == (
        "ERROR Failed. trees: Orchard does not accept the API key (status 401). Check the setting "
        "api_key; a key is made in Orchard under Account, Tokens."
    )


def test_contributing_shows_the_very_file():
    code = Path(tap_orchard.__file__).read_text(encoding="utf-8").rstrip("\n")
    (block,) = blocks("CONTRIBUTING.md", "To add an API")
    assert block.text == code


def test_contributing_shows_what_is_refused():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (block,) = blocks("CONTRIBUTING.md", "A declaration that is refused")
    with pytest.raises(TypeError) as refused:
        exec(block.text, {"Trees": tap_orchard.Trees})
    assert str(refused.value) in " ".join(text.split())
