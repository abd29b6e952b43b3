"""Taps and streams on Meltano's SDK."""

from paged_rest.singer.stream import ListStream
from paged_rest.singer.tap import ListTap

__all__ = ["ListStream", "ListTap"]
