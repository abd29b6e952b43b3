with stages as (
    select lower(trim(stage)) as stage_key, position, outcome
    from {{ ref('lead_stages') }}
),

staged as (
    select
        leads.*,
        stages.position as stage_position,
        case
            when stages.outcome in ('won', 'lost') then stages.outcome
            when leads.is_archived then 'archived'
            else 'open'
        end as outcome
    from {{ ref('stg_rotor__leads') }} as leads
    left join stages on stages.stage_key = lower(leads.stage)
    where not leads.is_deleted
),

furthest as (
    select periods.lead_id, max(stages.position) as position
    from {{ ref('lead_stage_periods') }} as periods
    inner join stages on stages.stage_key = lower(periods.stage)
    where stages.outcome <> 'lost'
    group by periods.lead_id
),

entry as (
    select min(position) as position from stages where outcome <> 'lost'
)

select
    staged.lead_id,
    staged.name,
    staged.email,
    staged.phone,
    staged.city,
    staged.state,
    staged.postal_code,
    coalesce(staged.lead_source, '(none)') as lead_source,
    coalesce(staged.service_type, '(none)') as service_type,
    coalesce(staged.assigned_to, '(none)') as assigned_to,
    staged.priority,
    coalesce(staged.stage, '(none)') as stage,
    staged.stage_position,
    staged.outcome,
    greatest(
        entry.position,
        furthest.position,
        case when staged.outcome <> 'lost' then staged.stage_position end
    ) as furthest_position,
    staged.projected_value,
    staged.follow_up_on,
    staged.created_at,
    {{ local_month('staged.created_at') }} as created_month,
    {{ days_between('staged.created_at', as_of()) }} as age_days,
    periods.entered_at as stage_entered_at,
    periods.days_in_stage,
    periods.is_exact as is_days_in_stage_exact,
    staged.is_archived
from staged
cross join entry
left join furthest on furthest.lead_id = staged.lead_id
left join {{ ref('lead_stage_periods') }} as periods
    on periods.lead_id = staged.lead_id and periods.is_current
