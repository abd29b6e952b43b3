select
    id as lead_id,
    name,
    phones,
    emails,
    "primaryPhone" as primary_phone,
    "primaryEmail" as primary_email,
    "contactId" as contact_id,
    nullif(trim(company), '') as company,
    nullif(trim(source), '') as lead_source,
    nullif(trim(status), '') as status,
    notes,
    "nextCallAt" as next_call_at,
    "createdAt" as created_at,
    "updatedAt" as updated_at,
    nullif(trim("assignedToId"), '') as assigned_to_id,
    "clientId" as client_id,
    {{ row_columns() }}
from {{ source_rows('nexus_erp', 'leads') }}
