{%- set tables = [
    ('rotor', 'leads'), ('rotor', 'pins'), ('rotor', 'pin_types'), ('rotor', 'customers'),
    ('rotor', 'service_plans'), ('rotor', 'serviced_jobs'), ('nexus_erp', 'leads'),
] -%}

with tables as (
    {%- for system, table in tables %}
    select
        '{{ system }}' as source_system,
        '{{ table }}' as table_name,
        {{ is_loaded(system, table) }} as is_loaded,
        count(*) as all_rows,
        count(_sdc_deleted_at) as deleted_rows,
        count(case when {{ json_filled('extra_fields') }} then 1 end) as rows_with_extra_fields,
        max(_sdc_extracted_at) as last_read_at,
        min(case when _sdc_deleted_at is null then _sdc_extracted_at end) as oldest_row_read_at,
        max(_sdc_sync_started_at) as last_load,
        count(case when _sdc_deleted_at is null and _sdc_sync_started_at = (
            select max(_sdc_sync_started_at) from {{ source_rows(system, table) }}
        ) then 1 end) as rows_of_last_load
    from {{ source_rows(system, table) }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
)

select
    source_system,
    table_name,
    is_loaded,
    all_rows - deleted_rows as living_rows,
    deleted_rows,
    rows_with_extra_fields,
    rows_of_last_load,
    all_rows - deleted_rows - rows_of_last_load as rows_of_earlier_loads,
    last_read_at,
    oldest_row_read_at,
    coalesce(last_load = max(last_load) over (partition by source_system), false) as is_in_last_load,
    {{ days_between('last_read_at', 'max(last_read_at) over ()') }} * 24 as hours_behind_newest_table
from tables
