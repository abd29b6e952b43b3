with due as (
    select *, {{ local_day(as_of()) }} as today
    from {{ ref('leads') }}
    where outcome = 'open' and follow_up_on is not null
)

select
    lead_id,
    name,
    phone,
    email,
    assigned_to,
    stage,
    priority,
    projected_value,
    follow_up_on,
    case
        when follow_up_on < today then 'overdue'
        when follow_up_on = today then 'due today'
        else 'upcoming'
    end as due,
    greatest(today - follow_up_on, 0) as days_overdue
from due
