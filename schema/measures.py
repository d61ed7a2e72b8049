"""Figures of units."""

from typing import Any

from strawberry import Parent

from domain import measures
from schema.context import Info
from schema.graph import OrgUnitT, described, edge, shows


async def _unit(root: Parent[measures.Measure], info: Info) -> Any:
    return (await info.context.organisation_of(root.township)).units[root.unit_id]


@shows(measures.Measure, "Figures of one unit for one period; never of a person (统计).")
class Measure:
    unit: Any = edge(_unit, OrgUnitT, "Whose figures (组织).")
    requests: int = described("Requests that came in during the period (受理数).")
    due: int = described("Requests whose promise fell due in the period (应办结数).")
    contact_rate: float | None = described("First real contact in time, of those due for contact (响应率).")
    on_time_rate: float | None = described("Completed within the promise, of those due less those on hold (按期办结率).")
    resolved_rate: float | None = described('"Solved", of residents who answered (解决率).')
    satisfied_rate: float | None = described("The three upper grades, of residents who answered (满意率).")
    answer_coverage: float | None = described("Answered, of closed (回访覆盖率).")
    rework_rate: float | None = described("Requests reworked at least once, of closed (重办率).")
    return_rate: float | None = described("Returns, of tasks assigned (退单率).")
    median_hours_to_close: float | None = described("Median time from asking to the end, in hours (办结时长中位数).")
    p90_hours_to_close: float | None = described("Time within which nine of ten came to their end, in hours (办结时长九成位).")
