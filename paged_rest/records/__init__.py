"""From the bytes of a response to records that every target can load, with nothing dropped."""

from paged_rest.records.conform import EXTRA_FIELDS, Conformed, Conformer, Note, api_properties
from paged_rest.records.decode import as_utf8, decode_json
from paged_rest.records.kinds import PRECISION, SCALE, SINGER_DECIMAL, kind_of
from paged_rest.records.typed_rows import LONGEST_ID, TypedRows

__all__ = [
    "EXTRA_FIELDS",
    "LONGEST_ID",
    "PRECISION",
    "SCALE",
    "SINGER_DECIMAL",
    "Conformed",
    "Conformer",
    "Note",
    "TypedRows",
    "api_properties",
    "as_utf8",
    "decode_json",
    "kind_of",
]
