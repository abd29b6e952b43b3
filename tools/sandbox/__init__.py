"""Stand-ins for the APIs of Rotor and Nexus ERP: made-up data behind a real HTTP server.

For tests, the demo and benchmarks; never in the wheel. In a test:

    company = Company(leads=500)
    with Sandbox(company, latency=0.1) as sandbox:
        sandbox.rule("status", "/leads", page=2, status=503)
        sandbox.before("/leads", 3, lambda: company.delete("leads", some_id))
        ...  # read sandbox.url with the header x-api-key: sandbox.api_key
    assert sandbox.count("/leads") == 4

For Nexus ERP the same with `NexusSandbox(Organisation(leads=500))`. Each is a server of
its own, as paths, pages, switches and the log of requests are those of one API.
"""

from __future__ import annotations

from tools.sandbox.company import Company
from tools.sandbox.faults import Rule
from tools.sandbox.front import Request
from tools.sandbox.nexus.organisation import Organisation
from tools.sandbox.nexus.server import NexusSandbox
from tools.sandbox.rotor import Sandbox
from tools.sandbox.store import MISSING
from tools.sandbox.switches import Switches

__all__ = [
    "MISSING",
    "Company",
    "NexusSandbox",
    "Organisation",
    "Request",
    "Rule",
    "Sandbox",
    "Switches",
]
