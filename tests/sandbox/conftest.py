"""A small company, a server of it, and a client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from sandbox import Company, Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator


class Client:
    """Asks a sandbox, with the default key unless told otherwise."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.url = sandbox.url
        self.root = sandbox.url.removesuffix("/open-api")
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["x-api-key"] = sandbox.api_key
        self.session.headers["rotor-api-version"] = "1.1.0"

    def get(
        self, path: str, headers: dict[str, str | None] | None = None, **query: Any
    ) -> requests.Response:
        return self.session.get(
            self.url + path, params=query, headers=headers, timeout=10, allow_redirects=False
        )

    def post(self, path: str, body: Any) -> requests.Response:
        return self.session.post(self.url + path, json=body, timeout=10)

    def control(self, method: str, path: str, body: Any = None) -> requests.Response:
        return self.session.request(method, f"{self.root}/sandbox{path}", json=body, timeout=10)

    def page(self, path: str, **query: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert body["status"] == "success"
        assert list(body) == ["data", "pagination", "status"]
        return body["data"], body["pagination"]

    def ids(self, path: str, **query: Any) -> list[str]:
        return [row["id"] for row in self.page(path, limit=1000, **query)[0]]


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
