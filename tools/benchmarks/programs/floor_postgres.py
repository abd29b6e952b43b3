"""The floor of a load: requests, orjson, COPY into a temporary table, an upsert; nothing else."""

from __future__ import annotations

import argparse
import typing as t

import orjson
import psycopg
import requests

TYPES = {
    "archived": "boolean",
    "archived_at": "timestamp",
    "created_at": "timestamp",
    "location": "numeric[]",
    "projected_value": "numeric",
    "tags": "text[]",
    "value_score": "numeric",
}
TEXTS = (
    *("id", "assigned_to", "email", "follow_up_date", "lead_source", "name", "notes", "phone"),
    *("priority", "property_city", "property_country", "property_state", "property_street1"),
    *("property_street2", "property_zip", "service_type", "stage"),
)
COLUMNS = {**dict.fromkeys(TEXTS, "text"), **TYPES}


def pages(url: str, key: str) -> t.Iterator[list[dict[str, t.Any]]]:
    """Yield the leads of each page."""
    with requests.Session() as session:
        session.headers["x-api-key"] = key
        number, more = 0, True
        while more:
            number += 1
            answer = session.get(
                f"{url}/leads",
                params={"page": str(number), "limit": "1000", "archived": "true"},
                timeout=60,
            )
            answer.raise_for_status()
            page = orjson.loads(answer.content)
            more = page["pagination"]["has_more"]
            yield page["data"]


def main() -> None:
    """Load all leads of the API at an address; libpq's variables say where to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("key")
    options = parser.parse_args()
    names = ", ".join(COLUMNS)
    types = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    changes = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS)
    with psycopg.connect() as connection, connection.cursor() as cursor:
        cursor.execute("create schema if not exists floor")
        cursor.execute(f"create table if not exists floor.leads ({types}, primary key (id))")
        cursor.execute(f"create temporary table new_leads ({types})")
        with cursor.copy(f"copy new_leads ({names}) from stdin") as copy:
            for page in pages(options.url, options.key):
                for lead in page:
                    copy.write_row([lead.get(name) for name in COLUMNS])
        cursor.execute(
            f"insert into floor.leads ({names}) select {names} from new_leads"  # noqa: S608 (ours)
            f" on conflict (id) do update set {changes}"
        )


if __name__ == "__main__":
    main()
