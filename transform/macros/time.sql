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


{#- A text in ISO 8601 as a moment in UTC, null where it is none; without an offset it is UTC. What is
    cast is checked first: PostgreSQL has no cast that yields null before its version 16. -#}
{% macro iso_moment(text) %}
  {%- set leap = '(\d\d(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29' -%}
  {%- set day = '(0[1-9]|1\d|2[0-8])' -%}
  {%- set date = '(\d{4}-((0[1-9]|1[0-2])-' ~ day ~ '|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)|' ~ leap ~ ')' -%}
  {%- set time = '([01]\d|2[0-3]):[0-5]\d(:[0-5]\d([.,]\d{1,9})?)?' -%}
  {%- set offset = '(Z|[+-](0\d|1[0-4])(:?[0-5]\d)?)' %}
  case
    when {{ text }} ~ '^0000.*$' then null
    when {{ text }} ~ '^{{ date }}([T ]{{ time }})?$' then cast(replace({{ text }}, ',', '.') as timestamp)
    when {{ text }} ~ '^{{ date }}[T ]{{ time }}{{ offset }}$'
      then cast(replace({{ text }}, ',', '.') as timestamptz) at time zone 'UTC'
  end
{% endmacro %}


{#- Whether a text says no more than a day. -#}
{% macro is_day(text) %}(length({{ text }}) = 10){% endmacro %}
