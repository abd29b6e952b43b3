select
    id as serviced_job_id,
    service_plan_id,
    {{ json_text('customer', 'id') }} as customer_id,
    {{ display_name(json_text('customer', 'company_name'), json_text('customer', 'first_name'), json_text('customer', 'last_name')) }} as customer_name,
    service_date as service_at,
    total_received,
    total_outstanding,
    {{ row_columns() }}
from {{ source_rows('rotor', 'serviced_jobs') }}
