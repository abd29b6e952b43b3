"""One call ahead: the next page comes while the last one is being written."""

from __future__ import annotations

import typing as t
from concurrent.futures import Future, wait
from threading import Thread

if t.TYPE_CHECKING:
    from collections.abc import Callable

# While a page is encoded, no other thread has its turn: not even to send a request.
_SECONDS_TO_SEND = 0.003

_Result = t.TypeVar("_Result")


def start_in_thread(call: Callable[[], _Result]) -> Future[_Result]:
    """Begin a call in a thread of its own, and return its result to be.

    The thread does not hold up the end of the program, as an executor's would. It is given a few
    milliseconds to itself, in which a call sends what it sends.
    """
    future: Future[_Result] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 (it is raised where the result is asked for)
            future.set_exception(error)

    Thread(target=run, daemon=True).start()
    wait([future], timeout=_SECONDS_TO_SEND)
    return future
