select
    id as pin_id,
    {{ json_text('pin_type', 'id') }} as pin_type_id,
    {{ json_text('pin_type', 'label') }} as pin_type_label,
    {{ json_text('pin_type', 'color') }} as pin_type_color,
    {{ json_text('created_by', 'user_id') }} as created_by_id,
    {{ json_text('created_by', 'name') }} as created_by_name,
    {{ json_text('created_by', 'email') }} as created_by_email,
    location[1] as latitude,
    location[2] as longitude,
    created_at,
    {{ row_columns() }}
from {{ source_rows('rotor', 'pins') }}
