with pins as (
    select
        pins.*,
        {{ local_day('pins.created_at') }} as knocked_on,
        coalesce(pin_types.label, pins.pin_type_label, '(none)') as pin_type,
        coalesce(pins.created_by_id, lower(pins.created_by_email), pins.created_by_name, '(none)') as person_id
    from {{ ref('stg_rotor__pins') }} as pins
    left join {{ ref('stg_rotor__pin_types') }} as pin_types
        on pin_types.pin_type_id = pins.pin_type_id and not pin_types.is_deleted
    where not pins.is_deleted
)

select
    knocked_on,
    person_id,
    pin_type_id,
    pin_type,
    max(coalesce(created_by_name, created_by_email, '(none)')) as person,
    count(*) as knocks,
    min(created_at) as first_knock_at,
    max(created_at) as last_knock_at
from pins
group by knocked_on, person_id, pin_type_id, pin_type
