-- Leads in a stage that the seed does not know are unmapped: add it to seeds/common_stages.csv. The
-- names are in the view that dbt's warning points to.
{{ config(severity='warn', store_failures_as='view') }}
select source_system, stage, count(*) as leads
from {{ ref('all_leads') }}
where common_stage = 'unmapped'
group by source_system, stage
