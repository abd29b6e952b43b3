select
    id as pin_type_id,
    label,
    color,
    {{ row_columns() }}
from {{ rotor_rows('pin_types') }}
