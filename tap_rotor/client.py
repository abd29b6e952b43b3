"""The Rotor API: its address, headers and authenticator, and what its errors say."""

from __future__ import annotations

import re
import typing as t

from singer_sdk.authenticators import APIKeyAuthenticator

from paged_rest.http import Api, ErrorBody, ScopesEndpoint

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

API_VERSION = "1.1.0"


def authenticator(key: str) -> APIKeyAuthenticator:
    """Return what puts the key into each request."""
    return APIKeyAuthenticator(key="x-api-key", value=key, location="header")


def parse_error(body: Mapping[str, t.Any]) -> ErrorBody:
    """Return what an error says: `{status, error_code, message, errors}`."""
    code, errors = body.get("error_code"), body.get("errors")
    key_lacks = None
    if code == "INSUFFICIENT_SCOPE":
        scope = re.search(r"'([a-z_-]+:[a-z]+)'", str(body.get("message", "")))
        key_lacks = f"the scope {scope[1] if scope else 'that it needs'}"
    return ErrorBody(
        key_lacks=key_lacks,
        code=code if isinstance(code, str) and re.fullmatch("[A-Z_]{1,60}", code) else None,
        quota_spent=code == "RATE_LIMIT_EXCEEDED",
        fields=[
            error.get("field")
            for error in (errors if isinstance(errors, list) else [])
            if isinstance(error, dict)
        ],
    )


def parse_scopes(body: Mapping[str, t.Any]) -> Iterable[str]:
    """Return the scopes of the key, as `/auth/test` tells them."""
    scopes = body.get("scopes")
    return [s for s in scopes if isinstance(s, str)] if isinstance(scopes, list) else []


def parse_owner(body: Mapping[str, t.Any]) -> str | None:
    """Return the id of the company that the key belongs to, as `/auth/test` tells it."""
    company = body.get("company_id")
    return company if isinstance(company, str) else None


def parse_version(body: Mapping[str, t.Any]) -> str | None:
    """Return the version that answers, as `/auth/test` tells it."""
    version = body.get("rotor_api_version")
    return version if isinstance(version, str) else None


ROTOR = Api(
    name="Rotor",
    url_base="https://api.getrotor.com/open-api",
    key_owner="Rotor company",
    key_origin="Rotor under Settings, Integrations",
    authenticator=authenticator,
    http_headers={"rotor-api-version": API_VERSION},
    version=API_VERSION,
    parse_error=parse_error,
    scopes=ScopesEndpoint(
        path="/auth/test", parse=parse_scopes, owner=parse_owner, version=parse_version
    ),
    page="page",
    page_size="limit",
    total="total",
    has_more="has_more",
    success={"status": "success"},
    largest_page=1000,
    requests_a_day=1000,
)
