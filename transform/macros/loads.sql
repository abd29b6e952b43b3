{#- The lists that are loaded: system, table, and where runs read on from the run before, the columns
    of a row's creation and of the replication key. -#}
{% macro loaded_lists() %}
  {{ return([
    ('rotor', 'leads', 'created_at', 'created_at'),
    ('rotor', 'pins', 'created_at', 'created_at'),
    ('rotor', 'pin_types', none, none),
    ('rotor', 'customers', none, none),
    ('rotor', 'service_plans', none, none),
    ('rotor', 'serviced_jobs', none, none),
    ('nexus_erp', 'leads', 'createdAt', 'updatedAt'),
  ]) }}
{% endmacro %}


{#- For `source freshness`: when the last proven reading of a source's table ended; of `reads` when
    any reading did. Where `reads` is not there, when the newest row was read. -#}
{% macro last_proven(table) %}
  {%- set reads = load_relation(table.incorporate(path={'identifier': 'reads'})) -%}
  {%- if not reads -%} select max(_sdc_extracted_at) from {{ table }}
  {%- elif table.identifier == 'reads' -%} select max(ended_at) from {{ reads }}
  {%- else -%}
    select max(ended_at) from {{ reads }} where stream = '{{ table.identifier }}' and outcome = 'proven'
  {%- endif -%}
{% endmacro %}


{#- What the runs of a tap say of each list that they read: `reads`, with its lists as table_name. -#}
{% macro readings_of(system) %}
select
    run_id,
    stream as table_name,
    started_at,
    ended_at,
    outcome,
    reason,
    detail,
    proof,
    scope,
    read_since,
    passes,
    requests,
    rows_read,
    rows_sent,
    repeats,
    rows_listed_first,
    rows_listed_last,
    newest,
    bookmark_before,
    bookmark_after,
    last_whole_read_at,
    id_checksum,
    settings,
    tap_version,
    _sdc_extracted_at as extracted_at
from {{ source_rows(system, 'reads') }}
{% endmacro %}
