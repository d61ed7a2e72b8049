"""Figures of units."""

from datetime import date
from typing import Annotated, Any

import strawberry
from strawberry import Parent

from domain import measures, privacy_measures, village_measures
from domain.errors import BadArgument
from resolvers import measures as measure_reads
from schema.context import Info
from schema.graph import OrgUnitT, VillageT, bad_argument, described, edge, shows


async def _unit(root: Parent[measures.Measure | privacy_measures.PrivacyMeasure], info: Info) -> Any:
    return (await info.context.organisation_of(root.township)).units[root.unit_id]


@shows(measures.Measure, "Figures of one unit for one period; never of a person (统计).")
class Measure:
    unit: Any = edge(_unit, OrgUnitT, "Whose figures (组织).")
    requests: int = described("Requests that came in during the period (受理数).")
    due: int = described("Requests whose promise fell due in the period, as far as its days are over (应办结数).")
    acknowledged_on_time_rate: float | None = described("Acknowledged in time, of those assigned and due for it (按时签收率).")
    contact_rate: float | None = described("First real contact in time, of those due for contact (响应率).")
    completion_rate: float | None = described("Completed, of those due (结案率).")
    on_time_rate: float | None = described("Completed within the promise, of those due less those on hold (按期办结率).")
    on_time_rate_at_first: float | None = described("The same by what was promised first, before any extension or pause (原定期限按期率).")
    resolved_rate: float | None = described('"Solved", of residents who answered (解决率).')
    own_resolved_rate: float | None = described("The same of those who asked by themselves (自助诉求解决率).")
    helped_resolved_rate: float | None = described("The same of those who were helped or had a proxy (代填代办诉求解决率).")
    satisfied_rate: float | None = described("The three upper grades, of residents who answered (满意率).")
    answer_coverage: float | None = described("Answered, of closed (回访覆盖率).")
    rework_rate: float | None = described("Requests reworked at least once, of closed (重办率).")
    extension_rate: float | None = described("Requests whose promise was extended, of closed (延期率).")
    return_rate: float | None = described("Returns, of tasks assigned (退单率).")
    wrong_return_rate: float | None = described("Returns that were refused, of returns (错误退单率).")
    proactive_share: float | None = described("Tasks that nobody had to ask for, of all tasks (未诉先办占比).")
    proxy_share: float | None = described("Asked for by a proxy, of requests (代办占比).")
    assisted_share: float | None = described("Typed by somebody for them, of requests (代填占比).")
    repeat_rate: float | None = described("Asked for again at the same place within 30 days, of requests (重复诉求率).")
    leg_share: float | None = described("Time in the unit's hands, of the time that was promised (环节用时占比).")
    callout_on_time_rate: float | None = described("Reported in within the limit, of call-outs that fell due (报到及时率).")
    median_hours_to_contact: float | None = described("Median time from asking to the first contact, in hours (联系时长中位数).")
    p90_hours_to_contact: float | None = described("Time within which nine of ten were contacted, in hours (联系时长九成位).")
    median_office_hours_to_contact: float | None = described("The same median in office hours (联系工作时长中位数).")
    p90_office_hours_to_contact: float | None = described("The same nine of ten in office hours (联系工作时长九成位).")
    median_hours_to_close: float | None = described("Median time from asking to the end, in hours (办结时长中位数).")
    p90_hours_to_close: float | None = described("Time within which nine of ten came to their end, in hours (办结时长九成位).")
    median_office_hours_to_close: float | None = described("The same median in office hours (办结工作时长中位数).")
    p90_office_hours_to_close: float | None = described("The same nine of ten in office hours (办结工作时长九成位).")
    deferred_stock: int | None = described("Tasks on the long ledger now, whatever the period (挂账存量).")
    p90_days_deferred: float | None = described("For how many days nine of ten of these have been there at most (挂账时长九成位).")
    link_coverage: float | None = described("Homes with a live link now, of homes in its grids, whatever the period (联户覆盖率).")


async def _village(root: Parent[village_measures.VillageMeasure], info: Info) -> Any:
    return (await info.context.organisation_of(root.township)).villages[root.village_id]


@shows(
    village_measures.VillageMeasure, "Figures of what those who left one village asked a unit for, at least ten in each month (原村统计)."
)
class VillageMeasure:
    village: Any = edge(_village, VillageT, "The village that they left (迁出村).")
    requests: int = described("Requests that came in during the period (受理数).")
    due: int = described("Requests whose promise fell due in the period (应办结数).")
    contact_rate: float | None = described("First real contact in time, of those due for contact (响应率).")
    completion_rate: float | None = described("Completed, of those due (结案率).")
    on_time_rate: float | None = described("Completed within the promise, of those due less those on hold (按期办结率).")
    resolved_rate: float | None = described('"Solved", of residents who answered (解决率).')
    satisfied_rate: float | None = described("The three upper grades, of residents who answered (满意率).")
    answer_coverage: float | None = described("Answered, of closed (回访覆盖率).")
    rework_rate: float | None = described("Requests reworked at least once, of closed (重办率).")
    median_hours_to_contact: float | None = described("Median time from asking to the first contact, in hours (联系时长中位数).")
    median_hours_to_close: float | None = described("Median time from asking to the end, in hours (办结时长中位数).")


@shows(privacy_measures.PrivacyMeasure, "How one unit handled what is known of persons, for one period; never of one of them (隐私统计).")
class PrivacyMeasure:
    unit: Any = edge(_unit, OrgUnitT, "Whose figures (组织).")
    reveals: int = described("How often a contact was shown (联系方式查看次数).")
    reveals_per_task: float | None = described("The same, for each task of a request (单均查看次数).")
    reveals_without_contact_share: float | None = described("Shown, and no contact and no try afterwards, of all (查看后未联系占比).")
    subject_requests_due: int | None = described(
        "What persons asked about their data, and fell due; of the township only (个人信息请求应答数)."
    )
    subject_requests_on_time_rate: float | None = described("Answered in time, of these (个人信息请求按期答复率).")


UnitId = Annotated[strawberry.ID, strawberry.argument(description="The unit (组织).")]
FirstDay = Annotated[date, strawberry.argument(name="from", description="First day (起始日期).")]
LastDay = Annotated[date, strawberry.argument(name="to", description="Last day, inclusive (截止日期).")]


async def _measures(info: Info, unit_id: UnitId, first_day: FirstDay, last_day: LastDay) -> Any:
    try:
        return await measure_reads.measures(unit_id, first_day, last_day, by=info.context.actor, ports=info.context.ports)
    except BadArgument as error:
        raise bad_argument(error) from error


async def _by_origin_village(info: Info, unit_id: UnitId, first_day: FirstDay, last_day: LastDay) -> Any:
    context = info.context
    try:
        return await measure_reads.measures_by_origin_village(unit_id, first_day, last_day, by=context.actor, ports=context.ports)
    except BadArgument as error:
        raise bad_argument(error) from error


async def _privacy(info: Info, unit_id: UnitId, first_day: FirstDay, last_day: LastDay) -> Any:
    try:
        return await measure_reads.privacy_measures(unit_id, first_day, last_day, by=info.context.actor, ports=info.context.ports)
    except BadArgument as error:
        raise bad_argument(error) from error


@strawberry.type
class MeasureQueries:
    measures: Any = edge(_measures, list[Measure], "Figures of a unit and its children, for those who answer for them (统计).")
    measures_by_origin_village: Any = edge(
        _by_origin_village,
        list[VillageMeasure],
        "Figures by the village that homes left, of the township or what serves several right below it; whole months (按原村统计).",
    )
    privacy_measures: Any = edge(
        _privacy,
        list[PrivacyMeasure],
        "How a unit and its children handled contacts; for its leaders and the privacy officer (隐私统计).",
    )
