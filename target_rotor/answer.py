"""What Rotor's answer to a row means, in the words of its receipt."""

from __future__ import annotations

import typing as t
from http import HTTPStatus

from paged_rest import errors
from paged_rest.http import broken, error_for
from tap_rotor.client import ROTOR
from target_rotor.fields import compare

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from paged_rest.http import Client, Response
    from target_rotor.plan import Wish

CREATED, UPDATED, UNCHANGED, REFUSED = "created", "updated", "unchanged", "refused"

_REFUSALS = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)
UNKNOWN_ID = "id is unknown to Rotor"
# The statuses that say something of the row; others are about the run.
ANSWERS = (HTTPStatus.OK, HTTPStatus.CREATED, *_REFUSALS)


def read_answer(row: Wish, response: Response, client: Client) -> dict[str, t.Any]:
    """Return what a response says of a row.

    Raises:
        TapError: It says nothing of the row.
    """
    body = response.body
    if response.status in _REFUSALS:
        error = error_for(response, ROTOR)
        is_missing = isinstance(error, errors.NotFound) and client.recognised
        fields = _fields(body or {})
        if not is_missing and not fields:
            # Not about this row: the next may well be answered the same.
            raise error
        wrong = [UNKNOWN_ID] if is_missing else [f"{f} is rejected" for f in fields]
        return {"outcome": REFUSED, "status": response.status, "reason": ", ".join(wrong)}
    if body is None or body.get("status") == "error":
        raise broken(response, "without what was written")
    changed, ignored = compare(row.stream, row.sent, body)
    outcome = CREATED if response.status == HTTPStatus.CREATED else UPDATED
    if outcome == UPDATED and len(changed) + len(ignored) == len(row.sent.keys() - {"id"}):
        outcome = UNCHANGED
    shown = body.get("id")
    return {
        "outcome": outcome,
        "status": response.status,
        "rotor_id": shown if isinstance(shown, str) else row.sent.get("id"),
        "fields_changed": names(changed),
        "fields_ignored": names(ignored),
    }


def _fields(body: Mapping[str, t.Any]) -> list[str]:
    """Return the fields that Rotor objects to, as far as they are names."""
    return [name for name in map(str, ROTOR.parse_error(body).fields) if name.isidentifier()]


def names(fields: Iterable[str]) -> str | None:
    """Return names of fields as a receipt has them."""
    return ", ".join(sorted(fields)) or None
