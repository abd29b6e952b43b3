{#- Rotor keeps no history. A version begins when a load first saw a change of the lead's own fields;
    that the target renews its columns at every load is none. -#}
{% snapshot lead_history %}
{%- set own = [
    'archived', 'archived_at', 'assigned_to', 'created_at', 'email', 'follow_up_date', 'lead_source',
    'location', 'name', 'notes', 'phone', 'priority', 'projected_value', 'property_city',
    'property_country', 'property_state', 'property_street1', 'property_street2', 'property_zip',
    'service_type', 'stage', 'tags', 'value_score', 'extra_fields', 'is_deleted',
] -%}
{{ config(
    unique_key='id',
    strategy='check',
    check_cols=own,
    updated_at='seen_at',
) }}
select
    id,
    {% for column in own if column != 'is_deleted' -%}
    {{ column }},
    {% endfor -%}
    _sdc_deleted_at is not null as is_deleted,
    coalesce(greatest(_sdc_extracted_at, _sdc_deleted_at), {{ utc_now() }}) as seen_at
from {{ source_rows('rotor', 'leads') }}
{% endsnapshot %}
