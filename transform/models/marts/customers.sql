with plans as (
    select
        customer_id,
        max(customer_name) as name,
        count(*) as plans,
        count(case when is_active then 1 end) as active_plans,
        coalesce(sum(sale_value), 0) as plan_sale_value,
        coalesce(sum(total_received), 0) as plan_received
    from {{ ref('stg_rotor__service_plans') }}
    where not is_deleted and customer_id is not null
    group by customer_id
),

jobs as (
    select
        customer_id,
        max(customer_name) as name,
        count(*) as jobs,
        min(service_at) as first_service_at,
        max(service_at) as last_service_at,
        coalesce(sum(total_received), 0) as job_received,
        coalesce(sum(total_outstanding), 0) as job_outstanding
    from {{ ref('stg_rotor__serviced_jobs') }}
    where not is_deleted and customer_id is not null
    group by customer_id
),

listed as (
    select * from {{ ref('stg_rotor__customers') }} where not is_deleted
),

everybody as (
    select customer_id from listed
    union
    select customer_id from plans
    union
    select customer_id from jobs
)

select
    everybody.customer_id,
    coalesce(listed.name, plans.name, jobs.name, '(none)') as name,
    listed.customer_id is not null as is_listed,
    coalesce(listed.customer_source, '(none)') as customer_source,
    listed.is_active,
    listed.city,
    listed.state,
    listed.postal_code,
    listed.created_at,
    coalesce(plans.plans, 0) as plans,
    coalesce(plans.active_plans, 0) as active_plans,
    coalesce(plans.plan_sale_value, 0) as plan_sale_value,
    coalesce(plans.plan_received, 0) as plan_received,
    coalesce(jobs.jobs, 0) as jobs,
    jobs.first_service_at,
    jobs.last_service_at,
    coalesce(jobs.job_received, 0) as job_received,
    coalesce(jobs.job_outstanding, 0) as job_outstanding
from everybody
left join listed on listed.customer_id = everybody.customer_id
left join plans on plans.customer_id = everybody.customer_id
left join jobs on jobs.customer_id = everybody.customer_id
