-- A list whose last run did not prove it, or whose rows are not all in its table. A run that the
-- user's own request_budget stopped is none: the next one goes on.
select source_system, table_name, status, last_reason, last_detail, rows_sent, rows_found
from {{ ref('load_status') }}
where status in ('incomplete', 'not_loaded') and coalesce(last_reason, '') <> 'budget_spent'
