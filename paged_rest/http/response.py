"""An HTTP response, as much of it as is needed to tell what it means."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from functools import cached_property

from paged_rest.errors import Retriable
from paged_rest.records import decode_json
from paged_rest.timestamps import before, fixed, http_date

if t.TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Response:
    """A response whose body was read to its end.

    Attributes:
        status: HTTP status code.
        headers: Header fields, case-insensitive.
        content: The body, decompressed and in UTF-8.
        path: Path of the resource below the API's address, as in `/leads`.
        host: Host that was asked.
        seconds: How long it took to come.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    path: str
    host: str
    seconds: float

    @cached_property
    def body(self) -> dict[str, t.Any] | None:
        """The JSON value of the body, or None where it is no JSON object."""
        try:
            value = decode_json(self.content)
        except ValueError:
            return None
        return value if isinstance(value, dict) else None

    @cached_property
    def date(self) -> str | None:
        """When it was made, by the server's clock, in the fixed form, or None."""
        date = http_date(self.headers.get("Date"))
        return fixed(date) if date else None

    @property
    def asked(self) -> str | None:
        """A time before the request was sent, by the server's clock, or None.

        A server states its date when it answers, which may be long after it took the rows.
        """
        return before(self.date, seconds=self.seconds) if self.date else None

    @property
    def cached(self) -> bool:
        """Whether a cache says that it has kept it for a while."""
        age = self.headers.get("Age", "").strip()
        return age.isdecimal() and int(age) > 0

    @property
    def content_type(self) -> str:
        """The media type that the response states."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip()[:80] or "none"


def broken(response: Response, what: str, *, passing: bool = False) -> Retriable:
    """Return the error for a response of a good status that does not hold what it must.

    Args:
        response: The response.
        what: What is wrong with it.
        passing: Whether the same may come several times and pass, as the page of a site that is
            closed for maintenance does.
    """
    return Retriable(
        f"{response.path} was answered with status {response.status} and content type "
        f"{response.content_type}, but {what}",
        lasting=None if passing else response.content,
    )
