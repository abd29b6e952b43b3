-- As many as the two systems have together, each with its own.
with loaded as (
    select 'rotor' as source_system, count(*) as leads
    from {{ ref('stg_rotor__leads') }}
    where not is_deleted
    union all
    select 'nexus_erp', count(*)
    from {{ ref('stg_nexus_erp__leads') }}
    where not is_deleted
),

found as (
    select source_system, count(*) as leads
    from {{ ref('all_leads') }}
    group by source_system
)

select loaded.source_system, loaded.leads as loaded_leads, found.leads as found_leads
from loaded
left join found on found.source_system = loaded.source_system
where loaded.leads <> coalesce(found.leads, 0)
