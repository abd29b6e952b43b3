with counted as (
    select
        created_month,
        lead_source,
        service_type,
        count(*) as leads,
        count(case when outcome = 'won' then 1 end) as won_leads,
        count(case when outcome = 'lost' then 1 end) as lost_leads,
        count(case when outcome = 'archived' then 1 end) as archived_leads,
        count(case when outcome = 'open' then 1 end) as open_leads,
        coalesce(sum(case when outcome = 'won' then projected_value end), 0) as won_value
    from {{ ref('leads') }}
    group by 1, 2, 3
)

select
    *,
    cast(cast(won_leads as numeric(18, 4)) / leads as numeric(5, 4)) as conversion_rate,
    cast(cast(won_leads as numeric(18, 4)) / nullif(won_leads + lost_leads, 0) as numeric(5, 4)) as win_rate
from counted
