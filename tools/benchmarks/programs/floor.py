"""The floor: requests, orjson and a RECORD line per lead, one page after another; nothing else."""

from __future__ import annotations

import argparse
import sys
import typing as t

import orjson
import requests


def main() -> None:
    """Print all leads of the API at an address."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("key")
    parser.add_argument("--archived", default="true", help="true: archived leads too")
    options = parser.parse_args()
    out, dumps = sys.stdout.buffer, orjson.dumps
    with requests.Session() as session:
        session.headers["x-api-key"] = options.key
        page: dict[str, t.Any] = {"pagination": {"has_more": True}}
        number = 0
        while page["pagination"]["has_more"]:
            number += 1
            answer = session.get(
                f"{options.url}/leads",
                params={"page": str(number), "limit": "1000", "archived": options.archived},
                timeout=60,
            )
            answer.raise_for_status()
            page = orjson.loads(answer.content)
            for lead in page["data"]:
                out.write(dumps({"type": "RECORD", "stream": "leads", "record": lead}) + b"\n")
    out.flush()


if __name__ == "__main__":
    main()
