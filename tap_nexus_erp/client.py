"""The Nexus ERP API: headers, names in its answers, and what its errors say."""

from __future__ import annotations

import typing as t

from paged_rest.http.api import Api, Fault

if t.TYPE_CHECKING:
    from collections.abc import Mapping


def _headers(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def _fault(body: Mapping[str, t.Any]) -> Fault:
    """Return what an error says: `{error}`, a text without a code."""
    if not isinstance(body.get("error"), str):
        return Fault()
    return Fault(key_lacks="the scope leads.read, or its organisation the feature DEVELOPER_API")


NEXUS_ERP = Api(
    name="Nexus ERP",
    url="https://erp.example.com/api/v1",
    url_is_example=True,
    key_owner="Nexus ERP organisation",
    key_origin="Nexus ERP under Dashboard, Developer",
    headers=_headers,
    fault=_fault,
    page="page",
    size="pageSize",
    total="total",
    more="hasNextPage",
    largest_page=100,
)
