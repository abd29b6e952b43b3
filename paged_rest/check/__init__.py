"""What a new key can read, and whether an API does what a tap takes on trust of it."""

from __future__ import annotations

from paged_rest.check.asking import ask
from paged_rest.check.report import Asked, as_json, as_text
from paged_rest.check.seen import CheckedList

__all__ = ["Asked", "CheckedList", "as_json", "as_text", "ask"]
