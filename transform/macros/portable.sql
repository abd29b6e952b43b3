{#- All that differs between PostgreSQL and DuckDB. -#}

{#- The text in an object under a key; null where the object is null, JSON's or SQL's. -#}
{% macro json_text(object, key) %}{{ return(adapter.dispatch('json_text')(object, key)) }}{% endmacro %}

{% macro default__json_text(object, key) %}({{ object }} ->> '{{ key }}'){% endmacro %}

{% macro duckdb__json_text(object, key) %}({{ object }} ->> '$.{{ key }}'){% endmacro %}


{#- Whether an object has anything in it. -#}
{% macro json_filled(object) %}{{ return(adapter.dispatch('json_filled')(object)) }}{% endmacro %}

{% macro default__json_filled(object) %}
  (coalesce({{ object }}, 'null'::jsonb) not in ('null'::jsonb, '{}'::jsonb))
{% endmacro %}

{% macro duckdb__json_filled(object) %}
  (coalesce(cast({{ object }} as text), 'null') not in ('null', '{}'))
{% endmacro %}


{#- The first 32 bits of md5(id), as `reads.id_checksum` adds them up. -#}
{% macro id_hash(id) %}{{ return(adapter.dispatch('id_hash')(id)) }}{% endmacro %}

{% macro default__id_hash(id) %}cast(cast('x' || left(md5({{ id }}), 8) as bit(32)) as bigint){% endmacro %}

{% macro duckdb__id_hash(id) %}cast('0x' || left(md5({{ id }}), 8) as bigint){% endmacro %}


{#- The word for one of PostgreSQL's types. -#}
{% macro column_type(name) %}{{ return(adapter.dispatch('column_type')(name)) }}{% endmacro %}

{% macro default__column_type(name) %}{{ return(name) }}{% endmacro %}

{% macro duckdb__column_type(name) %}
  {{ return(name | replace('jsonb', 'json') | replace('numeric', 'decimal(38, 9)')) }}
{% endmacro %}


{% macro load_files() %}{{ return(adapter.dispatch('load_files')()) }}{% endmacro %}

{% macro default__load_files() %}{% endmacro %}

{#- Make the tables of the two systems from files of target-jsonl: `<DBT_DUCKDB_FILES>/tap_rotor/leads.jsonl`
    and so on, where that variable is set. It appends what it is sent and tells nothing of deletions, so the
    last line of an id holds. A table without a file stays as it is: somebody else may have made it. -#}
{% macro duckdb__load_files() %}
  {%- if execute and env_var('DBT_DUCKDB_FILES', '') -%}
    {%- for table in graph.sources.values() if table.source_name in ('rotor', 'nexus_erp') -%}
      {%- if _is_file(_file(table.schema, table.name)) -%}
        {%- set columns = table.columns.values() | list -%}
        {%- set has_ids = columns[0].name == 'id' -%}
        create schema if not exists {{ table.schema }};
        create or replace table {{ table.schema }}.{{ table.name }} as
        with lines as (
          select json as line, row_number() over () as number
          from read_ndjson_objects('{{ _file(table.schema, table.name) }}')
        )
        select
        {%- for column in columns %}
          {% if column.name == '_sdc_extracted_at' and has_ids -%} readings.started_at
          {%- else -%} {{ _field(column) }}
          {%- endif %} as {{ adapter.quote(column.name) }},
        {%- endfor %}
        from lines
        {% if has_ids -%}
        left join ({{ _readings(table) }}) as readings
          on lines.number > readings.after and lines.number <= readings.until
        qualify row_number() over (partition by line ->> '$.id' order by number desc) = 1
        {%- endif -%};
      {%- endif -%}
    {%- endfor -%}
  {%- endif -%}
{% endmacro %}

{#- Which lines of a file each reading of its list wrote, counted from the last line by how many rows
    it sent, as target-jsonl does not say; what stands before them was read before the first. -#}
{% macro _readings(table) %}
  {%- if _is_file(_file(table.schema, 'reads')) -%}
    with sent as (
      select
        cast(json ->> '$.started_at' as timestamp) as started_at,
        cast(json ->> '$.rows_sent' as bigint) as rows_sent,
        row_number() over () as number
      from read_ndjson_objects('{{ _file(table.schema, 'reads') }}')
      where json ->> '$.stream' = '{{ table.name }}' and json ->> '$.started_at' is not null
    ),
    placed as (
      select
        started_at,
        rows_sent,
        (select count(*) from lines) - sum(rows_sent) over (order by number desc) as after
      from sent
    )
    select started_at, after, after + rows_sent as until from placed
    union all
    select min(started_at) - interval '1 microsecond', 0, min(after) from placed
  {%- else -%}
    select cast(null as timestamp) as started_at, 0 as after, 0 as until
  {%- endif -%}
{% endmacro %}

{% macro _file(schema, name) %}
  {{- return(env_var('DBT_DUCKDB_FILES') ~ '/' ~ schema ~ '/' ~ name ~ '.jsonl') -}}
{% endmacro %}

{% macro _is_file(file) %}
  {{- return((run_query("select 1 from glob('" ~ file ~ "')").rows | length) > 0) -}}
{% endmacro %}

{% macro _field(column) %}
  {%- set kind = column_type(column.data_type) -%}
  {%- if kind == 'json' -%} line -> '$.{{ column.name }}'
  {%- elif kind.endswith('[]') -%} cast(line -> '$.{{ column.name }}' as {{ kind }})
  {%- else -%} try_cast(line ->> '$.{{ column.name }}' as {{ kind }})
  {%- endif -%}
{% endmacro %}
