with reads as (
    select 'rotor' as source_system, * from {{ ref('stg_rotor__reads') }}
    union all
    select 'nexus_erp' as source_system, * from {{ ref('stg_nexus_erp__reads') }}
),

dated as (
    select *, max(ended_at) over (partition by source_system, run_id) as run_ended_at
    from reads
),

ranked as (
    select
        *,
        row_number() over (
            partition by source_system, table_name order by run_ended_at desc nulls last
        ) as place,
        row_number() over (
            partition by source_system, table_name, outcome order by started_at desc nulls last
        ) as place_of_outcome,
        row_number() over (
            partition by source_system, table_name, outcome, scope = 'whole' and id_checksum is not null
            order by started_at desc nulls last
        ) as place_of_scope
    from dated
)

select
    source_system,
    table_name,
    run_id,
    run_ended_at,
    started_at,
    ended_at,
    outcome,
    reason,
    detail,
    proof,
    scope,
    read_since,
    rows_sent,
    newest,
    last_whole_read_at,
    id_checksum,
    place = 1 as is_newest,
    outcome = 'proven' and place_of_outcome = 1 as is_newest_proven,
    outcome = 'proven' and scope = 'whole' and id_checksum is not null and place_of_scope = 1
        as is_newest_whole
from ranked
