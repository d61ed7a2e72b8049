"""Units, posts, leave and the rota changed while work goes on."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import strawberry

from domain.organisation import OrgUnitKind
from domain.posts import Role
from resolvers import reorganisation as deeds
from schema.context import Info
from schema.graph import WANTED, AppointmentT, OrgUnitT, deed
from schema.refusal import payload, result
from schema.rota import Absence, Duty

COMMAND = "Made by the client; the same again is the same command (指令标识)."
SEEN = "The version that was seen; another one is refused (预期版本)."


@strawberry.input(description="Makes a unit (新建组织).")
class CreateUnitInput:
    command_id: UUID = strawberry.field(description=COMMAND)
    code: str = strawberry.field(description="10 to 20 digits that begin with the township's nine; never used before (编码).")
    name: str = strawberry.field(description="Name, at most 100 characters (名称).")
    kind: OrgUnitKind = strawberry.field(description="Kind of unit (类型).")
    parent_id: strawberry.ID = strawberry.field(description="The unit one level up (上级组织).")
    valid_from: date | None = strawberry.field(default=None, description="First day; else today (生效日期).")
    skill: str | None = strawberry.field(default=None, description="What a professional branch is for (专长).")
    covers: list[strawberry.ID] | None = strawberry.field(default=None, description="Units that an overlay co-ordinates (统筹范围).")


@strawberry.input(description="Puts a unit, and all below it, under another one (调整隶属).")
class MoveUnitInput:
    command_id: UUID = strawberry.field(description=COMMAND)
    unit_id: strawberry.ID = strawberry.field(description="The unit (组织).")
    parent_id: strawberry.ID = strawberry.field(description="Its new parent (新上级组织).")
    expected_version: int | None = strawberry.field(default=None, description=SEEN)


@strawberry.input(description="Gives a unit another name (组织更名).")
class RenameUnitInput:
    command_id: UUID = strawberry.field(description=COMMAND)
    unit_id: strawberry.ID = strawberry.field(description="The unit (组织).")
    name: str = strawberry.field(description="The new name, at most 100 characters (新名称).")
    expected_version: int | None = strawberry.field(default=None, description=SEEN)


@strawberry.input(description="Closes a unit (撤销组织).")
class CloseUnitInput:
    command_id: UUID = strawberry.field(description=COMMAND)
    unit_id: strawberry.ID = strawberry.field(description="The unit (组织).")
    valid_to: date | None = strawberry.field(
        default=None, description="Day from which it no longer is; today, where something is taken over (失效日期)."
    )
    successor_id: strawberry.ID | None = strawberry.field(
        default=None, description="The unit of its kind that takes over units and grids below it, and its open tasks (承接组织)."
    )
    expected_version: int | None = strawberry.field(default=None, description=SEEN)


@strawberry.input(description="Gives somebody a post (任命).")
class AppointInput:
    command_id: UUID = strawberry.field(description=COMMAND)
    person_id: strawberry.ID = strawberry.field(description="Who (任职人).")
    role: Role = strawberry.field(description="As what (角色).")
    unit_id: strawberry.ID = strawberry.field(description="Where (所在组织).")
    grid_id: strawberry.ID | None = strawberry.field(default=None, description="For which grid: a grid worker (网格).")
    micro_grid_id: strawberry.ID | None = strawberry.field(
        default=None, description="For which micro-grid: a hub host, a link member (微网格)."
    )
    since: date | None = strawberry.field(default=None, description="First day; else today (起始日期).")
    until: date | None = strawberry.field(default=None, description="Day from which it is no longer held (终止日期).")


@strawberry.input(description="Ends a post (免职).")
class EndAppointmentInput:
    command_id: UUID = strawberry.field(description=COMMAND)
    appointment_id: strawberry.ID = strawberry.field(description="The post (任职).")
    until: date | None = strawberry.field(default=None, description="Day from which it is no longer held; else today (终止日期).")


@strawberry.input(description="Records leave, one's own or a post holder's (登记请假).")
class RecordLeaveInput:
    command_id: UUID = strawberry.field(description=COMMAND)
    person_id: strawberry.ID = strawberry.field(description="Who is away (请假人).")
    since: date = strawberry.field(description="First day (起始日期).")
    until: date = strawberry.field(description="Day on which they are back (终止日期).")
    substitute_id: strawberry.ID | None = strawberry.field(
        default=None, description="Who stands in: somebody with a post in the same unit, above or below it (替班人)."
    )


@strawberry.input(description="Ends leave early (提前销假).")
class EndLeaveInput:
    command_id: UUID = strawberry.field(description=COMMAND)
    absence_id: strawberry.ID = strawberry.field(description="The leave (请假).")
    until: date | None = strawberry.field(default=None, description="Day on which they are back; else today (终止日期).")


@strawberry.input(description="Plans a turn on a rota (排班).")
class PlanDutyInput:
    command_id: UUID = strawberry.field(description=COMMAND)
    unit_id: strawberry.ID = strawberry.field(description="Whose rota (值班组织).")
    person_id: strawberry.ID = strawberry.field(description="Whose turn (值班人).")
    since: date = strawberry.field(description="First day (起始日期).")
    until: date = strawberry.field(description="Day from which it is somebody else's (终止日期).")
    grid_id: strawberry.ID | None = strawberry.field(default=None, description="For one grid of the unit only (网格).")


@strawberry.input(description="Ends a turn on a rota early (取消排班).")
class EndDutyInput:
    command_id: UUID = strawberry.field(description=COMMAND)
    duty_id: strawberry.ID = strawberry.field(description="The turn (值班).")
    until: date | None = strawberry.field(default=None, description="Day from which it is over; else today (终止日期).")


def _result(verb: str, field: str, shown: Any, text: str) -> Any:
    return result(verb, payload(verb, field, shown, text))


CreateUnitResult = _result("CreateUnit", "unit", OrgUnitT | None, "The new unit (组织).")
MoveUnitResult = _result("MoveUnit", "unit", OrgUnitT | None, "The unit as it stands now (组织).")
RenameUnitResult = _result("RenameUnit", "unit", OrgUnitT | None, "The unit as it stands now (组织).")
CloseUnitResult = _result("CloseUnit", "unit", OrgUnitT | None, "The unit as it stands now (组织).")
AppointResult = _result("Appoint", "appointment", AppointmentT | None, "The post (任职).")
EndAppointmentResult = _result("EndAppointment", "appointment", AppointmentT | None, "The post as it stands now (任职).")
RecordLeaveResult = _result("RecordLeave", "absence", Absence | None, "The leave (请假).")
EndLeaveResult = _result("EndLeave", "absence", Absence | None, "The leave; nothing where it had not begun (请假).")
PlanDutyResult = _result("PlanDuty", "duty", Duty | None, "The turn (值班).")
EndDutyResult = _result("EndDuty", "duty", Duty | None, "The turn; nothing where it had not begun (值班).")


async def done(act: Callable[..., Awaitable[Any]], sent: Any, info: Info) -> Any:
    """Does it; whatever the answer shows is then read with the rights that the new organisation gives."""
    context = info.context
    outcome = await act(sent, by=context.actor, ports=context.ports)
    context.begin(await context.sign_in_again(), context.at)
    return outcome


def _id(value: strawberry.ID | None) -> str | None:
    return None if value is None else str(value)


async def create_unit(input: Annotated[CreateUnitInput, WANTED], info: Info) -> Any:
    covers = None if input.covers is None else tuple(input.covers)
    sent = deeds.CreateUnit(input.command_id, input.code, input.name, input.kind, input.parent_id, input.valid_from, input.skill, covers)
    return await done(deeds.create_unit, sent, info)


async def move_unit(input: Annotated[MoveUnitInput, WANTED], info: Info) -> Any:
    sent = deeds.MoveUnit(input.command_id, input.unit_id, input.parent_id, input.expected_version)
    return await done(deeds.move_unit, sent, info)


async def rename_unit(input: Annotated[RenameUnitInput, WANTED], info: Info) -> Any:
    sent = deeds.RenameUnit(input.command_id, input.unit_id, input.name, input.expected_version)
    return await done(deeds.rename_unit, sent, info)


async def close_unit(input: Annotated[CloseUnitInput, WANTED], info: Info) -> Any:
    sent = deeds.CloseUnit(input.command_id, input.unit_id, input.valid_to, _id(input.successor_id), input.expected_version)
    return await done(deeds.close_unit, sent, info)


async def appoint(input: Annotated[AppointInput, WANTED], info: Info) -> Any:
    where = (input.unit_id, _id(input.grid_id), _id(input.micro_grid_id))
    sent = deeds.Appoint(input.command_id, input.person_id, input.role, *where, input.since, input.until)
    return await done(deeds.appoint, sent, info)


async def end_appointment(input: Annotated[EndAppointmentInput, WANTED], info: Info) -> Any:
    return await done(deeds.end_appointment, deeds.EndAppointment(input.command_id, input.appointment_id, input.until), info)


async def record_leave(input: Annotated[RecordLeaveInput, WANTED], info: Info) -> Any:
    sent = deeds.RecordLeave(input.command_id, input.person_id, input.since, input.until, _id(input.substitute_id))
    return await done(deeds.record_leave, sent, info)


async def end_leave(input: Annotated[EndLeaveInput, WANTED], info: Info) -> Any:
    return await done(deeds.end_leave, deeds.EndLeave(input.command_id, input.absence_id, input.until), info)


async def plan_duty(input: Annotated[PlanDutyInput, WANTED], info: Info) -> Any:
    sent = deeds.PlanDuty(input.command_id, input.unit_id, input.person_id, input.since, input.until, _id(input.grid_id))
    return await done(deeds.plan_duty, sent, info)


async def end_duty(input: Annotated[EndDutyInput, WANTED], info: Info) -> Any:
    return await done(deeds.end_duty, deeds.EndDuty(input.command_id, input.duty_id, input.until), info)


@strawberry.type
class ReorganisationMutations:
    """Part of `Mutation`."""

    create_unit: Any = deed(create_unit, CreateUnitResult, "Make a unit (新建组织).")
    move_unit: Any = deed(move_unit, MoveUnitResult, "Put a unit under another one (调整隶属).")
    rename_unit: Any = deed(rename_unit, RenameUnitResult, "Give a unit another name (组织更名).")
    close_unit: Any = deed(close_unit, CloseUnitResult, "Close a unit; another may take over (撤销组织).")
    appoint: Any = deed(appoint, AppointResult, "Give somebody a post (任命).")
    end_appointment: Any = deed(end_appointment, EndAppointmentResult, "End a post (免职).")
    record_leave: Any = deed(record_leave, RecordLeaveResult, "Record leave and who stands in (登记请假).")
    end_leave: Any = deed(end_leave, EndLeaveResult, "End leave early (提前销假).")
    plan_duty: Any = deed(plan_duty, PlanDutyResult, "Plan a turn on a rota (排班).")
    end_duty: Any = deed(end_duty, EndDutyResult, "End a turn on a rota early (取消排班).")
