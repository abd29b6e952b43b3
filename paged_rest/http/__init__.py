"""Requests to an API, and what its responses mean."""

from paged_rest.http.api import Api, ErrorBody, ScopesEndpoint
from paged_rest.http.client import Client
from paged_rest.http.page import PageReader
from paged_rest.http.response import Response, broken
from paged_rest.http.status import advice, error_for

__all__ = [
    "Api",
    "Client",
    "ErrorBody",
    "PageReader",
    "Response",
    "ScopesEndpoint",
    "advice",
    "broken",
    "error_for",
]
