"""Proxies and certificates that the environment names: what is wrong is said of them, at once."""

from __future__ import annotations

import socket
import threading
import typing as t
from contextlib import contextmanager

import pytest

from tests.harness.clock import Clock
from tests.harness.outcome import assert_failed
from tests.harness.tap import Tap
from tools.sandbox import Company, Sandbox

if t.TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

LOGIN = "anna:secret"
# Nobody has it: whoever is asked for it is a proxy, or nobody.
URL = "https://rotor.example/open-api"
REAL_GETADDRINFO = socket.getaddrinfo


@pytest.fixture(autouse=True)
def _no_other_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def tap(tmp_path: Path) -> Tap:
    return Tap(tmp_path, api_key="rotor_demo_key", api_url=URL, retry_minutes=5, page_size=10)


@contextmanager
def proxy(answer: bytes = b"") -> Generator[str]:
    """A proxy that gives everybody the same answer; without one, it is closed."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        if not answer:
            server.close()
            yield address
            return

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    connection.sendall(b"HTTP/1.1 " + answer + b"\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield address
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


CHECK = "Check the variable HTTPS_PROXY."
LASTING: list[tuple[bytes, str]] = [
    (b"", f"refuses the connection. {CHECK}"),
    (
        b"407 Proxy Authentication Required",
        f"asks for a login (status 407). Write user and password into its address. {CHECK}",
    ),
    (
        b"403 Forbidden",
        (
            "refuses the way to rotor.example (status 403). Ask those who run the proxy to allow "
            "it, or name rotor.example in the variable NO_PROXY."
        ),
    ),
]


@pytest.mark.parametrize(("answer", "sentence"), LASTING)
def test_a_proxy_that_does_not_serve_stops_the_run_at_once(tap, clock, answer, sentence):
    with proxy(answer) as address:
        result = tap.run(env={"HTTPS_PROXY": f"http://{LOGIN}@{address}"})
    assert_failed(result, f"leads: the proxy {address} {sentence}")
    assert "secret" not in result.stderr
    assert (clock.waits, result.logged("INFO")[-1]) == ([], "0 requests in all")


@pytest.mark.parametrize("variable", ["http_proxy", "ALL_PROXY"])
def test_a_proxy_for_plain_http_asks_for_a_login_in_its_own_way(tap, clock, variable):
    with proxy(b"407 Proxy Authentication Required") as address:
        result = tap.run(env={variable: address}, api_url=URL.replace("https", "http"))
    assert_failed(
        result,
        f"leads: the proxy {address} asks for a login (status 407). Write user and password into "
        f"its address. Check the variable {variable}.",
    )
    assert (clock.waits, result.logged("INFO")[-1]) == ([], "0 requests in all")


def test_a_proxy_that_cannot_be_found_stops_the_run_at_once(tap, clock, monkeypatch):
    def fail(*_: object, **__: object) -> t.NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    result = tap.run(env={"HTTPS_PROXY": "http://proxy.invalid:3128"})
    sentence = f"leads: the proxy proxy.invalid:3128 cannot be found by its name. {CHECK}"
    assert_failed(result, sentence)
    assert clock.waits == []


def test_a_proxy_that_does_not_reach_the_api_is_asked_again(tap, clock):
    with proxy(b"502 Bad Gateway") as address:
        result = tap.run(env={"HTTPS_PROXY": f"http://{address}"}, retry_minutes=1)
    assert_failed(result, f"leads: the proxy {address} does not reach rotor.example (status 502)")
    assert sum(clock.waits) == pytest.approx(60)


def test_a_proxy_that_is_lost_after_it_has_served_is_asked_again(tap, clock, monkeypatch):
    lost = threading.Event()

    def find(host: str, *args: t.Any, **options: t.Any) -> t.Any:
        if lost.is_set() and len(clock.waits) < 3:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return REAL_GETADDRINFO(host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", find)
    # As a server of HTTP does, the sandbox answers what is meant for another host, too.
    with Sandbox(Company(leads=30)) as sandbox:
        sandbox.rule("reset", "/leads", page=2)
        sandbox.before("/leads", 2, lost.set)
        address = f"127.0.0.1:{sandbox.port}"
        url, env = URL.replace("https", "http"), {"HTTP_PROXY": f"http://{address}"}
        result = tap.run("leads", api_key=sandbox.api_key, api_url=url, env=env)
        # The one that was broken may have reached the API; the two that were not sent did not.
        assert f"{sandbox.count()} requests in all" in result.logged("INFO")[-1]
    assert (result.status, len(result.records("leads"))) == (0, 30)
    assert result.warnings == [
        f"the proxy {address} broke the connection; trying again in 1 s (try 2)",
        f"the proxy {address} cannot be found by its name; trying again in 2 s (try 3)",
        f"the proxy {address} cannot be found by its name; trying again in 4 s (try 4)",
    ]


def test_a_socks_proxy_without_its_package_stops_the_run_at_once(tap, clock):
    result = tap.run(env={"ALL_PROXY": "socks5h://127.0.0.1:1080"})
    assert_failed(
        result,
        "leads: the proxy 127.0.0.1:1080 speaks SOCKS, for which a Python package is missing. "
        "Install PySocks beside the tap, or take another proxy. Check the variable ALL_PROXY.",
    )
    assert clock.waits == []


@pytest.mark.parametrize(
    ("variable", "content"),
    [("REQUESTS_CA_BUNDLE", None), ("REQUESTS_CA_BUNDLE", "none"), ("CURL_CA_BUNDLE", None)],
)
def test_a_wrong_file_of_certificates_stops_the_run_at_once(
    tap, clock, tmp_path, variable, content
):
    file = tmp_path / "certificates.pem"
    if content:
        file.write_text(content, encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"https://127.0.0.1:{server.getsockname()[1]}"
        result = tap.run(env={variable: str(file)}, api_url=url)
    assert_failed(
        result,
        f"leads: the variable {variable} does not name a file of certificates that can be read. "
        "Correct it, or unset it.",
    )
    assert (clock.waits, result.logged("INFO")[-1]) == ([], "0 requests in all")
