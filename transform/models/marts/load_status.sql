-- A view, as it must tell of a load that broke off, which stops in front of dbt.
{{ config(materialized='view') }}

with newest as (
    select * from {{ ref('list_readings') }} where is_newest
),

proven as (
    select * from {{ ref('list_readings') }} where is_newest_proven
),

whole as (
    select source_system, table_name, max(last_whole_read_at) as last_whole_read_at
    from {{ ref('list_readings') }}
    group by source_system, table_name
),

known as (
    select
        tables.*,
        newest.run_ended_at as last_run_at,
        newest.outcome as last_outcome,
        newest.reason as last_reason,
        newest.detail as last_detail,
        proven.ended_at as last_proven_at,
        whole.last_whole_read_at,
        -- Without a checksum a row may have been sent twice, or a stream map may have dropped some.
        case when proven.id_checksum is not null then proven.rows_sent end as rows_sent
    from {{ ref('loaded_tables') }} as tables
    left join newest
        on newest.source_system = tables.source_system and newest.table_name = tables.table_name
    left join proven
        on proven.source_system = tables.source_system and proven.table_name = tables.table_name
    left join whole
        on whole.source_system = tables.source_system and whole.table_name = tables.table_name
)

select
    source_system,
    table_name,
    case
        when last_reason = 'left_out' or (last_outcome is null and not is_loaded) then 'left_out'
        when last_outcome is null then 'unknown'
        when last_outcome <> 'proven' then 'incomplete'
        when rows_found < rows_sent then 'not_loaded'
        when last_proven_at < {{ utc_now() }} - interval '{{ var("rotor_late_after_hours") }} hours' then 'late'
        else 'complete'
    end as status,
    last_run_at,
    last_outcome,
    last_reason,
    last_detail,
    last_proven_at,
    last_whole_read_at,
    case when last_whole_read_at is not null then rows_not_read_since end as rows_not_read_since,
    rows_sent,
    case when rows_sent is not null then rows_found end as rows_found,
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
from known
