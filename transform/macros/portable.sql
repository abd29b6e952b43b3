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


{#- A text in ISO 8601 as a moment in UTC, null where it is none; without an offset it is UTC. -#}
{% macro iso_moment(text) %}{{ return(adapter.dispatch('iso_moment')(text)) }}{% endmacro %}

{#- PostgreSQL has no cast that yields null before its version 16, so what is cast is checked first. -#}
{% macro default__iso_moment(text) %}
  {%- set leap = '(\d\d(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29' -%}
  {%- set day = '(0[1-9]|1\d|2[0-8])' -%}
  {%- set date = '(\d{4}-((0[1-9]|1[0-2])-' ~ day ~ '|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)|' ~ leap ~ ')' -%}
  {%- set time = '([01]\d|2[0-3]):[0-5]\d(:[0-5]\d([.,]\d{1,9})?)?' -%}
  {%- set offset = '(Z|[+-](0\d|1[0-4])(:?[0-5]\d)?)' %}
  case
    when {{ text }} ~ '^{{ date }}([T ]{{ time }})?$' and {{ text }} !~ '^0000'
      then cast(replace({{ text }}, ',', '.') as timestamp)
    when {{ text }} ~ '^{{ date }}[T ]{{ time }}{{ offset }}$' and {{ text }} !~ '^0000'
      then cast(replace({{ text }}, ',', '.') as timestamptz) at time zone 'UTC'
  end
{% endmacro %}

{% macro duckdb__iso_moment(text) %}
  (try_cast({{ text }} as timestamptz) at time zone 'UTC')
{% endmacro %}


{#- Whether a text says no more than a day. -#}
{% macro is_day(text) %}(length({{ text }}) = 10){% endmacro %}


{#- The word for one of PostgreSQL's types. -#}
{% macro column_type(name) %}{{ return(adapter.dispatch('column_type')(name)) }}{% endmacro %}

{% macro default__column_type(name) %}{{ return(name) }}{% endmacro %}

{% macro duckdb__column_type(name) %}
  {{ return(name | replace('jsonb', 'json') | replace('numeric', 'decimal(38, 9)')) }}
{% endmacro %}


{% macro load_files() %}{{ return(adapter.dispatch('load_files')()) }}{% endmacro %}

{% macro default__load_files() %}{% endmacro %}

{#- Make the tables of the sources from files of target-jsonl: `<ROTOR_FILES>/leads.jsonl` and so on.
    It appends what it is sent and tells nothing of deletions, so the last line of an id holds. -#}
{% macro duckdb__load_files() %}
  {%- if execute -%}
    {%- for table in graph.sources.values() -%}
      {%- set file = env_var('ROTOR_FILES', 'output') ~ '/' ~ table.name ~ '.jsonl' -%}
      create schema if not exists {{ table.schema }};
      {% if run_query("select 1 from glob('" ~ file ~ "')").rows -%}
        create or replace table {{ table.schema }}.{{ table.name }} as
        select
        {%- for column in table.columns.values() %}
          {{ _field(column) }} as {{ column.name }},
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
