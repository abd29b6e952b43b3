with crews as (
    select
        *,
        count(*) over (partition by serviced_job_id) as crew
    from {{ ref('stg_rotor__job_technicians') }}
),

shares as (
    select
        {{ local_month('jobs.service_at') }} as service_month,
        coalesce(crews.technician_id, '(none)') as technician_id,
        coalesce(crews.name, crews.email, '(none)') as technician,
        cast(1 as numeric(18, 6)) / coalesce(crews.crew, 1) as job_share,
        jobs.total_received / coalesce(crews.crew, 1) as received_share,
        jobs.total_outstanding / coalesce(crews.crew, 1) as outstanding_share
    from {{ ref('stg_rotor__serviced_jobs') }} as jobs
    left join crews on crews.serviced_job_id = jobs.serviced_job_id
    where not jobs.is_deleted
)

select
    service_month,
    technician_id,
    max(technician) as technician,
    count(*) as jobs,
    cast(sum(job_share) as numeric(18, 4)) as job_share,
    cast(coalesce(sum(received_share), 0) as numeric(18, 4)) as received_share,
    cast(coalesce(sum(outstanding_share), 0) as numeric(18, 4)) as outstanding_share
from shares
group by service_month, technician_id
