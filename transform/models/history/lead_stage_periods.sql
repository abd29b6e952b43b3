with versions as (
    select
        id as lead_id,
        nullif(trim(stage), '') as stage,
        is_deleted,
        created_at,
        dbt_valid_from as seen_from,
        dbt_valid_to as seen_to,
        min(dbt_valid_from) over () as history_began_at,
        row_number() over (partition by id order by dbt_valid_from) as version
    from {{ ref('lead_history') }}
),

compared as (
    select
        *,
        case
            when version = 1
                or stage is distinct from lag(stage) over (partition by lead_id order by version)
                or is_deleted is distinct from lag(is_deleted) over (partition by lead_id order by version)
                then 1
            else 0
        end as begins
    from versions
),

numbered as (
    select *, sum(begins) over (partition by lead_id order by version) as period
    from compared
),

periods as (
    select
        lead_id,
        period,
        stage,
        min(version) = 1 as is_first,
        min(created_at) as created_at,
        min(history_began_at) as history_began_at,
        min(seen_from) as seen_from,
        case when count(*) = count(seen_to) then max(seen_to) end as left_at
    from numbered
    where not is_deleted
    group by lead_id, period, stage
),

timed as (
    select
        *,
        -- A lead that is as old as the history or older was in its first stage for nobody knows how long.
        case
            when not is_first then seen_from
            when created_at >= history_began_at then created_at
        end as entered_at
    from periods
)

select
    lead_id,
    row_number() over (partition by lead_id order by period) as stage_number,
    stage,
    seen_from,
    entered_at,
    left_at,
    left_at is null as is_current,
    {{ days_between('coalesce(entered_at, seen_from)', 'coalesce(left_at, ' ~ as_of() ~ ')') }} as days_in_stage,
    entered_at is not null as is_exact
from timed
