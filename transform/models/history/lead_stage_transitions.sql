with periods as (
    select
        lead_id,
        stage_number,
        stage as from_stage,
        lead(stage) over in_order as to_stage,
        lead(stage_number) over in_order is not null as has_next,
        lead(seen_from) over in_order as changed_at,
        days_in_stage as days_in_from_stage,
        is_exact
    from {{ ref('lead_stage_periods') }}
    window in_order as (partition by lead_id order by stage_number)
)

select
    lead_id,
    stage_number as transition_number,
    from_stage,
    to_stage,
    changed_at,
    days_in_from_stage,
    is_exact
from periods
where has_next
    -- A lead that was deleted and came back is in the same stage twice.
    and from_stage is distinct from to_stage
