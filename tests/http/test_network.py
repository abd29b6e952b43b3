"""Answers that never come, or not from where they should: hosts, certificates, time."""

from __future__ import annotations

import socket
import ssl
import threading
import typing as t
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from typing_extensions import override

from tests.harness.clock import Clock
from tests.harness.outcome import assert_failed
from tests.harness.tap import Tap
from tools.sandbox import Company, Sandbox

if t.TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from tests.harness.run import Run

# For `localhost`, vouched for by nobody; its key is as public as this test.
CERTIFICATE = Path(__file__).with_name("data") / "self_signed.pem"
CHECK = "Check the setting api_url and this machine's network."
REAL_GETADDRINFO = socket.getaddrinfo


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Company(leads=30, pins=0, customers=0, service_plans=0)) as server:
        yield server


@pytest.fixture
def tap(sandbox: Sandbox, tmp_path: Path) -> Tap:
    return Tap(tmp_path, sandbox, retry_minutes=0, page_size=10)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


class _Server(HTTPServer):
    def __init__(self, *arguments: t.Any) -> None:
        super().__init__(*arguments)
        self.keys: list[str] = []

    @override
    def handle_error(self, *_: t.Any) -> None:
        """Say nothing when the client hangs up."""


@contextmanager
def listening() -> Generator[_Server]:
    """Serve HTTPS with a certificate that nobody trusts; keep the keys that were sent."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.keys.append(self.headers["x-api-key"])

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    with _Server(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def test_a_redirect_is_not_followed_and_the_key_stays(tap, sandbox):
    with Sandbox(Company(leads=1)) as other:
        location = other.url.replace("127.0.0.1", "localhost") + "/leads"
        sandbox.rule("status", "/leads", status=302, headers={"Location": location})
        result = tap.run()
        assert other.requests == []
    assert_failed(
        result,
        "leads: /leads was redirected to localhost (status 302), which is not followed: the key "
        "would travel along. Check the setting api_url.",
    )
    assert sandbox.count() == 1


@pytest.mark.parametrize("retry_minutes", [0, 5])
def test_a_certificate_that_nobody_vouches_for_stops_the_run_at_once(tap, clock, retry_minutes):
    with listening() as server:
        url = f"https://localhost:{server.server_port}/open-api"
        result = tap.run(api_url=url, retry_minutes=retry_minutes)
        assert server.keys == []
    sentence = f"localhost does not show a certificate that this machine trusts. {CHECK}"
    assert_failed(result, f"leads: {sentence}")
    assert clock.waits == []


@pytest.mark.parametrize("retry_minutes", [0, 5])
def test_a_name_that_cannot_be_resolved_stops_the_run_at_once(
    tap, clock, monkeypatch, retry_minutes
):
    def fail(*_: object, **__: object) -> t.NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    result = tap.run(api_url="http://api.nowhere.invalid/x", retry_minutes=retry_minutes)
    assert_failed(result, f"leads: api.nowhere.invalid cannot be found by its name. {CHECK}")
    assert clock.waits == []


@pytest.mark.parametrize("host", [".example.com", "a..b", f"{'a' * 64}.com"])
def test_what_is_the_name_of_no_host_stops_the_run_at_once(tap, clock, host):
    result = tap.run(api_url=f"http://{host}/x", retry_minutes=5)
    sentence = f"{host} cannot be asked: its name, or that of the proxy, is malformed. {CHECK}"
    assert_failed(result, f"leads: {sentence}")
    assert clock.waits == []


@pytest.fixture
def lost(clock, monkeypatch) -> threading.Event:
    """Once it is set, no name can be found until three waits are over."""
    lost = threading.Event()

    def find(*args: t.Any, **options: t.Any) -> t.Any:
        if lost.is_set() and len(clock.waits) < 3:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return REAL_GETADDRINFO(*args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", find)
    return lost


def test_a_name_that_was_found_before_is_tried_again(tap, sandbox, lost):
    sandbox.rule("reset", "/leads", page=2)
    sandbox.before("/leads", 2, lost.set)
    result = tap.run(retry_minutes=5)
    assert (result.status, len(result.records("leads"))) == (0, 30)
    assert result.warnings == [
        "127.0.0.1 broke the connection; trying again in 1 s (try 2)",
        "127.0.0.1 cannot be found by its name; trying again in 2 s (try 3)",
        "127.0.0.1 cannot be found by its name; trying again in 4 s (try 4)",
    ]
    assert f"{sandbox.count()} requests in all" in result.logged("INFO")[-1]


@pytest.fixture
def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        return unused.getsockname()[1]


def test_a_refused_connection_is_no_request(tap, clock, closed_port):
    url = f"http://127.0.0.1:{closed_port}/open-api"
    result = tap.run(api_url=url, retry_minutes=5, request_budget=4)
    assert_failed(result, "leads: 127.0.0.1 refuses the connection")
    assert sum(clock.waits) == pytest.approx(300)
    assert result.logged("INFO")[-1] == "0 requests in all"


def test_a_request_ahead_that_never_left_is_none(tap, sandbox, clock, lost):
    rows = [{"id": str(number)} for number in range(10)]
    pagination = {"total": 30, "limit": 10, "page": 1, "has_more": True}
    sandbox.rule(
        "status",
        "/leads",
        status=200,
        body={"data": rows, "pagination": pagination},
        headers={"Connection": "close"},
    )
    sandbox.before("/leads", 1, lost.set)
    result = tap.run("leads", retry_minutes=5, request_budget=2)
    assert len(clock.waits) == 3
    assert (result.status, sandbox.count()) == (0, 2)
    assert "2 requests in all" in result.logged("INFO")[-1]


@pytest.mark.slow
def test_an_answer_that_does_not_come_in_time(tap, sandbox):
    sandbox.rule("hang", "/leads", times=None)
    result = tap.run(request_timeout=1)
    assert_failed(result, "leads: 127.0.0.1 did not answer in time")
    assert sandbox.count() == 1


@pytest.mark.slow
def test_a_body_that_stands_still(tap, sandbox):
    sandbox.rule("drip", "/leads", times=None, rate=1)
    result = tap.run(request_timeout=1)
    assert_failed(result, "leads: 127.0.0.1 did not answer in time")


def test_a_body_that_drips_for_ever(tap, sandbox, monkeypatch):
    monkeypatch.setattr("paged_rest.http.client.LONGEST_RESPONSE", 0.2)
    sandbox.rule("drip", "/leads", times=None, rate=200)
    result = tap.run()
    assert_failed(result, "leads: 127.0.0.1 did not answer in time")
    assert sandbox.count() == 1


def run_answered(tap: Tap, answer: bytes) -> Run:
    """Run the tap against what answers one request so, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=greet)
        thread.start()
        result = tap.run("leads", api_url=f"http://127.0.0.1:{server.getsockname()[1]}")
        thread.join()
    return result


def test_what_is_no_http_at_all(tap):
    result = run_answered(tap, b"220 mail.example ESMTP\r\n")
    assert_failed(result, "leads: 127.0.0.1 broke the connection")


@pytest.mark.parametrize(
    ("head", "sentence"),
    [
        (b"204 No Content", "was answered with status 204"),
        (b"304 Not Modified", "was answered with status 304"),
        (
            b"302 Found\r\nLocation: https://[nowhere",
            (
                "was redirected to 127.0.0.1 (status 302), which is not followed: the key would "
                "travel along. Check the setting api_url."
            ),
        ),
    ],
)
def test_an_answer_that_leads_nowhere(tap, head, sentence):
    result = run_answered(tap, b"HTTP/1.1 " + head + b"\r\n\r\n")
    assert_failed(result, f"leads: /leads {sentence}")


def test_a_line_that_is_no_header_shows_no_traceback(tap):
    """urllib3 logs one, with all headers behind that line: those may hold a session."""
    line = b"Who goes there\r\nSet-Cookie: session=1\r\nContent-Length: 2"
    result = run_answered(tap, b"HTTP/1.1 200 OK\r\n" + line + b"\r\n\r\n{}")
    sentence = "status 200 and content type none, but holds no list of rows"
    assert result.problems == [f"Failed. leads: /leads was answered with {sentence}"]
    assert "session" not in result.stderr
