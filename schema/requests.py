"""Requests: what residents ask for."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import Parent

from domain import requests
from domain.attachments import Attachment as AttachmentThing
from domain.errors import BadArgument
from domain.ids import Kind, derived
from domain.items import MatterScope
from domain.items import ServiceItem as Item
from domain.people import Person, alias
from domain.ports import RequestQuery
from domain.request_moves import RequestAction, request_actions
from domain.requests import DeclineReason, EntryKind, Grade, HandOffTo, RequestState, Verdict
from domain.search import Sought, sought
from resolvers import requests as deeds
from resolvers.history import history_of_request
from schema.beside import goes_on_in, merged_count, merged_into, promise_due_at, related, repeats, status_text
from schema.confirmations import confirmation_code_of
from schema.context import Info
from schema.follower_counts import CountedFollowers
from schema.graph import WANTED, HouseholdT, MaskedContactT, Node, PersonT, RequestT, TaskT, bad_argument, described, edge, several, shows
from schema.organisation import GeoPoint, GeoPointInput, ServiceItem
from schema.pages import After, Before, EventConnection, EventEdge, First, Last, connection, wanted_page
from schema.refusal import payload, result
from schema.slips import slip_of


async def item_of(root: Parent[requests.Request], info: Info) -> Item:
    return (await info.context.ports.catalogue.items())[root.item_id]


async def _text(root: Parent[requests.Request], info: Info) -> str:
    words = await info.context.loaders.words.load(root)
    return words.text or "" if words else ""


async def _address(root: Parent[requests.Request], info: Info) -> str | None:
    words = await info.context.loaders.words.load(root)
    return words.address if words else None


async def _location(root: Parent[requests.Request], info: Info) -> Any:
    words = await info.context.loaders.words.load(root)
    return words.location if words else None


async def _household(root: Parent[requests.Request], info: Info) -> Any:
    return await info.context.loaders.household_of_request.load(root) if root.household_id else None


async def _named(root: requests.Request, person_id: str | None, info: Info) -> Person | None:
    """Whoever asked, by the name that is for the reader."""
    found = await info.context.loaders.person_named.load((root.township, person_id)) if person_id else None
    actor = info.context.actor
    if found is None or found.id == actor.id or not root.hides_name_from(actor):
        return found
    # An id would be worth the name: whoever has it may let that person be their proxy, and is told whom they chose.
    id_ = derived(Kind.PERSON, root.id, f"asker {root.askers.index(found.id)}")
    return replace(found, id=id_, display_name=alias(found.display_name))


async def _submitted_by(root: Parent[requests.Request], info: Info) -> Person | None:
    return await _named(root, root.submitted_by_id, info)


async def _on_behalf_of(root: Parent[requests.Request], info: Info) -> Person | None:
    return await _named(root, root.on_behalf_of_id, info)


async def _contact(root: Parent[requests.Request], info: Info) -> Any:
    return await info.context.loaders.contact_of_request.load(root)


async def _agent(root: Parent[requests.Request], info: Info) -> Person | None:
    return await _named(root, root.agent_id, info)


def _entry(root: Parent[requests.Request], info: Info) -> EntryKind | None:
    return None if root.hides_person_from(root.as_asker(info.context.actor)) else root.entry


def _overdue(root: Parent[requests.Request], info: Info) -> bool:
    return root.is_overdue(info.context.at)


def _attachments(root: Parent[requests.Request]) -> list[AttachmentThing]:
    return []


async def _tasks(root: Parent[requests.Request], info: Info) -> Any:
    return await info.context.loaders.tasks_of_request.load((root.township, root.id)) or []


async def _history(
    root: Parent[requests.Request], info: Info, first: First = 20, after: After = None, last: Last = None, before: Before = None
) -> Any:
    page = wanted_page(first, after, last, before)
    events = await history_of_request(root, page, by=info.context.actor, ports=info.context.ports)
    return connection(EventEdge, EventConnection, events)


async def _actions(root: Parent[requests.Request], info: Info) -> list[RequestAction]:
    return list(request_actions(root, info.context.actor, at=info.context.at, into=await goes_on_in(root, info)))


@shows(AttachmentThing, "A picture or voice that belongs to a request (附件).")
class Attachment(Node):
    content_type: str = described("Media type (类型).")
    bytes: int = described("Bytes received so far (大小).")
    complete: bool = described("Whether it is all there (是否完整).")
    url: str | None = described("Where to get it, once it is complete (地址).")


@shows(requests.Request, "What a resident asked for (诉求).")
class Request(Node, CountedFollowers):
    number: str = described("The number to read out: township, date, random part, check digit (诉求编号).")
    state: RequestState = described("Where it stands (状态).")
    status_text: Any = edge(status_text, str, "Where it stands, in one plain sentence (进度说明).")
    item: Any = edge(item_of, ServiceItem, "What was asked for (服务事项).")
    scope: MatterScope = described("Which of the two addresses it belongs to (事项归属).")
    text: Any = edge(_text, str, "In the resident's words; empty once erased (诉求内容).")
    address: Any = edge(_address, str | None, "Where, in words (地址说明).")
    location: Any = edge(_location, GeoPoint | None, "Where, as a point (位置).")
    household: Any = edge(_household, HouseholdT | None, "Which home; not where it is shielded (住户).")
    submitted_by: Any = edge(_submitted_by, PersonT | None, "Who made it; not where it is shielded (提交人).")
    on_behalf_of: Any = edge(_on_behalf_of, PersonT | None, "For whom, where somebody else made it (被代办人).")
    contact: Any = edge(
        _contact, MaskedContactT | None, "How whoever it is for can be reached, masked; not where it is shielded (脱敏联系方式)."
    )
    agent: Any = edge(_agent, PersonT | None, "Who acts for them under a grant (代办人).")
    entry: Any = edge(_entry, EntryKind | None, "How it came in; not where it is shielded (录入方式).")
    slip: Any = edge(slip_of, str, "To print or write down for whoever asked, in lines of 42 columns (回执).")
    submitted_at: datetime = described("When (提交时间).")
    promise_due_at: Any = edge(promise_due_at, datetime | None, "The promise: when an answer is due (承诺时限).")
    promise_provisional: bool = described("Whether a calendar that is not published yet may move the promise (时限待定).")
    promise_first_due_at: datetime | None = described("What was promised first, once the promise has moved (最初承诺时限).")
    extended_by: int = described("By how many working days the promise was extended in all (已延期工作日).")
    accept_by: datetime | None = described("By when it is to be taken in, while it waits for that (受理时限).")
    held_at: datetime | None = described("Since when the promise stands still, while it does (暂缓起始时间).")
    overdue: Any = edge(_overdue, bool, "Whether the promise is broken; never while it is provisional (是否逾期).")
    rework_count: int = described("How often it was done again (重办次数).")
    attachments: Any = edge(_attachments, list[Attachment], "Pictures and voice (附件).")
    tasks: Any = edge(_tasks, list[TaskT], "The work on it, the lead first (工单).")
    history: Any = edge(_history, EventConnection, "What happened, its tasks' acts included, newest first (办理历史).")
    verdict: Verdict | None = described("The resident's latest answer (是否解决).")
    grade: Grade | None = described("The resident's latest grade (评价).")
    calls_begun_at: datetime | None = described(
        "While it is asked whether it helped: since when somebody from outside calls too (开始回访时间)."
    )
    answer_by: datetime | None = described("Until when an answer is waited for, once the calls have begun (答复期限).")
    closed_unanswered: bool = described("Whether it was closed because no answer came (无人答复结案).")
    confirmation_code: Any = edge(
        confirmation_code_of, str | None, "Six digits to give to the worker once it is done; for whoever has the last word, alone (确认码)."
    )
    merged_into: Any = edge(merged_into, RequestT | None, "The request in which it goes on; for whoever may see that (并入诉求).")
    merged_count: Any = edge(merged_count, int | None, "How many others go on in it; for the staff (合并诉求数).")
    related: Any = edge(
        related,
        list[RequestT],
        "Of the same item at the same place, up to 30 days before or after it, the newest 20 of those that you see (相关诉求).",
    )
    repeats: Any = edge(
        repeats, RequestT | None, "The newest of the same item and place in the 30 days before; for whoever may see that (重复诉求)."
    )
    actions: Any = edge(_actions, list[RequestAction], "What you may do with it now, besides the last word (可用操作).")
    declined_because: DeclineReason | None = described("Why it was not taken on; the words are in its history (不予受理原因).")
    handed_off_to: HandOffTo | None = described("Who outside has it; the number told is in its history (转出去向).")
    version: int = described("Grows by one with every change (版本).")
    notice_version: int | None = described("The privacy notice that was given before it was made, where somebody said which (告知版本).")


COMMAND = "Made by the client; the same again is the same command (指令标识)."
VERSION = "Refuse with CONFLICT where the request is another version (预期版本)."
DEVICE = "When, by the phone's clock; never a reason to refuse (设备时间)."


@strawberry.input(description="Narrows a list of requests; all given parts hold (诉求筛选).")
class RequestFilter:
    states: list[RequestState] | None = strawberry.field(default=None, description="In one of these states (状态).")
    item_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Of these items (服务事项).")
    grid_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="In these grids (网格).")
    unit_id: strawberry.ID | None = strawberry.field(default=None, description="In the sub-tree of this unit (组织).")
    overdue: bool | None = strawberry.field(
        default=None, description="True: only broken promises, the longest broken first; false: only others (是否逾期)."
    )
    submitted_after: datetime | None = strawberry.field(default=None, description="Made at or after (提交时间起).")
    submitted_before: datetime | None = strawberry.field(default=None, description="Made before (提交时间止).")
    text: str | None = strawberry.field(
        default=None,
        description="With all these words or parts of words, up to 50 characters, newest first; never by a name or by five or more"
        " digits, and on record (关键词).",
    )


def request_query(filter: RequestFilter | None, *, asked_by_me: bool = False) -> RequestQuery:
    if filter is None:
        return RequestQuery(asked_by_me=asked_by_me)
    return RequestQuery(
        states=several(filter.states),
        item_ids=several(filter.item_ids),
        grid_ids=several(filter.grid_ids),
        unit_id=filter.unit_id,
        overdue=filter.overdue,
        submitted_after=filter.submitted_after,
        submitted_before=filter.submitted_before,
        asked_by_me=asked_by_me,
        sought=_sought(filter.text),
    )


def _sought(text: str | None) -> Sought | None:
    try:
        return None if text is None else sought(text)
    except BadArgument as error:
        raise bad_argument(error) from error


@strawberry.input(description="Asks for something (提交诉求).")
class SubmitRequestInput:
    command_id: UUID = strawberry.field(description="Made by the client; the same again is the same command (指令标识).")
    item_id: strawberry.ID = strawberry.field(description="What is asked for (服务事项).")
    text: str = strawberry.field(
        description="In the resident's words, 1 to 2,000 characters; a guardian asks for a child under fourteen (诉求内容)."
    )
    scope: MatterScope | None = strawberry.field(default=None, description="Which address it belongs to; else the item's (事项归属).")
    household_id: strawberry.ID | None = strawberry.field(default=None, description="Which home; else the sender's own (住户).")
    location: GeoPointInput | None = strawberry.field(default=None, description="Where, as a point (位置).")
    village_id: strawberry.ID | None = strawberry.field(
        default=None, description="Which village, picked from the list where neither home nor point is known; it takes the matter in (村)."
    )
    address: str | None = strawberry.field(default=None, description="Where, in words (地址说明).")
    attachment_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Pictures and voice (附件).")
    on_behalf_of_id: strawberry.ID | None = strawberry.field(default=None, description="For whom, where somebody else types (被代办人).")
    about_person_id: strawberry.ID | None = strawberry.field(
        default=None, description="Whom of the public posts it is about: they never see it (涉及人员)."
    )
    about_unit_id: strawberry.ID | None = strawberry.field(
        default=None, description="Which unit it is about: it starts one level up (涉及组织)."
    )
    for_household: bool | None = strawberry.field(
        default=None, description="A helper types for the home, where nobody signs in; householdId says which (为住户代填)."
    )
    device_time: datetime | None = strawberry.field(
        default=None, description="When, by the phone's clock; never a reason to refuse (设备时间)."
    )
    notice_version: int | None = strawberry.field(
        default=None, description="Which privacy notice was given before; kept with the request, never assumed (告知版本)."
    )

    def to_domain(self) -> deeds.SubmitRequest:
        return deeds.SubmitRequest(
            command_id=self.command_id,
            item_id=self.item_id,
            text=self.text,
            scope=self.scope,
            household_id=self.household_id,
            location=self.location.to_domain() if self.location else None,
            village_id=self.village_id,
            address=self.address,
            attachment_ids=several(self.attachment_ids),
            on_behalf_of_id=self.on_behalf_of_id,
            about_person_id=self.about_person_id,
            about_unit_id=self.about_unit_id,
            for_household=self.for_household,
            device_time=self.device_time,
            notice_version=self.notice_version,
        )


@strawberry.input(description="The resident's last word (评价办理结果).")
class AnswerFollowUpInput:
    command_id: UUID = strawberry.field(description="Made by the client; the same again is the same command (指令标识).")
    request_id: strawberry.ID = strawberry.field(description="Which request (诉求).")
    verdict: Verdict = strawberry.field(description="Did it help (是否解决).")
    grade: Grade = strawberry.field(description="Five grades (评价).")
    words: str | None = strawberry.field(default=None, description="Anything else, up to 2,000 characters (补充说明).")
    device_time: datetime | None = strawberry.field(
        default=None, description="When, by the phone's clock; never a reason to refuse (设备时间)."
    )

    def to_domain(self) -> deeds.AnswerFollowUp:
        return deeds.AnswerFollowUp(self.command_id, self.request_id, self.verdict, self.grade, self.words, self.device_time)


def request_payload(verb: str) -> Any:
    """`<Verb>Payload` of a verb of the request."""
    return payload(verb, "request", RequestT, "The request as it is now (诉求).")


SubmitRequestResult = result("SubmitRequest", request_payload("SubmitRequest"))
AnswerFollowUpResult = result("AnswerFollowUp", request_payload("AnswerFollowUp"))


async def submit_request(input: Annotated[SubmitRequestInput, WANTED], info: Info) -> Any:
    return await deeds.submit_request(input.to_domain(), by=info.context.actor, ports=info.context.ports)
