{#- The moment that ages are counted to: now, or `ROTOR_AS_OF` (in UTC), all moments being timestamps
    without time zone. -#}
{% macro as_of() %}
  {%- set moment = env_var('ROTOR_AS_OF', '') -%}
  {%- if moment -%} cast('{{ moment }}' as timestamp)
  {%- else -%} {{ utc_now() }}
  {%- endif -%}
{% endmacro %}


{% macro utc_now() %}cast(now() at time zone 'UTC' as timestamp){% endmacro %}


{#- The day of a moment in UTC, where the company is. -#}
{% macro local_day(moment) %}
  cast(({{ moment }} at time zone 'UTC') at time zone '{{ var("rotor_timezone") }}' as date)
{%- endmacro %}


{% macro local_month(moment) %}
  cast(date_trunc('month', ({{ moment }} at time zone 'UTC') at time zone '{{ var("rotor_timezone") }}') as date)
{%- endmacro %}


{#- Days from one moment to a later one, with two decimals; none where clocks disagree. -#}
{% macro days_between(begin, end) %}
  cast(
    case when {{ begin }} is not null and {{ end }} is not null then
      greatest(extract(epoch from ({{ end }} - {{ begin }})) / 86400, 0)
    end as numeric(12, 2)
  )
{%- endmacro %}
