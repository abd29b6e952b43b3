"""What tests ask of the loader, in its environment: target-postgres and ours, in one process.

Each line of stdin is an order in JSON, each line of stdout the answer to it.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import sys
import typing as t

from target_postgres.target import TargetPostgres
from target_postgres_exact_copy import ExactTarget


def load(order: dict[str, t.Any]) -> dict[str, t.Any]:
    """Feed messages to a target; return its error and all that was said."""
    target = (ExactTarget if order["ours"] else TargetPostgres)(config=order["config"])
    said, printed, error = io.StringIO(), io.StringIO(), None
    handler = logging.StreamHandler(said)
    target.logger.addHandler(handler)
    logging.getLogger("singer_sdk").addHandler(handler)
    try:
        with contextlib.redirect_stdout(printed):
            target.listen(io.StringIO(order["messages"]))
    except Exception as failure:  # noqa: BLE001 (the test looks at it)
        error = f"{type(failure).__name__}: {failure}"
    finally:
        target.logger.removeHandler(handler)
        logging.getLogger("singer_sdk").removeHandler(handler)
        for sink in [*target._sinks_active.values(), *target._sinks_to_clear]:
            sink.connector._engine.dispose()
    return {"error": error, "said": said.getvalue(), "states": printed.getvalue()}


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(json.dumps(load(json.loads(line))) + "\n")
        sys.stdout.flush()
