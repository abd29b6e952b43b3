"""`POST /leads` and `POST /customers`: match, merge, create (sections 4.4 and 4.5)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tools.sandbox.answers import VALIDATION, Answer, Problem, Refusal, error
from tools.sandbox.company import BILLING, Company
from tools.sandbox.rows import Level, Record, decode, encode

if TYPE_CHECKING:
    from collections.abc import Callable


PARTS = ("city", "country", "state", "street1", "street2", "zip")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")

LEAD_TEXTS = (
    *("id", "email", "follow_up_date", "name", "notes", "phone", "priority"),
    *("service_type", "source", "stage"),
    *(f"address_{part}" for part in PARTS),
)
CUSTOMER_TEXTS = (
    *("id", "company_name", "email", "first_name", "last_name", "notes", "phone"),
    *("service_frequency", "service_type", "source", "status"),
    *BILLING,
    *(f"property_{part}" for part in PARTS),
)
TEXTS = {"leads": LEAD_TEXTS, "customers": CUSTOMER_TEXTS}
CHOICES = {
    ("leads", "priority"): ("low", "medium", "high"),
    ("customers", "status"): ("active", "inactive"),
}
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


def upsert(company: Company, list_name: str, body: bytes) -> Answer:
    """Update the row that the body matches, or make one.

    Matching: `id`; without it `phone`, then `email`. Raises `Refusal`, also for an `id`
    that no row has.
    """
    given = _read(list_name, body)
    with company.changing():
        found = _match(company, list_name, given)
        if found is None and "id" in given:
            raise Refusal(error(404))
        fields = _fields(list_name, given, found)
        if found is None:
            new = NEW_LEAD if list_name == "leads" else NEW_CUSTOMER
            (row,) = company.insert(list_name, **{**new, **fields})
        else:
            row = company.edit(list_name, found["id"], **fields)
        hidden = company.hidden(list_name, row["id"])
    created = found is None
    if list_name == "leads":
        answer = _lead(row, created=created)
    else:
        answer = _customer(row, hidden, created=created)
    return Answer(encode(answer), 201 if created else 200)


def _read(list_name: str, body: bytes) -> Record:
    """Return the known fields of the body; refuse what has a wrong type."""
    problems: list[Problem] = []
    try:
        given = decode(body or b"{}")
    except ValueError:
        given = None
    if not isinstance(given, dict):
        given = {}
        problems.append({"field": "body", "message": "Expected a JSON object"})
    known: Record = {}
    for name, value in given.items():
        message = _problem(list_name, name, value)
        if message is None:
            known[name] = value
        elif message:
            problems.append({"field": name, "message": message})
    if problems:
        raise Refusal(error(400, VALIDATION, errors=problems))
    return known


def _problem(list_name: str, name: str, value: Any) -> str | None:
    """Tell what is wrong with a value: None nothing, "" that the field is unknown."""
    if name in TYPES[list_name]:
        expected, fine = TYPES[list_name][name]
        return None if fine(value) else f"Expected {expected}"
    if name not in TEXTS[list_name]:
        return ""
    if value is None and name != "id":
        return None
    if not isinstance(value, str):
        return "Expected string"
    return _text_problem(list_name, name, value)


def _text_problem(list_name: str, name: str, value: str) -> str | None:
    if name == "id" and not _is_uuid(value):
        return "Invalid uuid"
    if name == "email" and not EMAIL.fullmatch(value):
        return "Invalid email format"
    choices = CHOICES.get((list_name, name))
    if choices and value not in choices:
        return f"Expected one of: {', '.join(choices)}"
    return None


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _is_boolean(value: object) -> bool:
    return isinstance(value, bool)


# The fields that are no texts: what is expected, and whether it is that.
TYPES: dict[str, dict[str, tuple[str, Callable[[object], bool]]]] = {
    "leads": {
        "tags": ("array of string", _are_texts),
        "projected_value": ("number", _is_number),
    },
    "customers": {
        "tags": ("array of string", _are_texts),
        "billing_same_as_property": ("boolean", _is_boolean),
    },
}


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _match(company: Company, list_name: str, given: Record) -> Record | None:
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
            if written in row.data:
                record = row.decoded()
                if record.get(name) == value:
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
            fields[_lead_field(name)] = value
        elif name.startswith("property_"):
            address[name.removeprefix("property_")] = value
            fields["address"] = address
        else:
            fields[name] = value
    return fields


def _lead_field(name: str) -> str:
    if name == "source":
        return "lead_source"
    return name.replace("address_", "property_", 1)


def _message(what: str, *, created: bool) -> str:
    return f"{what} {'created' if created else 'updated'} successfully"


def _lead(row: Record, *, created: bool) -> Record:
    """Write a lead as the POST answers it: flat, with both sets of names."""
    return {
        **row,
        **{f"address_{part}": row[f"property_{part}"] for part in PARTS},
        "message": _message("Lead", created=created),
        "source": row["lead_source"],
        "status": "success",
    }


def _customer(row: Record, hidden: Record, *, created: bool) -> Record:
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
        "message": _message("Customer", created=created),
    }
