"""Receipts: what became of each row, as Singer messages in a file that only grows."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import typing as t
from pathlib import Path

import msgspec

from paged_rest.errors import UsageError
from paged_rest.timestamps import now

if t.TYPE_CHECKING:
    from collections.abc import Mapping

STREAM = "receipts"
KEY = "receipt_id"
SENDING = "sending"
UNKNOWN = "unknown"

_TEXT = {"type": ["string", "null"]}
_NUMBER = {"type": ["integer", "null"]}
_MOMENT = {"type": ["string", "null"], "format": "date-time"}
_FIELDS: dict[str, tuple[dict[str, t.Any], str]] = {
    KEY: ({"type": "string"}, "Tells the receipt from all others; its last message counts"),
    "run_id": (_TEXT, "Tells the run from all others"),
    "stream": (_TEXT, "leads or customers"),
    "row_number": (_NUMBER, "Place of the row in the input, from 1"),
    "rotor_id": (_TEXT, "Rotor's id of what the row is about, where it is known"),
    "payload_hash": (_TEXT, "Tells what the row asks for from anything else"),
    "fields_sent": (_TEXT, "Names of the fields that were sent, id apart"),
    "outcome": (
        _TEXT,
        (
            "sending, created, updated, unchanged, refused, failed or unknown; sending, where "
            "nothing follows, is unknown"
        ),
    ),
    "reason": (_TEXT, "Why it was refused or failed: fields with what is wrong, or a code"),
    "status": (_NUMBER, "Status of the HTTP response, where one came"),
    "fields_changed": (_TEXT, "Names of the fields of which Rotor shows another value"),
    "fields_ignored": (_TEXT, "Names of the fields that Rotor did not take"),
    "started_at": (_MOMENT, "When the row's turn came"),
    "ended_at": (_MOMENT, "When it was known what became of it"),
}
SCHEMA: dict[str, t.Any] = {
    "type": "SCHEMA",
    "stream": STREAM,
    "key_properties": [KEY],
    "schema": {
        "type": "object",
        "description": "What became of each row that target-rotor was given",
        "properties": {
            name: {**kind, "description": said} for name, (kind, said) in _FIELDS.items()
        },
        "required": [KEY],
    },
}


class Receipts:
    """The file of the receipts, while a run has it to itself.

    Attributes:
        path: Where it is.
        unfinished: Receipts of earlier runs that ended while a row was on its way.
    """

    def __init__(self, path: str) -> None:
        """Open the file, and make it where it is not there.

        Raises:
            UsageError: It cannot be written, or another run writes it.
        """
        self.path = Path(path)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("a+b")
        except OSError as error:
            message = f"The file of the setting receipts_path cannot be written: {error.strerror}"
            raise UsageError(message) from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            message = (
                "Another run of target-rotor writes receipts to the same file: let it end first"
            )
            raise UsageError(message) from None
        self.unfinished = self._read()
        self._write(SCHEMA)
        self._sync_folder()

    def write(self, receipt: Mapping[str, t.Any]) -> None:
        """Write a receipt, and return when it cannot be lost any more."""
        record = {name: receipt.get(name) for name in _FIELDS}
        self._write({"type": "RECORD", "stream": STREAM, "record": record, "time_extracted": now()})

    def close(self) -> None:
        """Let others have the file."""
        self._file.close()

    def _write(self, message: Mapping[str, t.Any]) -> None:
        self._file.write(msgspec.json.encode(message) + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def _read(self) -> list[dict[str, t.Any]]:
        """Return the receipts that have no end, and cut off what a crash left of a line."""
        self._file.seek(0)
        open_ones: dict[str, dict[str, t.Any]] = {}
        whole = 0
        for line in self._file:
            if not line.endswith(b"\n"):
                self._file.truncate(whole)
                break
            whole += len(line)
            record: dict[str, t.Any] = {}
            with contextlib.suppress(ValueError, AttributeError):
                record = json.loads(line).get("record") or {}
            if record.get("outcome") == SENDING:
                open_ones[record[KEY]] = record
            else:
                open_ones.pop(record.get(KEY, ""), None)
        self._file.seek(0, os.SEEK_END)
        return [*open_ones.values()]

    def _sync_folder(self) -> None:
        """Have the name of a new file on the disk, too."""
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
