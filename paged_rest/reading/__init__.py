"""Complete reading of a list that changes meanwhile. No I/O, and nothing of any API."""

from paged_rest.reading.chain import page_over
from paged_rest.reading.list_read import ListRead
from paged_rest.reading.older_rows import LATE_MINUTES, Bookmark, OlderRows, ResumePoint
from paged_rest.reading.page import Page, PageRequest, Row

__all__ = [
    "LATE_MINUTES",
    "Bookmark",
    "ListRead",
    "OlderRows",
    "Page",
    "PageRequest",
    "ResumePoint",
    "Row",
    "page_over",
]
