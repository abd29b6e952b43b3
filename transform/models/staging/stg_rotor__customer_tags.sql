select distinct
    customers.id as customer_id,
    tag.value as tag
from {{ source_rows('rotor', 'customers') }}
cross join lateral unnest(customers.tags) as tag (value)
where tag.value is not null
