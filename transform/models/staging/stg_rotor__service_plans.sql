select
    id as service_plan_id,
    {{ json_text('customer', 'id') }} as customer_id,
    {{ display_name(json_text('customer', 'company_name'), json_text('customer', 'first_name'), json_text('customer', 'last_name')) }} as customer_name,
    {{ json_text('sold_by', 'user_id') }} as sold_by_id,
    {{ json_text('sold_by', 'name') }} as sold_by_name,
    {{ json_text('sold_by', 'email') }} as sold_by_email,
    nullif(trim(service_type), '') as service_type,
    nullif(trim(service_frequency), '') as service_frequency,
    active as is_active,
    start_date,
    sale_value,
    total_received,
    num_completed_jobs as completed_jobs,
    num_scheduled_jobs as scheduled_jobs,
    num_pending_jobs as pending_jobs,
    created_at,
    {{ row_columns() }}
from {{ source_rows('rotor', 'service_plans') }}
