with leads as (
    select * from {{ ref('leads') }}
),

stages as (
    select
        coalesce(seed.stage, found.stage) as stage,
        found.stage as spelling,
        seed.position as stage_position,
        coalesce(seed.outcome, 'open') as stage_outcome
    from {{ ref('lead_stages') }} as seed
    full join (select distinct stage from leads) as found
        on lower(found.stage) = lower(trim(seed.stage))
),

stages_once as (
    select stage, min(stage_position) as stage_position, min(stage_outcome) as stage_outcome
    from stages
    group by stage
),

in_stage as (
    select
        leads.created_month,
        leads.lead_source,
        leads.service_type,
        stages.stage,
        count(*) as leads_in_stage,
        count(case when leads.outcome = 'open' then 1 end) as open_leads_in_stage,
        coalesce(sum(leads.projected_value), 0) as projected_value
    from leads
    inner join stages on stages.spelling = leads.stage
    group by 1, 2, 3, 4
),

reached as (
    select
        leads.created_month,
        leads.lead_source,
        leads.service_type,
        stages_once.stage,
        count(*) as leads_reached
    from leads
    inner join stages_once
        on stages_once.stage_position <= leads.furthest_position
        and stages_once.stage_outcome <> 'lost'
    group by 1, 2, 3, 4
),

both_counts as (
    select created_month, lead_source, service_type, stage, leads_in_stage, open_leads_in_stage, projected_value, 0 as leads_reached
    from in_stage
    union all
    select created_month, lead_source, service_type, stage, 0, 0, 0, leads_reached
    from reached
)

select
    both_counts.created_month,
    both_counts.lead_source,
    both_counts.service_type,
    both_counts.stage,
    stages_once.stage_position,
    stages_once.stage_outcome,
    cast(sum(both_counts.leads_in_stage) as bigint) as leads_in_stage,
    cast(sum(both_counts.open_leads_in_stage) as bigint) as open_leads_in_stage,
    sum(both_counts.projected_value) as projected_value,
    cast(sum(both_counts.leads_reached) as bigint) as leads_reached
from both_counts
inner join stages_once on stages_once.stage = both_counts.stage
group by 1, 2, 3, 4, 5, 6
