-- Each table against the newest proven reading of its whole list, and the proven ones of the week up
-- to the newest: it holds the rows that this one sent, by number and by the checksum of their ids, and
-- no row that no run has told of. A row that a later run sent again is known by its date of creation:
-- the reading covered that. A row that entered later with an older date looks the same. Where there is
-- one, the checksum tells it; of several only their number can be compared.
-- Else its failure would skip load_status, and with it lists_are_complete.
-- depends_on: {{ ref('load_status') }}
with firsts as (
    select
        source_system,
        table_name,
        min(case when is_newest_whole or is_newest_proven then started_at end) as first_at,
        max(case when is_newest_proven then started_at end) - interval '7 days' as week_at
    from {{ ref('list_readings') }}
    group by source_system, table_name
),

told as (
    select list_readings.*, firsts.week_at
    from {{ ref('list_readings') }} as list_readings
    inner join firsts
        on
            firsts.source_system = list_readings.source_system
            and firsts.table_name = list_readings.table_name
            and firsts.first_at <= list_readings.started_at
),

readings as (
    select *
    from told
    where
        outcome = 'proven' and id_checksum is not null and (is_newest_whole or started_at > week_at)
),

loaded as (
    {%- for system, table, created, key in loaded_lists() %}
    select
        '{{ system }}' as source_system,
        '{{ table }}' as table_name,
        {{ id_hash('id') }} as id_hash,
        {{ adapter.quote(created) if created else 'cast(null as timestamp)' }} as created_at,
        {{ adapter.quote(key) if key else 'cast(null as timestamp)' }} as read_by,
        _sdc_extracted_at as extracted_at,
        count(_sdc_extracted_at) over () = 0 as is_timeless
    from {{ source_rows(system, table) }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
),

-- Rows and the readings in which they may have been read, by time.
moments as (
    select
        source_system,
        table_name,
        id_hash,
        created_at,
        read_by,
        extracted_at,
        cast(null as timestamp) as ended_at,
        true as is_row
    from loaded
    union all
    select source_system, table_name, null, null, null, started_at, ended_at, false
    from told
),

marked as (
    select
        *,
        coalesce(
            extracted_at <= max(ended_at) over (
                partition by source_system, table_name
                order by extracted_at, is_row
                rows between unbounded preceding and current row
            ),
            false
        ) as is_told
    from moments
),

looked_at as (
    select
        readings.source_system,
        readings.table_name,
        readings.run_id,
        marked.id_hash,
        marked.is_told,
        coalesce(marked.extracted_at <= readings.ended_at, false) as is_own,
        coalesce(marked.extracted_at > readings.ended_at, false) and (
            readings.newest is null
            or marked.created_at is null
            or (
                marked.created_at <= readings.newest
                and (readings.read_since is null or marked.read_by >= readings.read_since)
            )
            -- `newest` leaves out what is dated in the future.
            or marked.created_at > marked.extracted_at + interval '1 hour'
        ) as may_be_own
    from readings
    inner join marked
        on
            marked.source_system = readings.source_system
            and marked.table_name = readings.table_name
            and (marked.extracted_at >= readings.started_at or marked.extracted_at is null)
    where marked.is_row
),

compared as (
    select
        readings.source_system,
        readings.table_name,
        readings.run_id,
        readings.scope,
        readings.started_at,
        readings.rows_sent,
        readings.id_checksum,
        count(case when looked_at.is_own or looked_at.may_be_own then 1 end) as rows_found,
        coalesce(sum(case when looked_at.is_own or looked_at.may_be_own then looked_at.id_hash end), 0)
            as checksum_found,
        count(case when looked_at.may_be_own and looked_at.is_told then 1 end) as rows_sent_later,
        count(case when not looked_at.is_told then 1 end) as rows_of_no_run
    from readings
    left join looked_at
        on
            looked_at.source_system = readings.source_system
            and looked_at.table_name = readings.table_name
            and looked_at.run_id = readings.run_id
    -- Without times of extraction nothing can be compared.
    where not exists (
        select 1 from loaded
        where
            loaded.source_system = readings.source_system
            and loaded.table_name = readings.table_name
            and loaded.is_timeless
    )
    group by
        readings.source_system,
        readings.table_name,
        readings.run_id,
        readings.scope,
        readings.started_at,
        readings.rows_sent,
        readings.id_checksum
)

select *
from compared
where
    rows_of_no_run > 0
    or rows_found < rows_sent
    or rows_found > rows_sent + rows_sent_later
    or (rows_found = rows_sent and checksum_found <> id_checksum)
    or (
        rows_found = rows_sent + 1
        and not exists (
            select 1 from looked_at
            where
                looked_at.source_system = compared.source_system
                and looked_at.table_name = compared.table_name
                and looked_at.run_id = compared.run_id
                and looked_at.may_be_own
                and looked_at.is_told
                and looked_at.id_hash = compared.checksum_found - compared.id_checksum
        )
    )
