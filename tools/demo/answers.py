"""What the dbt models answer."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from psycopg.rows import class_row

if t.TYPE_CHECKING:
    from decimal import Decimal

    import psycopg

AGE_BANDS = ("up to 30 days", "31 to 90 days", "91 to 365 days", "over a year", "(unknown)")

FUNNEL = """
select stage, stage_outcome as outcome,
    sum(leads_in_stage)::int as now, sum(leads_reached)::int as reached
from rotor.lead_funnel group by stage, stage_outcome, stage_position
order by stage_outcome = 'lost', stage_position nulls last, stage
"""

PIPELINE = """
select stage, age_band, sum(open_leads)::int as leads,
    sum(leads_without_value)::int as without_value, sum(projected_value) as value
from rotor.open_pipeline group by stage, stage_position, age_band, age_band_position
order by stage_position nulls last, stage, age_band_position
"""

HEADLINES = """
select count(*) as leads,
    count(*) filter (where outcome = 'open') as open,
    count(*) filter (where outcome = 'won') as won,
    count(*) filter (where outcome = 'lost') as lost,
    coalesce(sum(projected_value) filter (where outcome = 'open'), 0) as open_value,
    (select count(*) from rotor.follow_ups where due = 'overdue') as overdue,
    (select count(*) from rotor.lead_stage_transitions) as transitions
from rotor.leads
"""

COMMON_STAGES = """
select common_stage, count(*) filter (where source_system = 'rotor') as rotor,
    count(*) filter (where source_system = 'nexus_erp') as nexus_erp
from rotor.all_leads
left join (values ('new', 1), ('contacted', 2), ('qualified', 3), ('won', 4), ('lost', 5))
    as stages (common_stage, position) using (common_stage)
group by common_stage, position
order by position nulls last, common_stage
"""


@dataclass(frozen=True)
class Step:
    """A stage of the funnel: leads in it now, and those that ever got there."""

    stage: str
    outcome: str
    now: int
    reached: int


@dataclass(frozen=True)
class Open:
    """The open leads of a stage and age, and their value in dollars."""

    stage: str
    age_band: str
    leads: int
    without_value: int
    value: Decimal


@dataclass(frozen=True)
class Headlines:
    """Leads by outcome, the value of the open ones in dollars, and what was seen to happen."""

    leads: int
    open: int
    won: int
    lost: int
    open_value: Decimal
    overdue: int
    transitions: int


@dataclass(frozen=True)
class Answers:
    """All that the page shows."""

    headlines: Headlines
    funnel: list[Step]
    pipeline: list[Open]


def answers(connection: psycopg.Connection) -> Answers:
    """Return what the models have for the page."""
    with connection.cursor(row_factory=class_row(Headlines)) as cursor:
        (headlines,) = cursor.execute(HEADLINES).fetchall()
    with connection.cursor(row_factory=class_row(Step)) as steps:
        funnel = steps.execute(FUNNEL).fetchall()
    with connection.cursor(row_factory=class_row(Open)) as rows:
        pipeline = rows.execute(PIPELINE).fetchall()
    return Answers(headlines, funnel, pipeline)


def leads_by_common_stage(connection: psycopg.Connection) -> list[tuple[str, int, int]]:
    """Return how many leads Rotor and Nexus ERP have in each common stage."""
    return connection.execute(COMMON_STAGES).fetchall()
