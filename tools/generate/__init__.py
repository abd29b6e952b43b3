"""Writes every document that repeats what the taps declare: `make generate`."""
