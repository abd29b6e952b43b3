"""Singer messages on standard output: whole lines, buffered."""

from __future__ import annotations

import contextlib
import io
import sys
import typing as t

import msgspec
from singer_sdk.singerlib.encoding import GenericSingerWriter
from singer_sdk.singerlib.encoding.simple import Message, RecordMessage
from typing_extensions import override

if t.TYPE_CHECKING:
    from collections.abc import Iterator

_BUFFER_SIZE = 1 << 16


class OutputLost(Exception):
    """Standard output takes no more: the target ended, or the disk is full."""


class MessageWriter(GenericSingerWriter[bytes, Message]):
    """Writes each message as one line of JSON; numbers keep every digit.

    Lines are held back until the buffer is full, `flush` is called, or any message but a
    RECORD is written: a target never waits for a STATE.

    Attributes:
        busy: Whether a line is being written, so that nothing else may write one.
        interruption: What to raise once the line is written, or None.
    """

    def __init__(self) -> None:
        """Take the standard output of the moment of the first message."""
        self._encode = msgspec.json.Encoder(decimal_format="number").encode
        self._stdout: t.TextIO | None = None
        self._out: io.BufferedIOBase = io.BytesIO()
        self.busy = False
        self.interruption: BaseException | None = None

    @override
    def serialize_message(self, message: Message) -> bytes:
        """Return the line of a message."""
        return self._encode(message.to_dict()) + b"\n"

    @override
    def write_message(self, message: Message) -> None:
        """Write the line of a message.

        Raises:
            OutputLost: Standard output does not take it.
        """
        if self._stdout is not sys.stdout:
            self._stdout = sys.stdout
            self._out = _buffered(sys.stdout)
        line = self.serialize_message(message)
        with self._whole():
            self._out.write(line)
            if not isinstance(message, RecordMessage):
                self._out.flush()

    def flush(self) -> None:
        """Hand on every line written so far.

        Raises:
            OutputLost: Standard output does not take them.
        """
        with self._whole():
            self._out.flush()

    @contextlib.contextmanager
    def _whole(self) -> Iterator[None]:
        self.busy = True
        try:
            yield
        except OSError as error:
            self._out = io.BytesIO()
            message = f"Standard output takes no more ({error.strerror}): has the target ended?"
            raise OutputLost(message) from None
        finally:
            self.busy = False
        if self.interruption:
            raise self.interruption


def _buffered(stdout: t.TextIO) -> io.BufferedIOBase:
    """Return a buffer of our own over standard output.

    With PYTHONUNBUFFERED the one that Python made is a raw file, whose `write` may be short.
    """
    try:
        descriptor = stdout.fileno()
    except io.UnsupportedOperation:
        return t.cast("io.BufferedIOBase", stdout.buffer)
    return io.BufferedWriter(io.FileIO(descriptor, "wb", closefd=False), _BUFFER_SIZE)
