"""`POST /leads` and `POST /customers`: match, merge, create."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

from tools.sandbox.answers import VALIDATION, Answer, Refusal, error
from tools.sandbox.company import BILLING, PARTS, Company
from tools.sandbox.rows import Level, Record, decode, encode

if TYPE_CHECKING:
    from tools.sandbox.switches import Switches

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")

Check = Callable[[object], str | None]
# What a new row has where the body says nothing. The rest of a lead is null.
NEW_LEAD: Record = {
    **dict.fromkeys(("assigned_to", "email", "follow_up_date", "lead_source")),
    **dict.fromkeys(("location", "notes", "phone", "priority", "projected_value")),
    **{f"property_{part}": None for part in PARTS},
    **dict.fromkeys(("service_type", "value_score")),
    "name": "",
    "stage": "New",
    "tags": [],
}
NEW_CUSTOMER: Record = {
    **dict.fromkeys(("company_name", "email", "first_name", "last_name"), ""),
    **dict.fromkeys(("phone", "source"), ""),
    "address": {**dict.fromkeys(PARTS, ""), "street2": None},
    "location": None,
    "notes": None,
    "status": "active",
    "tags": [],
}


def upsert(company: Company, list_name: str, body: bytes, switches: Switches) -> Answer:
    """Update the row that the body matches, or make one.

    Matching: `id`; without it `phone`, then `email`. Raises `Refusal`.
    """
    given = _read(list_name, body)
    with company.changing():
        if list_name == "leads":
            _check_stage(company, given, switches.upsert_unknown_stage)
        plain = switches.upsert_contacts == "plain"
        if plain:
            given |= {name: _plain(given[name]) for name in ("phone", "email") if given.get(name)}
        found = _match(company, list_name, given, plain=plain)
        if found is None and "id" in given:
            if switches.upsert_unknown_id == "404":
                raise Refusal(error(404))
            if switches.upsert_unknown_id == "create_anew":
                del given["id"]
        if switches.upsert_null == "ignore":
            given = {name: value for name, value in given.items() if value is not None}
        fields = _fields(list_name, given, found)
        if found is None:
            new: Record = dict(NEW_LEAD if list_name == "leads" else NEW_CUSTOMER)
            if list_name == "leads":
                new["lead_source"] = switches.upsert_default_source
            (row,) = company.insert(list_name, **{**new, **fields})
        else:
            row = company.edit(list_name, found["id"], **fields)
        hidden = company.hidden(list_name, row["id"])
    status, done = (201, "created") if found is None else (200, "updated")
    if list_name == "leads":
        answer = _lead(row, f"Lead {done} successfully")
    else:
        answer = _customer(row, hidden, f"Customer {done} successfully")
    return Answer(encode(answer), status)


def _check_stage(company: Company, given: Record, unknown: str) -> None:
    """Do what the switch says with a stage that no lead has."""
    stage = given.get("stage")
    if unknown == "take" or stage is None or stage in company.stages:
        return
    if unknown == "refuse":
        problem = {"field": "stage", "message": "Unknown stage"}
        raise Refusal(error(400, VALIDATION, errors=[problem]))
    del given["stage"]


def _plain(value: str) -> str:
    """Return an e-mail in lower case, a phone as its digits."""
    return value.lower() if "@" in value else re.sub(r"\D", "", value)


def _read(list_name: str, body: bytes) -> Record:
    """Return the known fields of the body; refuse what has a wrong type."""
    try:
        given = decode(body or b"{}")
    except ValueError:
        given = None
    if not isinstance(given, dict):
        problem = {"field": "body", "message": "Expected a JSON object"}
        raise Refusal(error(400, VALIDATION, errors=[problem]))
    known = {name: value for name, value in given.items() if name in CHECKS[list_name]}
    found = {name: CHECKS[list_name][name](value) for name, value in known.items()}
    problems = [{"field": name, "message": message} for name, message in found.items() if message]
    if problems:
        raise Refusal(error(400, VALIDATION, errors=problems))
    return known


# Each check returns what is wrong with a value, or None.


def _text(value: object) -> str | None:
    return None if value is None or isinstance(value, str) else "Expected string"


def _uuid(value: object) -> str | None:
    try:
        UUID(str(value))
    except ValueError:
        return "Invalid uuid"
    return None


def _email(value: object) -> str | None:
    wrong = isinstance(value, str) and not EMAIL.fullmatch(value)
    return "Invalid email format" if wrong else _text(value)


def _number(value: object) -> str | None:
    fine = value is None or (isinstance(value, int | float) and not isinstance(value, bool))
    return None if fine else "Expected number"


def _boolean(value: object) -> str | None:
    return None if isinstance(value, bool) else "Expected boolean"


def _texts(value: object) -> str | None:
    fine = isinstance(value, list) and all(isinstance(text, str) for text in value)
    return None if fine else "Expected array of string"


def _one_of(*choices: str) -> Check:
    message = f"Expected one of: {', '.join(choices)}"
    return lambda value: None if value is None or value in choices else message


CHECKS: dict[str, dict[str, Check]] = {
    "leads": {
        **dict.fromkeys(("follow_up_date", "name", "notes", "phone"), _text),
        **dict.fromkeys(("service_type", "source", "stage"), _text),
        **{f"address_{part}": _text for part in PARTS},
        "id": _uuid,
        "email": _email,
        "priority": _one_of("low", "medium", "high"),
        "projected_value": _number,
        "tags": _texts,
    },
    "customers": {
        **dict.fromkeys(("company_name", "first_name", "last_name", "notes", "phone"), _text),
        **dict.fromkeys(("service_frequency", "service_type", "source", *BILLING), _text),
        **{f"property_{part}": _text for part in PARTS},
        "id": _uuid,
        "billing_same_as_property": _boolean,
        "email": _email,
        "status": _one_of("active", "inactive"),
        "tags": _texts,
    },
}


def _match(company: Company, list_name: str, given: Record, *, plain: bool) -> Record | None:
    if "id" in given:
        return company.row(list_name, given["id"])
    everything = company.lists[list_name].order(Level.FULL)
    for name in ("phone", "email"):
        value = given.get(name)
        if not value:
            continue
        written = encode(value)
        for row in everything:
            # Most rows need no decoding to see that they are another's.
            if plain or written in row.data:
                record = row.decoded()
                other = record.get(name)
                if other and (_plain(other) if plain else other) == value:
                    return record
    return None


def _fields(list_name: str, given: Record, found: Record | None) -> Record:
    """Return the fields of the row that the body's fields become."""
    fields: Record = {}
    address: Record = dict((found or NEW_CUSTOMER).get("address") or {})
    for name, value in given.items():
        if name == "tags":
            old = (found or {}).get("tags") or []
            fields["tags"] = [*old, *(tag for tag in value if tag not in old)]
        elif list_name == "leads":
            known = "lead_source" if name == "source" else name.replace("address_", "property_")
            fields[known] = value
        elif name.startswith("property_"):
            address[name.removeprefix("property_")] = value
            fields["address"] = address
        else:
            fields[name] = value
    return fields


def _lead(row: Record, message: str) -> Record:
    """Write a lead as the POST answers it: flat, with both sets of names."""
    return {
        **row,
        **{f"address_{part}": row[f"property_{part}"] for part in PARTS},
        "message": message,
        "source": row["lead_source"],
        "status": "success",
    }


def _customer(row: Record, hidden: Record, message: str) -> Record:
    """Write a customer as the POST answers it; `status` is the customer's."""
    address = row["address"]
    names = ("id", "company_name", "created_at", "email", "first_name", "last_name")
    kept = (*BILLING, "service_frequency", "service_type")
    return {
        **{name: row[name] for name in names},
        **{name: row[name] for name in ("notes", "phone", "source", "status", "tags")},
        **{f"property_{part}": address.get(part) for part in PARTS},
        **{name: hidden.get(name) for name in kept},
        "billing_same_as_property": hidden.get("billing_same_as_property", True),
        "message": message,
    }
