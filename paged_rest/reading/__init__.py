"""Complete reading of a list that changes meanwhile; no I/O."""
