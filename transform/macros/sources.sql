{#- The rows of a source with every column that its description names, each of its declared type.
    A column, or the whole table, that is not there because it was deselected, or because the company
    does not load that system, gives nulls, or no rows. -#}
{% macro source_rows(system, table) %}
  {%- set declared = source(system, table) -%}
  {%- if execute -%}
    {%- set relation = load_relation(declared) -%}
    {%- set columns = adapter.get_columns_in_relation(relation) if relation else [] -%}
    {%- set there = columns | map(attribute='name') | list -%}
    (
      select
      {%- for column in source_columns(system, table) %}
        {% if column.name in there -%} {{ adapter.quote(column.name) }}
        {%- else -%} cast(null as {{ column_type(column.data_type) }}) as {{ adapter.quote(column.name) }}
        {%- endif -%}
        {{ "," if not loop.last }}
      {%- endfor %}
      {% if relation -%} from {{ relation }} {%- else -%} where false {%- endif %}
    ) as {{ table }}
  {%- endif -%}
{% endmacro %}


{% macro source_columns(system, table) %}
  {{ return(graph.sources['source.rotor.' ~ system ~ '.' ~ table].columns.values() | list) }}
{% endmacro %}


{#- What tells about the row and not about the thing, the same in every staging model. -#}
{% macro row_columns() %}
    extra_fields,
    _sdc_deleted_at is not null as is_deleted,
    _sdc_deleted_at as deleted_at,
    _sdc_extracted_at as extracted_at
{% endmacro %}


{#- A company's name, else a person's; null where there is neither. -#}
{% macro display_name(company, first, last) %}
  coalesce(nullif(trim({{ company }}), ''), nullif(trim(concat({{ first }}, ' ', {{ last }})), ''))
{%- endmacro %}


{#- Whether the table of a source is there. -#}
{% macro is_loaded(system, table) %}
  {%- set declared = source(system, table) -%}
  {{ 'true' if execute and load_relation(declared) else 'false' }}
{%- endmacro %}
