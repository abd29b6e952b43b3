{#- What is to be written back to Rotor: the rows of `wishes` that ask for something else than what the tap
    read last of that very row. See docs/write-back.md.

    stream: leads or customers.
    wishes: a relation with an id, or a phone or an e-mail, and any of the fields that can be written.
    max_age_hours: the list must have been read, and proven, within so many hours.
    write_nulls: a null asks for an empty field; set target-rotor's write_nulls too. -#}
{% macro outbox(stream, wishes, max_age_hours=26, write_nulls=false) %}
  {#- So that dbt knows what is read, also while it only parses. -#}
  {%- do source('rotor', stream) -%}
  {%- do source('rotor', 'reads') -%}
  {%- if execute -%}
    {%- do _refuse_old_reading(stream, max_age_hours) -%}
    {%- set known_fields = _outbox_fields(stream) -%}
    {%- set wished = [] -%}
    {%- for column in adapter.get_columns_in_relation(wishes) -%}
      {%- do wished.append(column.name | lower) -%}
    {%- endfor -%}
    {%- for name in wished if name != 'id' and name not in known_fields -%}
      {%- do exceptions.raise_compiler_error(
        "outbox: " ~ wishes ~ " has the column " ~ name ~ ", which cannot be written to " ~ stream
        ~ " or is not among what the tap reads. Leave it out; there are: id, " ~ known_fields | join(', ')
      ) -%}
    {%- endfor -%}
    {%- set fields = wished | reject('equalto', 'id') | list -%}
    {%- if not fields -%}
      {%- do exceptions.raise_compiler_error("outbox: " ~ wishes ~ " has no column but id: it asks for nothing") -%}
    {%- endif -%}
with known as (

    select
        id as known_id,
        created_at,
        _sdc_extracted_at as read_at,
        phone as known_phone,
        email as known_email
        {%- for name in fields if name not in ('phone', 'email') %},
        {{ known_fields[name][0] }} as known_{{ name }}
        {%- endfor %}
    from {{ source_rows('rotor', stream) }}
    where _sdc_deleted_at is null

),

wishes as (

    select
        {% if 'id' in wished -%} lower(nullif(trim(cast(id as text)), '')) {%- else -%} cast(null as text) {%- endif %} as id,
        {%- for name in ('phone', 'email') if name not in fields %}
        cast(null as text) as {{ name }},
        {%- endfor %}
        {%- for name in fields %}
        {% if known_fields[name][1] in ('number', 'tags') -%} {{ name }}
        {%- else -%} nullif(cast({{ name }} as text), '') as {{ name }}
        {%- endif -%}
        {{ "," if not loop.last }}
        {%- endfor %}
    from {{ wishes }}

),

by_phone as (

    select {{ _digits('known_phone') }} as phone_digits, max(known_id) as known_id, count(*) as rows_of_it
    from known
    where {{ _digits('known_phone') }} <> ''
    group by 1

),

by_email as (

    select lower(trim(known_email)) as plain_email, max(known_id) as known_id, count(*) as rows_of_it
    from known
    where trim(known_email) <> ''
    group by 1

),

compared as (

    select
        wishes.id as wished_id,
        known.known_id as id,
        known.read_at,
        {#- Several rows are found, or several wishes find the row: target-rotor refuses it. #}
        coalesce(by_phone.rows_of_it, by_email.rows_of_it, 1) > 1
            or (known.known_id is not null and count(*) over (partition by known.known_id) > 1)
            as _is_ambiguous,
        {%- for name in fields %}
        wishes.{{ name }},
        {%- set differs = _outbox_differs(name, known_fields[name][1]) -%}
        {%- if write_nulls and known_fields[name][1] != 'tags' -%}
        {%- set differs = "(" ~ differs ~ " or (wishes." ~ name ~ " is null and known.known_" ~ name ~ " is not null))" -%}
        {%- endif %}
        {{ differs }} as differs_{{ loop.index }}{{ "," if not loop.last }}
        {%- endfor %}
    from wishes
    left join by_phone on wishes.id is null and {{ _digits('wishes.phone') }} = by_phone.phone_digits
    left join by_email on wishes.id is null and lower(trim(wishes.email)) = by_email.plain_email
    left join known on known.known_id = coalesce(wishes.id, by_phone.known_id, by_email.known_id)

),

reduced as (

    select
        id,
        read_at,
        _is_ambiguous,
        {%- for name in fields %}
        {% if write_nulls -%} {{ name }}
        {%- else -%} case when differs_{{ loop.index }} then {{ name }} end as {{ name }}
        {%- endif -%}
        {{ "," if not loop.last }}
        {%- endfor %}
    from compared
    {#- An id that the tap has not read, or has seen deleted, might be created. #}
    where (wished_id is null or id is not null)
        and ({% for name in fields %}differs_{{ loop.index }}{{ " or " if not loop.last }}{% endfor %})

),

payloads as (

    select
        *,
        md5(concat_ws(
            '|', '{{ stream }}', id, case when _is_ambiguous then 'ambiguous' end
            {%- for name in fields %}, '{{ name }}=' || cast({{ name }} as text){% endfor %}
        )) as _payload_hash
    from reduced

)

select
    payloads.id,
    {%- for name in fields %}
    payloads.{{ name }},
    {%- endfor %}
    payloads._is_ambiguous,
    payloads._payload_hash
from payloads
    {%- set receipts = _receipts() %}
    {%- if receipts %}
left join (
    select
        payload_hash,
        outcome,
        reason,
        ended_at,
        row_number() over (partition by payload_hash order by started_at desc) as place
    from {{ receipts }}
) as receipts on receipts.payload_hash = payloads._payload_hash and receipts.place = 1
where (
        receipts.outcome is null
        or receipts.outcome not in ('created', 'updated', 'unchanged', 'refused')
        {#- Taken, but something else was read of it since. #}
        or (receipts.outcome in ('created', 'updated') and receipts.ended_at < payloads.read_at)
        {#- Unknown, perhaps to another company's key, but the tap has read it since. #}
        or (receipts.reason = 'id is unknown to Rotor' and receipts.ended_at < payloads.read_at)
        {#- A matter of the setting match, and not of the row. #}
        or (receipts.outcome = 'refused' and receipts.reason like 'row has no %')
    )
    and {{ _is_read(stream, max_age_hours) }}
    {%- else %}
where {{ _is_read(stream, max_age_hours) }}
    {%- endif %}
  {%- endif -%}
{% endmacro %}


{#- By its name in a wish, each field that can be written and compared: where the tap has it, and its kind. -#}
{% macro _outbox_fields(stream) %}
  {%- set fields = {'phone': ('phone', 'phone'), 'email': ('email', 'email'), 'tags': ('tags', 'tags')} -%}
  {%- set texts = ['notes', 'stage', 'service_type', 'name', 'priority'] if stream == 'leads'
    else ['notes', 'company_name', 'first_name', 'last_name', 'source', 'status'] -%}
  {%- for name in texts -%}{%- do fields.update({name: (name, 'text')}) -%}{%- endfor -%}
  {%- for part in ['city', 'country', 'state', 'street1', 'street2', 'zip'] -%}
    {%- set column = 'property_' ~ part if stream == 'leads' else json_text('address', part) | trim -%}
    {%- do fields.update({'address_' ~ part: (column, 'text'), 'property_' ~ part: (column, 'text')}) -%}
  {%- endfor -%}
  {%- if stream == 'leads' -%}
    {%- do fields.update({
      'source': ('lead_source', 'text'),
      'lead_source': ('lead_source', 'text'),
      'projected_value': ('projected_value', 'number'),
      'follow_up_date': ('follow_up_date', 'moment')
    }) -%}
  {%- endif -%}
  {{ return(fields) }}
{% endmacro %}


{#- Whether a wish is one, and not what the row has. -#}
{% macro _outbox_differs(name, kind) %}
  {%- set wish, known = 'wishes.' ~ name, 'known.known_' ~ name -%}
  {%- if kind == 'phone' -%}
    ({{ wish }} is not null and {{ _digits(wish) }} is distinct from {{ _digits(known) }})
  {%- elif kind == 'email' -%}
    ({{ wish }} is not null and lower(trim({{ wish }})) is distinct from lower(trim({{ known }})))
  {%- elif kind == 'tags' -%}
    (array_length({{ wish }}, 1) > 0 and ({{ known }} is null or not ({{ wish }} <@ {{ known }})))
  {%- elif kind == 'moment' -%}
    ({{ wish }} is not null and case
      when {{ is_day(wish) }} then substr({{ known }}, 1, 10) is distinct from {{ wish }}
      else {{ iso_moment(known) }} is distinct from {{ iso_moment(wish) }}
    end)
  {%- else -%}
    ({{ wish }} is not null and {{ wish }} is distinct from {{ known }})
  {%- endif -%}
{% endmacro %}


{% macro _digits(text) %}regexp_replace({{ text }}, '[^0-9]', '', 'g'){% endmacro %}


{#- The table that the receipts of target-rotor were loaded into; none where it is not there yet. -#}
{% macro _receipts() %}
  {{ return(adapter.get_relation(
    database=target.database, schema=env_var('TARGET_ROTOR_SCHEMA', 'target_rotor'), identifier='receipts'
  )) }}
{% endmacro %}


{#- Whether a list was read and proven within so many hours. -#}
{% macro _is_read(stream, hours) -%}
  exists (
        select 1 from {{ source('rotor', 'reads') }}
        where stream = '{{ stream }}' and outcome = 'proven'
            and started_at > {{ as_of() }} - interval '{{ hours }} hours'
    )
{%- endmacro %}


{% macro _refuse_old_reading(stream, hours) %}
  {%- set message = "outbox: no reading of " ~ stream ~ " younger than " ~ hours ~ " hours is proven, so that "
    ~ "nothing can be compared with it. Run tap-rotor, with the stream reads selected; if it fails, its log "
    ~ "says why" -%}
  {%- if not load_relation(source('rotor', 'reads')) or not load_relation(source('rotor', stream)) -%}
    {%- do exceptions.raise_compiler_error(message) -%}
  {%- elif not run_query("select 1 as found where " ~ _is_read(stream, hours)).rows -%}
    {%- do exceptions.raise_compiler_error(message) -%}
  {%- endif -%}
{% endmacro %}
