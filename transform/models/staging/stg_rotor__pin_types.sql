select
    id as pin_type_id,
    label,
    color,
    {{ row_columns() }}
from {{ source_rows('rotor', 'pin_types') }}
