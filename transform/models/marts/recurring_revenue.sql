select
    coalesce(service_frequency, '(none)') as service_frequency,
    coalesce(service_type, '(none)') as service_type,
    is_active,
    coalesce(lower(service_frequency) <> 'one-time', false) as is_recurring,
    count(*) as plans,
    coalesce(sum(sale_value), 0) as sale_value,
    coalesce(sum(total_received), 0) as total_received,
    case when is_active is false then 0
        else coalesce(sum(sale_value), 0) - coalesce(sum(total_received), 0)
    end as to_be_received,
    coalesce(sum(completed_jobs), 0) as completed_jobs,
    coalesce(sum(scheduled_jobs), 0) as scheduled_jobs,
    coalesce(sum(pending_jobs), 0) as pending_jobs
from {{ ref('stg_rotor__service_plans') }}
where not is_deleted
group by 1, 2, 3, 4
