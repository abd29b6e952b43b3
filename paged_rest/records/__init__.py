"""From an answer's bytes to records that every target can load."""
