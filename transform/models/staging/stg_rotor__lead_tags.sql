select distinct
    leads.id as lead_id,
    tag.value as tag
from {{ source_rows('rotor', 'leads') }}
cross join lateral unnest(leads.tags) as tag (value)
where tag.value is not null
