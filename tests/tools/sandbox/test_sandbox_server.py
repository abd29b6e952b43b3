"""The server's life, its log, the control endpoints and the command line."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests

from tools.sandbox import Company, Organisation, Request, Sandbox
from tools.sandbox.keys import DEFAULT_KEY
from tools.sandbox.nexus.keys import DEFAULT_KEY as NEXUS_KEY

ROOT = Path(__file__).parents[3]


@pytest.mark.slow
def test_it_starts_and_stops_many_times():
    company = Company(leads=3)
    threads = threading.active_count()
    for _ in range(20):
        with Sandbox(company) as sandbox:
            answer = requests.get(
                f"{sandbox.url}/leads", headers={"x-api-key": sandbox.api_key}, timeout=5
            )
            assert answer.json()["data"] == company.rows("leads", archived=False)
    assert threading.active_count() == threads
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{sandbox.url}/leads", timeout=1)


def test_the_port():
    with Sandbox(Company(leads=1)) as sandbox:
        assert sandbox.url == f"http://127.0.0.1:{sandbox.port}/open-api"
        with pytest.raises(OSError, match="in use"):
            Sandbox(Company(leads=1), port=sandbox.port)
    # Free again at once.
    with Sandbox(Company(leads=1), port=sandbox.port):
        pass


def test_without_being_entered():
    sandbox = Sandbox(Company(leads=1))
    sandbox.stop()
    sandbox.stop()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", sandbox.port))


def test_log_of_requests(client, sandbox):
    client.get("/leads", limit=10, page=2, search="")
    client.get("/leads", limit=0)
    client.get("/pin-types")
    client.get("/leads/nobody")
    client.post("/leads", {})
    assert sandbox.requests == [
        Request("GET", "/leads", {"limit": "10", "page": "2", "search": ""}, 200, 10),
        Request("GET", "/leads", {"limit": "0"}, 400),
        Request("GET", "/pin-types", {}, 200, 6),
        Request("GET", "/leads/nobody", {}, 404),
        Request("POST", "/leads", {}, 201),
    ]
    assert (sandbox.count("/leads"), sandbox.count()) == (3, 5)
    sandbox.reset_log()
    assert sandbox.requests == []
    assert sandbox.spent() == 5


def test_control_endpoints(client, sandbox):
    assert client.get("/pins").status_code == 200
    assert client.control("GET", "/requests").json() == [
        {"method": "GET", "path": "/pins", "query": {}, "status": 200, "rows": 50},
    ]
    assert client.control("DELETE", "/requests").json() == []
    assert sandbox.requests == []

    switches = client.control("POST", "/switches", {"max_limit": 7}).json()
    assert (switches["max_limit"], switches["gzip"]) == (7, True)
    assert len(client.page("/pins")[0]) == 7


def test_control_endpoints_refuse_what_they_do_not_know(client, sandbox):
    for body in ({"max_limits": 7}, {"max_limit": "many"}, [7]):
        answer = client.control("POST", "/switches", body)
        assert answer.status_code == 400
        assert answer.json()["error"]
    assert client.get("/pins").status_code == 200
    assert sandbox.switches.max_limit == 1000


def start(*arguments: str) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tools.sandbox", "--leads", "30", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    return process, serving(process, "open-api")


def serving(process: subprocess.Popen[str], base: str) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.fullmatch(rf"Serving (http://127\.0\.0\.1:\d+/{base}) with key (\S+)\n", line)
    assert found, line
    return found[1]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_command_line(number):
    process, url = start("--quota", "1", "--precompress")
    try:
        expected = Company(leads=30)
        headers = {"x-api-key": DEFAULT_KEY}
        answer = requests.get(f"{url}/leads?limit=1000&archived=true", headers=headers, timeout=5)
        assert answer.json()["data"] == expected.rows("leads")
        assert requests.get(f"{url}/leads", headers=headers, timeout=5).status_code == 429
    finally:
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "", "")


@pytest.mark.slow
def test_command_line_with_nexus():
    process, _ = start("--nexus-leads", "20")
    try:
        url = serving(process, "api/v1")
        expected = Organisation(20, people=Company(30).rows("leads"))
        headers = {"authorization": f"Bearer {NEXUS_KEY}"}
        answer = requests.get(f"{url}/leads?pageSize=100", headers=headers, timeout=5)
        assert answer.json()["data"] == expected.rows("leads")
    finally:
        process.terminate()
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "", "")
