"""dlt's REST source for one list of the API, as its documentation configures one."""

from __future__ import annotations

import argparse
import typing as t

import dlt
from dlt.sources.rest_api import rest_api_source

# What becomes of the rows: how far dlt goes, into what, and how it writes there.
WAYS: dict[str, tuple[str | None, str]] = {
    "extract": (None, "append"),
    "jsonl": ("filesystem", "append"),
    "append": ("postgres", "append"),
    "merge": ("postgres", "merge"),
}


def source(url: str, key: str, way: str, *, archived: str, incremental: bool) -> t.Any:
    """Return the source with its one resource."""
    endpoint: dict[str, t.Any] = {
        "path": "leads",
        "params": {"limit": 1000, "archived": archived},
        "data_selector": "data",
        "paginator": {
            "type": "page_number",
            "base_page": 1,
            "total_path": None,
            "has_more_path": "pagination.has_more",
        },
    }
    if incremental:
        # Newest first and no filter in the API: dlt stops at the first row that it knows.
        endpoint["incremental"] = {
            "cursor_path": "created_at",
            "initial_value": "2000-01-01T00:00:00Z",
            "row_order": "desc",
        }
    return rest_api_source(
        {
            "client": {
                "base_url": f"{url}/",
                "auth": {"type": "api_key", "name": "x-api-key", "api_key": key},
            },
            "resources": [
                {
                    "name": "leads",
                    "primary_key": "id",
                    "write_disposition": WAYS[way][1],
                    "endpoint": endpoint,
                }
            ],
        }
    )


def main() -> None:
    """Read all leads; credentials come from the environment, as dlt documents."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("key")
    parser.add_argument("directory", help="where dlt keeps its pipelines")
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("--dataset", default="dlt")
    parser.add_argument("--archived", default="true", help="true: archived leads too")
    parser.add_argument("--incremental", action="store_true")
    options = parser.parse_args()
    leads = source(
        options.url,
        options.key,
        options.way,
        archived=options.archived,
        incremental=options.incremental,
    )
    pipeline = dlt.pipeline(
        "leads",
        pipelines_dir=options.directory,
        destination=WAYS[options.way][0],
        dataset_name=options.dataset,
    )
    if options.way == "extract":
        pipeline.extract(leads)
    else:
        pipeline.run(leads)


if __name__ == "__main__":
    main()
