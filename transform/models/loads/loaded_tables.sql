{%- for system, table, _, _ in loaded_lists() %}
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
    ) then 1 end) as rows_of_last_load,
    -- Without times of extraction nothing is known of the rows that a reading sent.
    case when count(*) = 0 or count(_sdc_extracted_at) > 0 then
        count(case when _sdc_extracted_at >= (
            select started_at from {{ ref('list_readings') }}
            where source_system = '{{ system }}' and table_name = '{{ table }}' and is_newest_proven
        ) then 1 end)
    end as rows_found,
    count(case when _sdc_deleted_at is null and _sdc_extracted_at < (
        select max(last_whole_read_at) from {{ ref('list_readings') }}
        where source_system = '{{ system }}' and table_name = '{{ table }}'
    ) then 1 end) as rows_not_read_since
from {{ source_rows(system, table) }}
{{ "union all" if not loop.last }}
{%- endfor %}
