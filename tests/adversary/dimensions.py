"""What an adversary may do, each of which can be switched on alone."""

from __future__ import annotations

# Rows enter at the head and single rows leave in all histories, whatever else does happen.
DIMENSIONS = (
    "removals",
    "totals_old",
    "totals_new",
    "late",
    "imports",
    "undated_first",
    "undated_last",
    "future",
    "ties_answer",
    "ties_cut",
    "archive",
    "edits",
    "clock",
    "dates",
    "cache_with_age",
    "cache_with_date",
    "start_date",
    "settings",
    "refresh",
    "states",
    "interruptions",
    "sizes",
    "short_pages",
    "refusals",
    "has_more",
    "doubles",
    "total_off",
)

NONE, MIXED = "none", "mixed"
# A sorted list rests on this: a page shows all rows of its piece of the list.
NOT_CHAINED = {"short_pages"}
# Dimensions that are known to break readings only together.
TOGETHER = (
    "interruptions+edits",
    "interruptions+imports",
    "interruptions+start_date+undated_first",
    "interruptions+start_date+future",
    "interruptions+totals_old",
    "late+removals",
    "late+interruptions",
    "start_date+totals_old",
    "start_date+undated_last+removals",
    "states+start_date+refresh",
    "refresh+interruptions+settings",
    "undated_last+removals",
    "clock+future+late",
    "cache_with_age+interruptions",
    "ties_answer+ties_cut+interruptions",
)
GROUPS = (NONE, *DIMENSIONS, *TOGETHER, MIXED)
