"""What the API says in its own words: error bodies, as documented."""

from __future__ import annotations

import gzip
from email.utils import format_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.responses import Response

from tools.sandbox.rows import encode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

Problem = dict[str, str]

VALIDATION = "Validation failed"
MESSAGES = {
    401: "Authentication required. Provide x-api-key header.",
    403: "Forbidden: required scope 'leads:read' not granted for this API key",
    404: "Not found",
    429: "Daily API key request limit of 1000 exceeded",
    500: "Internal server error",
}
ERROR_CODES = {
    401: "AUTHENTICATION_REQUIRED",
    403: "INSUFFICIENT_SCOPE",
    429: "RATE_LIMIT_EXCEEDED",
}
GZIP_LEVEL = 6


class Answer(Response):
    """A JSON answer."""

    media_type = "application/json"


class Refusal(Exception):
    """Raised to end a request with an error; holds the answer."""

    def __init__(self, answer: Answer) -> None:
        """Hold `answer`."""
        super().__init__(answer.status_code)
        self.answer = answer


def error(
    status: int,
    message: str | None = None,
    *,
    code: bool = True,
    errors: Sequence[Problem] = (),
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Make an error answer; `code` false leaves the documented `error_code` out."""
    if message is None:
        message = MESSAGES.get(status) or HTTPStatus(status).phrase
    body: dict[str, object] = {"status": "error", "message": message}
    if code and status in ERROR_CODES:
        body["error_code"] = ERROR_CODES[status]
    if errors:
        body["errors"] = list(errors)
    return Answer(encode(body), status, headers)


def http_date(moment: datetime) -> str:
    """Write a time as headers do, in seconds."""
    return format_datetime(moment, usegmt=True)


def compress(body: bytes) -> bytes:
    """Compress for `Content-Encoding: gzip`; same bytes in, same bytes out."""
    return gzip.compress(body, GZIP_LEVEL, mtime=0)
