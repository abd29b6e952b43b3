"""The fields that can be written, how each is checked, and whether Rotor took it.

No reason carries a value: it may be somebody's.
"""

from __future__ import annotations

import json
import math
import re
import typing as t
import uuid
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from paged_rest.timestamps import calendar_date, timestamp

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

PARTS = ("city", "country", "state", "street1", "street2", "zip")
# As public clients of the API have it; the others are a guess, large enough for any name.
LONGEST = {"notes": 2000, "service_type": 100}
LONGEST_OTHER = 500

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_DATE_LENGTH = 10
_UNSENDABLE = re.compile("[\x00\ud800-\udfff]")


class Refused(Exception):
    """A value cannot be sent; the argument says why, in words that follow the field's name."""


def _refuse(why: str) -> t.NoReturn:
    raise Refused(why) from None


@dataclass(frozen=True)
class Field:
    """A field that can be written.

    Attributes:
        sent_as: Its name in the API's request and response.
        read: Makes what is sent of a value; raises `Refused`.
        same: Whether what Rotor shows is what was sent.
        clearable: Whether a null can be sent.
    """

    sent_as: str
    read: Callable[[t.Any], t.Any]
    same: Callable[[t.Any, t.Any], bool]
    clearable: bool = True


def _text(longest: int) -> Callable[[t.Any], str]:
    def read(value: t.Any) -> str:
        if not isinstance(value, str):
            _refuse("is no text")
        if _UNSENDABLE.search(value):
            _refuse("holds NUL or half a character")
        if len(value) > longest:
            _refuse(f"is longer than {longest:,} characters")
        return value

    return read


def _id(value: t.Any) -> str:
    try:
        return str(uuid.UUID(_text(LONGEST_OTHER)(value)))
    except ValueError:
        _refuse("is no UUID")


def _email(value: t.Any) -> str:
    text = _text(LONGEST_OTHER)(value).strip()
    if not _EMAIL.fullmatch(text):
        _refuse("is no e-mail address")
    return text


def _phone(value: t.Any) -> str:
    text = _text(LONGEST_OTHER)(value).strip()
    if not digits(text):
        _refuse("holds no digit")
    return text


def _number(value: t.Any) -> int | float | Decimal:
    if isinstance(value, str):
        # As taps send decimals that no float holds.
        try:
            value = Decimal(value)
        except InvalidOperation:
            _refuse("is no number")
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        _refuse("is no number")
    if not math.isfinite(value):
        _refuse("is no finite number")
    return value


def _date(value: t.Any) -> str:
    text = _text(LONGEST_OTHER)(value)
    try:
        return calendar_date(text) if len(text) == _DATE_LENGTH else timestamp(text)
    except ValueError:
        _refuse("is no ISO 8601 date or moment")


def _boolean(value: t.Any) -> bool:
    if not isinstance(value, bool):
        _refuse("is neither true nor false")
    return value


def _tags(value: t.Any) -> list[str]:
    if isinstance(value, str) and value.startswith("["):
        # As taps of warehouses without arrays send one.
        try:
            value = json.loads(value)
        except ValueError:
            _refuse("is no list of texts")
    if not isinstance(value, list):
        _refuse("is no list of texts")
    read = _text(LONGEST_OTHER)
    return [read(tag) for tag in value]


def _one_of(*choices: str) -> Callable[[t.Any], str]:
    def read(value: t.Any) -> str:
        if value not in choices:
            _refuse(f"is none of {', '.join(choices)}")
        return str(value)

    return read


# Whether what Rotor shows is what was sent.


def _equal(sent: t.Any, shown: t.Any) -> bool:
    return bool(sent == shown)


def _same_digits(sent: str, shown: t.Any) -> bool:
    return digits(sent) == digits(str(shown))


def _same_letters(sent: str, shown: t.Any) -> bool:
    return sent.casefold() == str(shown).casefold()


def _same_number(sent: t.Any, shown: t.Any) -> bool:
    try:
        return Decimal(str(sent)) == Decimal(str(shown))
    except InvalidOperation:
        return False


def _same_moment(sent: str, shown: t.Any) -> bool:
    if len(sent) == _DATE_LENGTH:
        return str(shown)[:_DATE_LENGTH] == sent
    try:
        return timestamp(str(shown)) == sent
    except ValueError:
        return False


def _among(sent: list[str], shown: t.Any) -> bool:
    return isinstance(shown, list) and set(sent) <= set(map(str, shown))


def digits(phone: str) -> str:
    """Return the digits of a phone number."""
    return re.sub(r"\D", "", phone)


def _texts(*names: str) -> dict[str, Field]:
    return {name: Field(name, _text(LONGEST.get(name, LONGEST_OTHER)), _equal) for name in names}


_COMMON = {
    "id": Field("id", _id, _same_letters, clearable=False),
    "email": Field("email", _email, _same_letters),
    "phone": Field("phone", _phone, _same_digits),
    "tags": Field("tags", _tags, _among, clearable=False),
    **_texts("notes", "service_type", "source"),
}
WRITABLE: dict[str, dict[str, Field]] = {
    "leads": {
        **_COMMON,
        **_texts("name", "stage", *(f"address_{part}" for part in PARTS)),
        # As the tap names them.
        "lead_source": _COMMON["source"],
        **{f"property_{part}": _texts(f"address_{part}")[f"address_{part}"] for part in PARTS},
        "follow_up_date": Field("follow_up_date", _date, _same_moment),
        "priority": Field("priority", _one_of("low", "medium", "high"), _equal),
        "projected_value": Field("projected_value", _number, _same_number),
    },
    "customers": {
        **_COMMON,
        **_texts("company_name", "first_name", "last_name", "service_frequency"),
        **_texts(*(f"{kind}_{part}" for kind in ("billing", "property") for part in PARTS)),
        # As the tap names them, where `address` is flattened.
        **{f"address_{part}": _texts(f"property_{part}")[f"property_{part}"] for part in PARTS},
        "billing_same_as_property": Field(
            "billing_same_as_property", _boolean, _equal, clearable=False
        ),
        "status": Field("status", _one_of("active", "inactive"), _equal, clearable=False),
    },
}


def read_fields(
    stream: str, record: Mapping[str, t.Any], *, write_nulls: bool
) -> tuple[dict[str, t.Any], dict[str, str]]:
    """Return what is sent of a record, by the API's names, and what is wrong with it, by its own.

    Args:
        stream: `leads` or `customers`.
        record: The record as the tap sends it.
        write_nulls: Whether a null and an empty text are sent.
    """
    known = WRITABLE[stream]
    sent: dict[str, t.Any] = {}
    wrong: dict[str, str] = {}
    for name, value in _flat(record):
        field = known.get(name)
        if value is None or value == "":
            if field and field.clearable and write_nulls:
                sent.setdefault(field.sent_as, None)
            continue
        if field is None:
            wrong[name] = "cannot be written"
            continue
        try:
            made = field.read(value)
        except Refused as refused:
            wrong[name] = str(refused)
            continue
        if sent.get(field.sent_as) not in (None, made):
            wrong[name] = "is there twice, with two values"
        sent[field.sent_as] = made
    return sent, wrong


def _flat(record: Mapping[str, t.Any]) -> Iterator[tuple[str, t.Any]]:
    """Yield the fields of a record, those of a customer's address each by itself."""
    for name, value in record.items():
        if name == "address" and isinstance(value, dict):
            yield from ((f"address_{part}", inner) for part, inner in value.items())
        elif not name.startswith("_"):
            # Columns of the target that loaded the table, and our own.
            yield name, value


def compare(
    stream: str, sent: Mapping[str, t.Any], shown: Mapping[str, t.Any]
) -> tuple[list[str], list[str]]:
    """Return the fields of which Rotor shows another value than was sent, and those it ignored.

    Args:
        stream: `leads` or `customers`.
        sent: What was sent.
        shown: What Rotor answered.
    """
    changed, ignored = [], []
    for name, value in sent.items():
        now = shown.get(name)
        if value is None:
            if now not in (None, ""):
                ignored.append(name)
        elif now is None or now == "":
            ignored.append(name)
        elif not WRITABLE[stream][name].same(value, now):
            changed.append(name)
    return changed, ignored
