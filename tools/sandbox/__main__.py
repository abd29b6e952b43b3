"""The command line: `python -m tools.sandbox --leads 5000 --nexus-leads 1500`."""

from __future__ import annotations

import argparse
import signal
import threading
from contextlib import ExitStack

from tools.sandbox.company import Company
from tools.sandbox.keys import DEFAULT_QUOTA
from tools.sandbox.nexus.organisation import Organisation
from tools.sandbox.nexus.server import NexusSandbox
from tools.sandbox.rotor import Sandbox


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.sandbox",
        description="A stand-in for the Rotor API and, if asked for, for Nexus ERP's.",
    )
    add = parser.add_argument
    add("--leads", type=int, default=5000, help="length of the list (5000)")
    add("--precompress", action="store_true", help="gzip pages of 1,000 beforehand")
    add("--quota", type=int, default=DEFAULT_QUOTA, help="requests a day (1000)")
    add("--nexus-leads", type=int, default=0, help="serve Nexus ERP too, with so many leads")
    return parser


def main(arguments: list[str] | None = None) -> None:
    """Serve until SIGTERM or SIGINT."""
    options = _parser().parse_args(arguments)
    stop = threading.Event()
    # Before anything else: whoever starts this may want it ended already.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    company = Company(options.leads)
    sandbox = Sandbox(company, quota=options.quota)
    if options.precompress:
        sandbox.precompress()
    with ExitStack() as stack:
        servers: list[Sandbox | NexusSandbox] = [stack.enter_context(sandbox)]
        if options.nexus_leads:
            organisation = Organisation(options.nexus_leads, people=company.rows("leads"))
            servers.append(stack.enter_context(NexusSandbox(organisation)))
        for server in servers:
            print(f"Serving {server.url} with key {server.api_key}", flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
