"""MeltanoLabs' target-postgres, with `use_copy` exact.

Version 0.8.1 asks the general SQLAlchemy type of a column how to hand a value to COPY. For
numbers that type makes floats, of 15 to 17 digits, unless the dialect says that its driver takes
decimals as they are. psycopg does; its dialect just has no need to say so, as it has number types
of its own.
"""

from __future__ import annotations

from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from target_postgres.target import TargetPostgres


def main() -> None:
    """Run the target's own command line."""
    PGDialect_psycopg.supports_native_decimal = True
    TargetPostgres.cli()
