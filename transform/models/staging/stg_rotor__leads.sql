select
    id as lead_id,
    name,
    email,
    phone,
    property_street1 as street1,
    property_street2 as street2,
    property_city as city,
    property_state as state,
    property_zip as postal_code,
    property_country as country,
    location[1] as coordinate_1,
    location[2] as coordinate_2,
    nullif(trim(lead_source), '') as lead_source,
    nullif(trim(service_type), '') as service_type,
    nullif(trim(stage), '') as stage,
    priority,
    nullif(trim(assigned_to), '') as assigned_to,
    projected_value,
    value_score,
    notes,
    {{ iso_moment('follow_up_date') }} as follow_up_at,
    -- A day without a time is that day everywhere.
    case
        when {{ is_day('follow_up_date') }} then cast({{ iso_moment('follow_up_date') }} as date)
        else {{ local_day(iso_moment('follow_up_date')) }}
    end as follow_up_on,
    created_at,
    coalesce(archived, false) as is_archived,
    archived_at,
    {{ row_columns() }}
from {{ source_rows('rotor', 'leads') }}
