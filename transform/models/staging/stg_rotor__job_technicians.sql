with technicians as (
    select
        serviced_jobs.id as serviced_job_id,
        {{ json_text('technician.value', 'user_id') }} as user_id,
        {{ json_text('technician.value', 'name') }} as name,
        {{ json_text('technician.value', 'email') }} as email
    from {{ source_rows('rotor', 'serviced_jobs') }}
    cross join lateral unnest(serviced_jobs.technicians) as technician (value)
)

-- Somebody who is named twice, as assigned and as one of the crew, is one technician.
select
    serviced_job_id,
    coalesce(user_id, lower(email), name) as technician_id,
    max(name) as name,
    max(email) as email
from technicians
where coalesce(user_id, email, name) is not null
group by serviced_job_id, coalesce(user_id, lower(email), name)
