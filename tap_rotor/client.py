"""The Rotor API: headers, names in its answers, and what its errors say."""

from __future__ import annotations

import re
import typing as t

from paged_rest.http.api import Api, Fault

if t.TYPE_CHECKING:
    from collections.abc import Mapping

API_VERSION = "1.1.0"


def _headers(key: str) -> dict[str, str]:
    return {"rotor-api-version": API_VERSION, "x-api-key": key}


def _fault(body: Mapping[str, t.Any]) -> Fault:
    code, errors = body.get("error_code"), body.get("errors")
    key_lacks = None
    if code == "INSUFFICIENT_SCOPE":
        scope = re.search(r"'([a-z_-]+:[a-z]+)'", str(body.get("message", "")))
        key_lacks = f"the scope {scope[1] if scope else 'that it needs'}"
    return Fault(
        key_lacks=key_lacks,
        quota_spent=code == "RATE_LIMIT_EXCEEDED",
        fields=[
            error.get("field")
            for error in (errors if isinstance(errors, list) else [])
            if isinstance(error, dict)
        ],
    )


ROTOR = Api(
    name="Rotor",
    url="https://api.getrotor.com/open-api",
    key_owner="Rotor company",
    key_origin="Rotor under Settings, Integrations",
    headers=_headers,
    fault=_fault,
    page="page",
    size="limit",
    total="total",
    more="has_more",
    success={"status": "success"},
    largest_page=1000,
    requests_a_day=1000,
)
