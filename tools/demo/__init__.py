"""The demo: sandbox, Meltano and an embedded PostgreSQL in one command (never in the wheel)."""
