with open_leads as (
    select
        *,
        case
            when age_days is null then 5
            when age_days <= 30 then 1
            when age_days <= 90 then 2
            when age_days <= 365 then 3
            else 4
        end as age_band_position
    from {{ ref('leads') }}
    where outcome = 'open'
)

select
    stage,
    stage_position,
    case age_band_position
        when 1 then 'up to 30 days'
        when 2 then '31 to 90 days'
        when 3 then '91 to 365 days'
        when 4 then 'over a year'
        else '(unknown)'
    end as age_band,
    age_band_position,
    service_type,
    assigned_to,
    count(*) as open_leads,
    count(*) - count(projected_value) as leads_without_value,
    coalesce(sum(projected_value), 0) as projected_value,
    cast(coalesce(sum(age_days), 0) as numeric(18, 2)) as total_age_days,
    cast(max(age_days) as numeric(12, 2)) as oldest_age_days
from open_leads
group by stage, stage_position, age_band_position, service_type, assigned_to
