with leads as (
    select
        'rotor' as source_system,
        lead_id,
        name,
        cast(null as {{ column_type('text') }}) as company,
        email,
        phone,
        lead_source,
        assigned_to,
        stage,
        follow_up_at,
        created_at,
        is_archived
    from {{ ref('stg_rotor__leads') }}
    where not is_deleted
    union all
    select
        'nexus_erp',
        lead_id,
        name,
        company,
        primary_email,
        primary_phone,
        lead_source,
        assigned_to_id,
        status,
        next_call_at,
        created_at,
        false
    from {{ ref('stg_nexus_erp__leads') }}
    where not is_deleted
)

select
    leads.source_system || ':' || leads.lead_id as lead_key,
    leads.source_system,
    leads.lead_id,
    leads.name,
    leads.company,
    leads.email,
    leads.phone,
    coalesce(leads.lead_source, '(none)') as lead_source,
    coalesce(leads.assigned_to, '(none)') as assigned_to,
    coalesce(leads.stage, '(none)') as stage,
    case
        when leads.stage is null then '(none)'
        else coalesce(stages.common_stage, 'unmapped')
    end as common_stage,
    leads.follow_up_at,
    leads.created_at,
    {{ local_month('leads.created_at') }} as created_month,
    leads.is_archived
from leads
left join {{ ref('common_stages') }} as stages
    on stages.source_system = leads.source_system
    and lower(trim(stages.stage)) = lower(leads.stage)
