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


{#- The word for one of PostgreSQL's types. -#}
{% macro column_type(name) %}{{ return(adapter.dispatch('column_type')(name)) }}{% endmacro %}

{% macro default__column_type(name) %}{{ return(name) }}{% endmacro %}

{% macro duckdb__column_type(name) %}
  {{ return(name | replace('jsonb', 'json') | replace('numeric', 'decimal(38, 9)')) }}
{% endmacro %}


{% macro load_files() %}{{ return(adapter.dispatch('load_files')()) }}{% endmacro %}

{% macro default__load_files() %}{% endmacro %}

{#- Make the tables of the sources from files of target-jsonl: `<DBT_DUCKDB_FILES>/tap_rotor/leads.jsonl`
    and so on. It appends what it is sent and tells nothing of deletions, so the last line of an id holds. -#}
{% macro duckdb__load_files() %}
  {%- if execute -%}
    {%- for table in graph.sources.values() -%}
      {%- set file = env_var('DBT_DUCKDB_FILES', 'output') ~ '/' ~ table.schema ~ '/' ~ table.name ~ '.jsonl' -%}
      create schema if not exists {{ table.schema }};
      {% if run_query("select 1 from glob('" ~ file ~ "')").rows -%}
        create or replace table {{ table.schema }}.{{ table.name }} as
        select
        {%- for column in table.columns.values() %}
          {{ _field(column) }} as {{ adapter.quote(column.name) }},
        {%- endfor %}
        from (select json as line, row_number() over () as number from read_ndjson_objects('{{ file }}'))
        qualify row_number() over (partition by line ->> '$.id' order by number desc) = 1;
      {%- else -%}
        drop table if exists {{ table.schema }}.{{ table.name }};
      {%- endif -%}
    {%- endfor -%}
  {%- endif -%}
{% endmacro %}

{% macro _field(column) %}
  {%- set kind = column_type(column.data_type) -%}
  {%- if kind == 'json' -%} line -> '$.{{ column.name }}'
  {%- elif kind.endswith('[]') -%} cast(line -> '$.{{ column.name }}' as {{ kind }})
  {%- else -%} try_cast(line ->> '$.{{ column.name }}' as {{ kind }})
  {%- endif -%}
{% endmacro %}
