"""Who is measured: each peer's command, its files, and how its rows are found afterwards.

Each is configured as its own documentation says; README.md beside this tells how.
"""

from __future__ import annotations

import abc
import gzip
import json
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from typing_extensions import override

from tools.harness import plugins
from tools.harness.project import ROOT

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PROGRAMS = Path(__file__).with_name("programs")
# dlt's name for it.
DLT_NAMES = {"user": "username"}
EXTRACTED = "pipelines/**/new_jobs/leads.*.gz"
LOADED = "bucket/dlt/leads/*.gz"


@dataclass
class Job:
    """One or several runs of a peer that share a directory.

    Attributes:
        programs: The folder of the programs of the peer's environment.
        incremental: Whether the peer is to remember what it has read.
        archived: Whether it is to read archived rows too.
        state: What the run before left, where the peer prints that.
        postgres: The connection, where there is a database to load into: host, port, user,
            password and database.
    """

    url: str
    key: str
    directory: Path
    programs: Path
    incremental: bool = False
    archived: bool = True
    state: Path | None = None
    postgres: Mapping[str, t.Any] = field(default_factory=dict, repr=False)

    @property
    def output(self) -> Path:
        """The file that takes what the command prints."""
        return self.directory / "output"

    @property
    def archived_parameter(self) -> str:
        """The value of the API's parameter for archived rows."""
        return "true" if self.archived else "false"

    def write(self, name: str, value: object) -> Path:
        """Write a file of JSON; return its path."""
        file = self.directory / name
        file.write_text(json.dumps(value), encoding="utf-8")
        return file


class Peer(abc.ABC):
    """A way to read a list of the API."""

    def __init__(self, name: str, title: str, environment: str | None) -> None:
        """Take the name for the command line, that in the table, and the requirements file."""
        self.name = name
        self.title = title
        self.environment = environment

    @abc.abstractmethod
    def command(self, job: Job) -> list[str | Path]:
        """Write the files that a run needs and return its command."""

    @abc.abstractmethod
    def ids(self, job: Job) -> Iterator[str]:
        """Yield the id of each row that the run gave, repeats too."""

    def variables(self, _job: Job) -> Mapping[str, str]:
        """Return the environment variables that it is configured by."""
        return {}

    @abc.abstractmethod
    def remember(self, job: Job) -> None:
        """Keep what the next run has to know, and nothing of the rows."""


class _Row(msgspec.Struct):
    id: str


class _Record(msgspec.Struct):
    record: _Row


_RECORD = msgspec.json.Decoder(_Record)
_ROWS = msgspec.json.Decoder(list[_Row])


class Singer(Peer):
    """A tap: RECORD lines, and STATE lines that the next run takes."""

    @override
    def ids(self, job: Job) -> Iterator[str]:
        for line in _lines(job.output):
            if b'"RECORD"' in line[:20]:
                yield _RECORD.decode(line).record.id

    @override
    def remember(self, job: Job) -> None:
        states = [line for line in _lines(job.output) if b'"STATE"' in line[:20]]
        job.state = job.write("state.json", json.loads(states[-1])["value"])

    @staticmethod
    def options(job: Job, **files: object) -> list[str | Path]:
        """Return the options of a tap, with the files that they name."""
        options: list[str | Path] = []
        for name, value in files.items():
            options += [f"--{name}", job.write(f"{name}.json", value)]
        return [*options, "--state", job.state] if job.state else options


class TapRotor(Singer):
    """This tap, with the settings of meltano.yml; in nothing-new a lookback of a day (hourly)."""

    @override
    def command(self, job: Job) -> list[str | Path]:
        config = {**plugins.settings("tap-rotor"), "api_url": job.url, "api_key": job.key}
        config["include_archived"] = job.archived
        if job.incremental:
            config["lookback_days"] = 1
        catalog = json.loads((ROOT / "catalog.json").read_text(encoding="utf-8"))
        catalog["streams"] = [
            stream for stream in catalog["streams"] if stream["tap_stream_id"] == "leads"
        ]
        options = self.options(job, config=config, catalog=catalog)
        return [job.programs / "tap-rotor", *options]


class Template(Singer):
    """The tap that the SDK's template leads to."""

    @override
    def command(self, job: Job) -> list[str | Path]:
        config = {
            "api_url": job.url,
            "auth_token": job.key,
            "archived": job.archived_parameter,
        }
        tap = PROGRAMS / "template_tap.py"
        return [job.programs / "python", tap, *self.options(job, config=config)]


class RestApiMsdk(Singer):
    """tap-rest-api-msdk: any REST API, by configuration."""

    @override
    def command(self, job: Job) -> list[str | Path]:
        stream: dict[str, t.Any] = {
            "name": "leads",
            "path": "/leads",
            "primary_keys": ["id"],
            "records_path": "$.data[*]",
            "params": {"limit": 1000, "archived": job.archived_parameter},
        }
        if job.incremental:
            stream |= {"replication_key": "created_at", "start_date": "2000-01-01T00:00:00Z"}
        config: dict[str, t.Any] = {
            "api_url": job.url,
            "auth_method": "api_key",
            "api_keys": {"x-api-key": job.key},
            "pagination_request_style": "page_number_paginator",
            "pagination_response_style": "page",
            "pagination_initial_offset": 1,
            "next_page_token_path": "$.pagination.has_more",
            "streams": [stream],
        }
        return [job.programs / "tap-rest-api-msdk", *self.options(job, config=config)]


class Airbyte(Peer):
    """Airbyte's declarative CDK: a manifest."""

    @override
    def command(self, job: Job) -> list[str | Path]:
        mode = "incremental" if job.incremental else "full_refresh"
        stream = {"name": "leads", "json_schema": {}, "supported_sync_modes": [mode]}
        entry = {"stream": stream, "sync_mode": mode, "destination_sync_mode": "append"}
        config = {"api_url": job.url, "api_key": job.key, "archived": job.archived_parameter}
        command: list[str | Path] = [
            job.programs / "source-declarative-manifest",
            *("read", "--manifest-path", PROGRAMS / "airbyte.yaml"),
            *("--config", job.write("config.json", config)),
            *("--catalog", job.write("catalog.json", {"streams": [entry]})),
        ]
        return [*command, "--state", job.state] if job.state else command

    @override
    def ids(self, job: Job) -> Iterator[str]:
        for line in _lines(job.output):
            if b'"RECORD"' in line[:20]:
                yield json.loads(line)["record"]["data"]["id"]

    @override
    def remember(self, job: Job) -> None:
        states = [line for line in _lines(job.output) if b'"STATE"' in line[:20]]
        job.state = job.write("state.json", [json.loads(states[-1])["state"]])


class Dlt(Peer):
    """dlt's REST source; how far it goes with the rows is the way."""

    def __init__(self, name: str, title: str, way: str) -> None:
        """Take names as every peer, and one of the ways of `programs/dlt_leads.py`."""
        super().__init__(name, title, "dlt")
        self.way = way

    @override
    def command(self, job: Job) -> list[str | Path]:
        return [
            *(job.programs / "python", PROGRAMS / "dlt_leads.py"),
            *(job.url, job.key, job.directory / "pipelines", self.way),
            *("--archived", job.archived_parameter),
            *(["--incremental"] if job.incremental else []),
        ]

    @override
    def variables(self, job: Job) -> Mapping[str, str]:
        credentials = {
            f"DESTINATION__POSTGRES__CREDENTIALS__{DLT_NAMES.get(name, name).upper()}": str(value)
            for name, value in job.postgres.items()
        }
        return {
            **credentials,
            "RUNTIME__DLTHUB_TELEMETRY": "false",
            "DESTINATION__FILESYSTEM__BUCKET_URL": (job.directory / "bucket").as_uri(),
        }

    @override
    def ids(self, job: Job) -> Iterator[str]:
        for file in job.directory.glob(EXTRACTED if self.way == "extract" else LOADED):
            with gzip.open(file) as lines:
                for line in lines:
                    # The extract step writes a list per line, a load a row.
                    for row in _ROWS.decode(line if line[:1] == b"[" else b"[%b]" % line):
                        yield row.id

    @override
    def remember(self, job: Job) -> None:
        # What dlt remembers lies beside the rows.
        for file in job.directory.glob(LOADED):
            file.unlink()


class Floor(Singer):
    """requests, orjson and print."""

    @override
    def command(self, job: Job) -> list[str | Path]:
        program = [job.programs / "python", PROGRAMS / "floor.py"]
        return [*program, job.url, job.key, "--archived", job.archived_parameter]


class FloorPostgres(Floor):
    """requests, orjson, and psycopg's COPY into a table that is then merged."""

    @override
    def command(self, job: Job) -> list[str | Path]:
        return [job.programs / "python", PROGRAMS / "floor_postgres.py", job.url, job.key]

    @override
    def variables(self, job: Job) -> Mapping[str, str]:
        return {f"PG{name.upper()}": str(value) for name, value in job.postgres.items()}


FLOOR = Floor("floor", "floor: requests, orjson, print", "floor")
TAP_ROTOR = TapRotor("tap-rotor", "**tap-rotor**", None)
TEMPLATE = Template("template", "tap of the SDK's template", "template")
EXTRACTORS: tuple[Peer, ...] = (
    FLOOR,
    TAP_ROTOR,
    TEMPLATE,
    RestApiMsdk("msdk", "tap-rest-api-msdk", "msdk"),
    Dlt("dlt-extract", "dlt, its extract step alone", "extract"),
    Dlt("dlt-jsonl", "dlt, into JSONL files", "jsonl"),
    Airbyte("airbyte", "Airbyte's declarative CDK", "airbyte"),
)


def _lines(file: Path) -> Iterator[bytes]:
    with file.open("rb") as lines:
        yield from lines
