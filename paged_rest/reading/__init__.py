"""Complete reading of a list that changes meanwhile. No I/O, and nothing of any API."""

from paged_rest.reading.pagination import LATE_MINUTES, Bookmark, Page, Read, Row, Stretch

__all__ = ["LATE_MINUTES", "Bookmark", "Page", "Read", "Row", "Stretch"]
