"""A small company, a server of it, and a client; the same for Nexus ERP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from tools.sandbox import Company, NexusSandbox, Organisation, Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.sandbox.server import Server


class Asking:
    """Asks a server."""

    def __init__(self, sandbox: Server) -> None:
        self.url = sandbox.url
        self.root = f"http://127.0.0.1:{sandbox.port}"
        self.session = requests.Session()
        self.session.trust_env = False

    def get(
        self, path: str, headers: dict[str, str | None] | None = None, **query: Any
    ) -> requests.Response:
        return self.session.get(
            self.url + path, params=query, headers=headers, timeout=10, allow_redirects=False
        )

    def control(self, method: str, path: str, body: Any = None) -> requests.Response:
        return self.session.request(method, f"{self.root}/sandbox{path}", json=body, timeout=10)


class Client(Asking):
    """Asks a sandbox, with the default key unless told otherwise."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self.session.headers["x-api-key"] = sandbox.api_key
        self.session.headers["rotor-api-version"] = "1.1.0"

    def post(self, path: str, body: Any) -> requests.Response:
        return self.session.post(self.url + path, json=body, timeout=10)

    def page(self, path: str, **query: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert body["status"] == "success"
        assert list(body) == ["data", "pagination", "status"]
        return body["data"], body["pagination"]

    def ids(self, path: str, **query: Any) -> list[str]:
        return [row["id"] for row in self.page(path, limit=1000, **query)[0]]


class NexusClient(Asking):
    """Asks the stand-in for Nexus ERP for leads."""

    def __init__(self, nexus: NexusSandbox) -> None:
        super().__init__(nexus)
        self.session.headers["authorization"] = f"Bearer {nexus.api_key}"

    def leads(self, **query: Any) -> requests.Response:
        return self.get("/leads", **query)

    def page(self, **query: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        answer = self.leads(**query)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert list(body) == ["data", "pagination"]
        return body["data"], body["pagination"]

    def ids(self, **query: Any) -> list[str]:
        return [row["id"] for row in self.page(pageSize=100, **query)[0]]


@pytest.fixture
def company() -> Company:
    return Company(leads=60)


@pytest.fixture
def sandbox(company: Company) -> Iterator[Sandbox]:
    with Sandbox(company) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    made = Client(sandbox)
    yield made
    made.session.close()


@pytest.fixture
def organisation() -> Organisation:
    return Organisation(leads=60)


@pytest.fixture
def nexus(organisation: Organisation) -> Iterator[NexusSandbox]:
    with NexusSandbox(organisation) as running:
        yield running


@pytest.fixture
def nexus_client(nexus: NexusSandbox) -> Iterator[NexusClient]:
    made = NexusClient(nexus)
    yield made
    made.session.close()
