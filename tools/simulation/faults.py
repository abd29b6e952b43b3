"""What goes wrong with the API: rules of the sandbox, without the number of the request."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    Rule = Mapping[str, t.Any]

# Longer than the tap waits for bytes, see `settings.SHORT_TIMEOUT`.
HANG_SECONDS = 6.0

# Gone when the request is made again.
PASSING: tuple[Rule, ...] = (
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 502, "body": "Bad gateway"},
    {"kind": "status", "status": 503, "retry_after": 1},
    {"kind": "status", "status": 408},
    {"kind": "status", "status": 429, "retry_after": 1},
    {"kind": "status", "status": 429, "retry_after": 1, "retry_after_date": True},
    {"kind": "status", "status": 429, "error_code": False},
    {"kind": "reset"},
    {"kind": "cut_fin"},
    {"kind": "cut_rst"},
    {"kind": "drip", "rate": 20_000},
    {"kind": "delay", "seconds": 0.3},
    {"kind": "hang", "seconds": HANG_SECONDS},
    {"kind": "bad_gzip"},
    {"kind": "bad_json"},
    {"kind": "html"},
    {"kind": "no_data"},
    {"kind": "error_200"},
    {"kind": "no_total"},
    {"kind": "wrong_page"},
)

# A page that looks like one: the tap has to find out, and to read again.
DOUBTFUL: tuple[Rule, ...] = (
    {"kind": "clamp", "limit": 7},
    {"kind": "repeat_page"},
    {"kind": "stale_total"},
    {"kind": "contradict"},
)

# There to the end of the run.
LASTING: tuple[Rule, ...] = (
    {"kind": "status", "status": 500},
    {"kind": "reset"},
    {"kind": "html"},
    {"kind": "status", "status": 401},
    {"kind": "status", "status": 403, "body": "Just a moment"},
    {"kind": "status", "status": 403},
    {"kind": "status", "status": 400},
    {"kind": "status", "status": 302},
    {"kind": "status", "status": 404},
    {"kind": "clamp", "limit": 7},
    {"kind": "contradict"},
)
