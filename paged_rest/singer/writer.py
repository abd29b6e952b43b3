"""Singer messages on standard output: whole lines, buffered."""

from __future__ import annotations

import fcntl
import io
import os
import select
import stat
import sys
import termios
import typing as t

import msgspec
from singer_sdk.singerlib.encoding import GenericSingerWriter
from singer_sdk.singerlib.encoding.simple import Message, RecordMessage, StateMessage
from typing_extensions import override

from paged_rest.errors import OutputLost

if t.TYPE_CHECKING:
    from collections.abc import Sequence

_BUFFER_SIZE = 1 << 16


class MessageWriter(GenericSingerWriter[bytes, Message]):
    """Writes each message as one line of JSON; numbers keep every digit.

    Lines are held back until the buffer is full, `flush` is called, or any message but a
    RECORD is written: a target never waits for a STATE.

    A pipe with room takes up to PIPE_BUF bytes at once, an empty one all that it can hold. So
    lines leave in pieces of that size, and a signal handler that raises while a target is
    waited for breaks off no line.

    Attributes:
        ends_with_state: Whether the last message is a STATE.
    """

    def __init__(self) -> None:
        """Begin with nothing to write."""
        self._encode = msgspec.json.Encoder(decimal_format="number").encode
        self.ends_with_state = False
        self._buffer = bytearray()
        self._busy = False
        self._interruption: BaseException | None = None

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
        self._buffer += self.serialize_message(message)
        self.ends_with_state = isinstance(message, StateMessage)
        if len(self._buffer) >= _BUFFER_SIZE or not isinstance(message, RecordMessage):
            self.flush()

    def write_records(self, head: bytes, records: Sequence[object], tail: bytes) -> None:
        """Write the lines of RECORDs, which differ in nothing but the records.

        Raises:
            OutputLost: Standard output does not take them.
        """
        if not records:
            return
        between = tail + b"\n" + head
        lines = between.join(map(self._encode, records))
        self.ends_with_state = False
        # In one step, as a signal may come between two.
        self._buffer += b"".join((head, lines, tail, b"\n"))
        self.flush()

    def interrupt(self, interruption: BaseException) -> None:
        """Raise an exception, from a signal handler; if a line is leaving, once it has left."""
        if not self._busy:
            raise interruption
        self._interruption = interruption

    def flush(self) -> None:
        """Hand on every line written so far.

        Raises:
            OutputLost: Standard output does not take them.
        """
        try:
            descriptor = sys.stdout.fileno()
        except io.UnsupportedOperation:
            sys.stdout.buffer.write(self._buffer)
            self._buffer.clear()
            return
        try:
            while self._buffer:
                self._write_lines(descriptor)
        except OSError as error:
            self._buffer.clear()
            message = f"Standard output takes no more ({error.strerror}): has the target ended?"
            raise OutputLost(message) from None

    def _write_lines(self, descriptor: int) -> None:
        """Write as many whole lines as are taken at once, or one longer line."""
        _wait_for_room(descriptor)
        room = _room(descriptor)
        end = self._buffer.rfind(b"\n", 0, room) + 1
        if not end:
            end = self._buffer.find(b"\n") + 1
        try:
            while end:
                self._busy = True
                written = os.write(descriptor, self._buffer[: min(end, room)])
                del self._buffer[:written]
                end -= written
                if end:
                    _wait_for_room(descriptor)
        finally:
            self._busy = False
        if self._interruption:
            interruption, self._interruption = self._interruption, None
            raise interruption


def _wait_for_room(descriptor: int) -> None:
    """Return when the next write does not block; a signal handler may end the waiting."""
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    poll.poll()


def _room(descriptor: int) -> int:
    """Return how many bytes are taken at once now that there is room."""
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return sys.maxsize
    if stat.S_ISFIFO(mode) and hasattr(fcntl, "F_GETPIPE_SZ"):
        unread = int.from_bytes(fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4)), sys.byteorder)
        if not unread:
            return fcntl.fcntl(descriptor, fcntl.F_GETPIPE_SZ)
    return select.PIPE_BUF
