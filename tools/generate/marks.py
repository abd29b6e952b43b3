"""Documents that are generated only between two marks."""

from __future__ import annotations


def put_in(text: str, begin: str, end: str, new: str) -> str:
    """Return a text with what stands between two marks replaced.

    Raises:
        ValueError: The marks are not there, once each and in this order.
    """
    head, begin_found, rest = text.partition(begin)
    _, end_found, tail = rest.partition(end)
    if not begin_found or not end_found or begin in tail or end in head or end in tail:
        message = f"The marks {begin!r} and {end!r} must be there once each, in this order"
        raise ValueError(message)
    return f"{head}{begin}{new}{end}{tail}"
