"""Taps and streams on Meltano's SDK, and what a target shares with them."""

from paged_rest.singer.log import Ending
from paged_rest.singer.reads import ReadsStream
from paged_rest.singer.sdk import SdkPlugin
from paged_rest.singer.stream import ListStream
from paged_rest.singer.tap import ListTap

__all__ = ["Ending", "ListStream", "ListTap", "ReadsStream", "SdkPlugin"]
