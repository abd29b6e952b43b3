"""What Nexus ERP says when something is wrong: `{"error": "<text>"}`."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from tools.sandbox.answers import Answer
from tools.sandbox.rows import encode

if TYPE_CHECKING:
    from collections.abc import Mapping

# The texts are not documented.
MESSAGES = {
    401: "Invalid or missing API key",
    403: "Missing required scope: leads.read",
    404: "Not found",
    500: "Internal server error",
}


def error(
    status: int,
    message: str | None = None,
    *,
    code: bool = True,  # noqa: ARG001 - this API has no error codes
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Make an error answer."""
    text = message or MESSAGES.get(status) or HTTPStatus(status).phrase
    return Answer(encode({"error": text}), status, headers)
