"""The command loads no more than a tap uses, and nothing that it has not loaded is missing."""

from __future__ import annotations

import subprocess
import sys


def printed(script: str) -> str:
    """Return what a script prints that follows a quick start."""
    begin = (
        "import sys; sys.argv = ['tap-rotor', '--version']\n"
        "from tap_rotor.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: print('started')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", begin + script], capture_output=True, check=True, text=True
    )
    return done.stdout.partition("started\n")[2].strip()


def test_the_command_starts_without_what_the_tap_does_not_use():
    names = set(printed("print(*sorted(sys.modules))").split())
    assert "requests" in names
    unused = {"fsspec", "jsonpath_ng", "joblib", "pendulum", "psutil"}
    unused |= {"singer_sdk.target_base", "singer_sdk.streams.rest", "upath.core"}
    assert not names & unused


def test_what_was_left_out_is_loaded_when_it_is_asked_for():
    script = """
import singer_sdk, singer_sdk.streams
from singer_sdk.streams import RESTStream
from singer_sdk import Stream, Tap, Target
from singer_sdk.streams.core import Stream as Core
from singer_sdk.tap_base import Tap as Base
assert Stream is Core and Tap is Base and issubclass(RESTStream, Stream)
assert singer_sdk.GraphQLStream.__module__ == "singer_sdk.streams.graphql"
from singer_sdk.helpers._batch import UPath
late = UPath("/a")
from upath import UPath
assert isinstance(late, UPath)
try: singer_sdk.Nothing
except AttributeError as error: print(error)
"""
    assert printed(script) == "module 'singer_sdk' has no attribute 'Nothing'"
