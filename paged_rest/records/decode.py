"""From the bytes of a JSON text to values: numbers exact, strings fit for every target."""

from __future__ import annotations

import codecs
import json
import re
import typing as t
from decimal import Decimal

import msgspec

# PostgreSQL holds far larger numbers, but not without end; no amount or count comes near.
MOST_DIGITS = 100

_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:+-]+)""", re.IGNORECASE)
# UTF-32 comes first, as its mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_decoder = msgspec.json.Decoder(float_hook=Decimal)


def as_utf8(body: bytes, content_type: str) -> bytes:
    """Return a text in UTF-8: by its byte order mark, else by the charset of its Content-Type.

    A charset that is unknown, or is not that of the text, is not believed: many servers declare
    ISO-8859-1 of whatever they send, and hardly a text in it reads as UTF-8 too.
    """
    declared = _CHARSET.search(content_type)
    charset = declared[1].lower() if declared else "utf-8"
    marked = next((name for mark, name in _MARKS if body.startswith(mark)), None)
    charset = marked or charset
    if charset in {"utf-8", "utf8"} or (marked is None and _is_utf8(body)):
        return body
    try:
        return body.decode(charset).encode()
    except (LookupError, ValueError):
        return body


def _is_utf8(body: bytes) -> bool:
    """Whether a JSON text is in UTF-8: in UTF-16 and UTF-32 it holds NUL."""
    try:
        return "\0" not in body.decode()
    except UnicodeDecodeError:
        return False


def decode_json(body: bytes) -> t.Any:
    """Return what a JSON text says: numbers exact, every string fit for every target.

    NUL and lone surrogates, which databases refuse, become U+FFFD, in keys and values.

    Raises:
        ValueError: The text is not JSON.
    """
    try:
        try:
            value = _decoder.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            # The standard library reads what msgspec refuses: lone surrogates, NaN, stray bytes.
            text = body.decode("utf-8", errors="replace")
            value = json.loads(text, parse_float=Decimal, parse_int=_integer, parse_constant=str)
            return _clean(value)
        return _clean(value) if b"\\u0000" in body else value
    except RecursionError:
        message = "nested too deeply"
        raise ValueError(message) from None


def _integer(digits: str) -> int | str:
    # Python refuses to read integers of more than 4,300 digits.
    return int(digits) if len(digits) <= MOST_DIGITS else digits


def _clean(value: t.Any) -> t.Any:
    if isinstance(value, str):
        return (
            value.replace("\0", "\ufffd")
            .encode("utf-16", "surrogatepass")
            .decode("utf-16", "replace")
        )
    if isinstance(value, dict):
        return {_clean(name): _clean(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return value
