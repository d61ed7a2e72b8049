"""The roots: everything that can be asked, done and followed."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig

from domain.access import Actor
from domain.errors import BadArgument
from domain.items import MatterScope, ServiceLine
from resolvers import organisation as organisation_reads
from resolvers import requests as request_reads
from schema import commands, followups, lists, notices, proxies, reach, requests, sync, tasks
from schema.accounts import AccountMutations, AccountQueries
from schema.assists import AssistMutations
from schema.board import BoardQueries
from schema.bulk import BulkMutations
from schema.callouts import CallOutMutations
from schema.campaigns import CampaignMutations, CampaignQueries
from schema.contacts import ContactMutations, ContactQueries
from schema.context import Info
from schema.duplicates import DuplicateMutations
from schema.enrolment import EnrolmentMutations
from schema.filters import FilterMutations
from schema.followers import FollowedMatter, FollowerMutations
from schema.graph import Node, bad_argument, deed, edge
from schema.homes import HomeMutations
from schema.households import Household, HouseholdLink
from schema.importing import ImportMutations, ImportQueries
from schema.intake import IntakeMutations
from schema.late_reports import ReportMutations
from schema.measures import MeasureQueries
from schema.nudges import NudgeMutations
from schema.organisation import (
    GeoPointInput,
    Grid,
    HubHousehold,
    MicroGrid,
    OrgUnit,
    Service,
    ServiceItem,
    Village,
)
from schema.pages import (
    RequestConnection,
    TaskConnection,
)
from schema.pauses import PauseMutations
from schema.people import Person
from schema.privacy_notices import PrivacyNoticeQueries
from schema.proactive import ProactiveMutations
from schema.recutting import RecuttingMutations, RecuttingQueries
from schema.refusal import Refusable
from schema.reopening import ReopeningMutations
from schema.reorganisation import ReorganisationMutations
from schema.requests import Attachment, Request
from schema.scalars import SCALARS
from schema.search import SearchQueries
from schema.similar import SimilarQueries
from schema.subject_requests import SubjectRequest, SubjectRequestMutations, SubjectRequestQueries
from schema.supervision import SupervisionMutations
from schema.tasks import Task
from schema.viewer import Viewer
from schema.withdrawals import WithdrawalMutations
from schema.workload import WorkloadQueries

MAX_NODES = 100


def _id(text: str) -> Any:
    return strawberry.argument(description=text)


async def _node(info: Info, id: Annotated[strawberry.ID, _id("Its id (标识).")]) -> Any:
    return await info.context.loaders.node.load(id)


async def _nodes(info: Info, ids: Annotated[list[strawberry.ID], _id("Their ids, at most 100 (标识).")]) -> Any:
    if len(ids) > MAX_NODES:
        raise GraphQLError(f"at most {MAX_NODES} ids at once", extensions={"code": "BAD_USER_INPUT"})
    return await info.context.loaders.node.load_many(ids)


def _viewer(info: Info) -> Actor | None:
    return info.context.actor if info.context.actor.is_signed_in else None


async def _org_unit(info: Info, code: Annotated[str, _id("Its code (编码).")]) -> Any:
    return await organisation_reads.unit_by_code(code, by=info.context.actor, ports=info.context.ports)


async def _grid_at(info: Info, point: Annotated[GeoPointInput, _id("The point (位置).")]) -> Any:
    return await organisation_reads.grid_at(point.to_domain(), by=info.context.actor, ports=info.context.ports)


def _villages(info: Info) -> Any:
    return organisation_reads.own_villages(by=info.context.actor)


async def _service_items(info: Info, line: Annotated[ServiceLine | None, _id("Only of this line (服务机制).")] = None) -> Any:
    return await organisation_reads.service_items(line, ports=info.context.ports)


async def _who_serves(
    info: Info,
    item_id: Annotated[strawberry.ID, _id("For what (服务事项).")],
    household_id: Annotated[strawberry.ID | None, _id("For a household: its people and staff in scope may ask (住户).")] = None,
    point: Annotated[GeoPointInput | None, _id("For a place: anybody may ask (位置).")] = None,
    scope: Annotated[MatterScope | None, _id("Which address the matter belongs to; else the item's (事项归属).")] = None,
    at: Annotated[datetime | None, _id("A past moment; else now (时间).")] = None,
) -> Any:
    context = info.context
    if (household_id is None) == (point is None):
        raise GraphQLError("give householdId or point, one of them", extensions={"code": "BAD_USER_INPUT"})
    try:
        if point is None:
            return await organisation_reads.who_serves_household(
                household_id or "", item_id, scope, at, by=context.actor, ports=context.ports
            )
        found = await organisation_reads.who_serves_point(point.to_domain(), item_id, scope, at, by=context.actor, ports=context.ports)
    except BadArgument as error:
        raise bad_argument(error) from error
    if found is None:
        return None
    service, organisation = found
    if at is None:
        # Of a past moment it is not what the rest of this operation shows.
        context.organisations.setdefault(organisation.township, organisation)
    return service


async def _request(info: Info, number: Annotated[str, _id("Its number (诉求编号).")]) -> Any:
    return await request_reads.request_by_number(number, by=info.context.actor, ports=info.context.ports)


@strawberry.type(description="Everything that can be asked (查询).")
class Query(
    AccountQueries,
    BoardQueries,
    CampaignQueries,
    ContactQueries,
    SearchQueries,
    SimilarQueries,
    PrivacyNoticeQueries,
    SubjectRequestQueries,
    RecuttingQueries,
    ImportQueries,
    MeasureQueries,
    WorkloadQueries,
):
    node: Any = edge(_node, Node | None, "Anything by its id; nothing where it does not exist for you (按标识查询).")
    nodes: Any = edge(_nodes, list[Node | None], "Several by their ids, in the order asked (批量按标识查询).")
    viewer: Any = edge(_viewer, Viewer | None, "You; nothing without sign-in, and until your sign-in is linked to a person (当前用户).")
    org_unit: Any = edge(_org_unit, OrgUnit | None, "A unit by its code (按编码查组织).")
    grid_at: Any = edge(_grid_at, Grid | None, "The grid around a point (按位置查网格).")
    villages: Any = edge(_villages, list[Village], "The villages of origin of your township, to pick from for a request (原村列表).")
    service_items: Any = edge(_service_items, list[ServiceItem], "The catalogue, public (服务事项目录).")
    who_serves: Any = edge(_who_serves, Service | None, "Who serves a household or a place, for a matter, at a time, and why (谁来服务).")
    request: Any = edge(_request, Request | None, "A request by its number (按编号查诉求).")
    requests: Any = edge(lists.requests, RequestConnection, "Requests in your scope, newest first (诉求列表).")
    tasks: Any = edge(lists.tasks, TaskConnection, "Tasks in your scope, newest first (工单列表).")
    changes: Any = edge(sync.changes, sync.ChangeBatch, "Everything in your scope that changed after a cursor, and what left it (变更).")


@strawberry.type(description="Everything that can be done; each answers its payload or a refusal (操作).")
class Mutation(
    CallOutMutations,
    SupervisionMutations,
    ProactiveMutations,
    AssistMutations,
    BulkMutations,
    CampaignMutations,
    FilterMutations,
    FollowerMutations,
    ContactMutations,
    proxies.ProxyMutations,
    followups.FollowUpMutations,
    IntakeMutations,
    DuplicateMutations,
    WithdrawalMutations,
    NudgeMutations,
    ReopeningMutations,
    ReportMutations,
    reach.ReachMutations,
    ReorganisationMutations,
    RecuttingMutations,
    HomeMutations,
    SubjectRequestMutations,
    EnrolmentMutations,
    AccountMutations,
    ImportMutations,
    PauseMutations,
):
    submit_request: Any = deed(requests.submit_request, requests.SubmitRequestResult, "Ask for something (提交诉求).")
    assign_task: Any = deed(tasks.assign_task, tasks.AssignTaskResult, "Give a task to somebody (派单／转派).")
    acknowledge_task: Any = deed(tasks.acknowledge_task, tasks.AcknowledgeTaskResult, "Take a task (签收).")
    start_task: Any = deed(tasks.start_task, tasks.StartTaskResult, "Log the first contact and begin (开始办理).")
    return_task: Any = deed(tasks.return_task, tasks.ReturnTaskResult, "Send a task back as not mine (退单).")
    decide_return: Any = deed(tasks.decide_return, tasks.DecideReturnResult, "Decide on a return (退单审核).")
    complete_task: Any = deed(tasks.complete_task, tasks.CompleteTaskResult, "Say that a task is done (办结).")
    verify_task: Any = deed(tasks.verify_task, tasks.VerifyTaskResult, "Check what somebody else did (核查).")
    register_device: Any = deed(notices.register_device, notices.RegisterDeviceResult, "Register a phone for pushes (登记设备).")
    retire_device: Any = deed(notices.retire_device, notices.RetireDeviceResult, "End pushes to a phone (注销设备).")
    mark_notices_read: Any = deed(notices.mark_notices_read, notices.MarkNoticesReadResult, "Mark lines of your inbox as read (标记已读).")
    apply_commands: Any = deed(
        commands.apply_commands,
        list[commands.CommandResult],
        "Carry out what a phone did offline; acts on one task are put in order first (批量执行指令).",
    )


@strawberry.type(description="Everything that can be followed (订阅).")
class Subscription:
    live_changes: Any = strawberry.subscription(
        resolver=sync.live_changes, graphql_type=sync.ChangeBatch, description="The feed of changes, pushed (实时变更)."
    )


def build_schema() -> strawberry.Schema:
    """The one schema that is served, printed and tested."""
    return strawberry.Schema(
        Query,
        Mutation,
        Subscription,
        types=[
            OrgUnit,
            Grid,
            MicroGrid,
            HubHousehold,
            HouseholdLink,
            Household,
            Village,
            Person,
            ServiceItem,
            Request,
            Task,
            Attachment,
            notices.Notice,
            FollowedMatter,
            proxies.ProxyGrant,
            SubjectRequest,
        ],
        exception_handlers=[Refusable()],
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
    )
