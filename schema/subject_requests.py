"""What persons ask about their own data, and the copy of it."""

import json
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import Parent

from domain import own_data as copies
from domain import subject_requests
from domain.pages import cursor
from domain.people import Person
from domain.subject_requests import SubjectRequestAct, SubjectRequestKind, SubjectRequestState
from resolvers import own_data as copy_deeds
from resolvers import subject_requests as deeds
from schema.context import Info
from schema.enumeration import described as described_enum
from schema.graph import WANTED, Node, PersonT, SubjectRequestT, deed, described, edge, shows
from schema.pages import After, Before, First, Last, SubjectRequestConnection, SubjectRequestEdge, connection, wanted_page
from schema.refusal import payload, result

MOST_ENTRIES = 100

described_enum(
    SubjectRequestKind,
    "What somebody asks about their own data (个人信息请求类型).",
    {
        "COPY": "A copy of everything that is stored (查阅复制).",
        "CORRECT": "That something is put right (更正).",
        "DELETE": "That it is removed (删除).",
        "EXPLAIN": "That it is explained (解释说明).",
    },
)
described_enum(
    SubjectRequestState,
    "Where such a request stands (个人信息请求状态).",
    {"OPEN": "Waits for an answer (待答复).", "DONE": "Done (已办理).", "REFUSED": "Refused, with a reason (不予同意)."},
)
described_enum(
    SubjectRequestAct,
    "What was done with it (个人信息请求操作).",
    {
        "MADE": "It was made (提出).",
        "COPY_READ": "A page of the copy was read (查阅副本).",
        "DECIDED": "It was answered (答复).",
        "RECOUNTED": "A new calendar counted its date anew (日历变更重算).",
    },
)


async def _named(township: str, person_id: str | None, info: Info) -> Person | None:
    return await info.context.loaders.person_named.load((township, person_id)) if person_id else None


async def _person(root: Parent[subject_requests.SubjectRequest], info: Info) -> Person | None:
    return await _named(root.township, root.person_id, info)


async def _made_by(root: Parent[subject_requests.SubjectRequest], info: Info) -> Person | None:
    return await _named(root.township, root.made_by_id, info)


async def _decided_by(root: Parent[subject_requests.SubjectRequest], info: Info) -> Person | None:
    return await _named(root.township, root.decided_by_id, info)


def _overdue(root: Parent[subject_requests.SubjectRequest], info: Info) -> bool:
    return root.is_overdue(info.context.at)


def _entries(root: Parent[subject_requests.SubjectRequest]) -> Any:
    return [_Entry(root.township, entry) for entry in root.entries[-MOST_ENTRIES:]]


class _Entry:
    """An entry with its township, for the names on it."""

    def __init__(self, township: str, entry: subject_requests.SubjectRequestEntry) -> None:
        self.township, self.by_id, self.at, self.act = township, entry.by_id, entry.at, entry.act


async def _by(root: Parent[Any], info: Info) -> Person | None:
    return await _named(root.township, root.by_id, info)


@strawberry.type(description="A line of a subject request's own history (办理记录).")
class SubjectRequestEntry:
    at: datetime = described("When (时间).")
    by: Any = edge(_by, PersonT | None, "Who (操作人).")
    act: SubjectRequestAct = described("What was done (操作).")


@shows(subject_requests.SubjectRequest, "What somebody asks about their own data (个人信息权利请求).")
class SubjectRequest(Node):
    kind: SubjectRequestKind = described("What is asked for (请求类型).")
    state: SubjectRequestState = described("Where it stands (状态).")
    person: Any = edge(_person, PersonT | None, "Whose data it is about (本人).")
    made_by: Any = edge(_made_by, PersonT | None, "Who typed it: the person, or somebody beside them (提交人).")
    words: str | None = described("In the person's words (说明).")
    made_at: datetime = described("When (提交时间).")
    due_at: datetime = described("By when an answer is due: fifteen working days (答复时限).")
    due_provisional: bool = described("Whether a calendar that is not published yet may move that (时限待定).")
    overdue: Any = edge(_overdue, bool, "Whether it is open past its time; never while that is provisional (是否逾期).")
    decided_at: datetime | None = described("When it was answered (答复时间).")
    decided_by: Any = edge(_decided_by, PersonT | None, "Who answered (答复人).")
    reason: str | None = described("The answer, or why not (答复或理由).")
    entries: Any = edge(_entries, list[SubjectRequestEntry], "Its own history, the last hundred lines, oldest first (办理记录).")
    version: int = described("Grows by one with every change (版本).")


def _text(root: Parent[copies.OwnData], info: Info) -> str:
    return "\n".join(" ".join(info.context.say(message) for message in line) for line in root.lines())


def _json(root: Parent[copies.OwnData]) -> str:
    return json.dumps(root.structured, ensure_ascii=False)


def _end_cursor(root: Parent[copies.OwnData]) -> str | None:
    return cursor(root.after) if root.after else None


@shows(copies.OwnData, "A page of everything that is stored about one person, the newest requests first (个人信息副本).")
class OwnData:
    made_at: datetime = described("When it was put together (生成时间).")
    text: Any = edge(_text, str, "To be read or printed (文本).")
    json: Any = edge(_json, str, "The same for programs, as a JSON object (结构化数据).")
    end_cursor: Any = edge(_end_cursor, str | None, "Where the next page begins; nothing on the last one (末游标).")


@strawberry.input(description="Asks about one's own data (提出个人信息请求).")
class RequestOwnDataInput:
    command_id: UUID = strawberry.field(description="Made by the client; the same again is the same command (指令标识).")
    kind: SubjectRequestKind = strawberry.field(description="What is asked for (请求类型).")
    words: str | None = strawberry.field(
        default=None, description="In the person's words, up to 2,000 characters; wanted for a correction or an explanation (说明)."
    )
    on_behalf_of_id: strawberry.ID | None = strawberry.field(
        default=None, description="Whose data, where a helper types beside the person (被代办人)."
    )


@strawberry.input(description="Answers what somebody asked about their data (答复个人信息请求).")
class DecideSubjectRequestInput:
    command_id: UUID = strawberry.field(description="Made by the client; the same again is the same command (指令标识).")
    subject_request_id: strawberry.ID = strawberry.field(description="Which one (个人信息权利请求).")
    done: bool = strawberry.field(description="Done, or refused; to agree to a removal removes the data (是否同意).")
    reason: str | None = strawberry.field(default=None, description="The answer; wanted for a no and for an explanation (答复或理由).")


RequestOwnDataPayload = payload("RequestOwnData", "subject_request", SubjectRequestT, "As it is now (个人信息权利请求).")
DecideSubjectRequestPayload = payload("DecideSubjectRequest", "subject_request", SubjectRequestT, "As it is now (个人信息权利请求).")
RequestOwnDataResult = result("RequestOwnData", RequestOwnDataPayload)
DecideSubjectRequestResult = result("DecideSubjectRequest", DecideSubjectRequestPayload)


async def _request_own_data(input: Annotated[RequestOwnDataInput, WANTED], info: Info) -> Any:
    sent = deeds.RequestOwnData(input.command_id, input.kind, input.words, input.on_behalf_of_id)
    return await deeds.request_own_data(sent, by=info.context.actor, ports=info.context.ports)


async def _decide(input: Annotated[DecideSubjectRequestInput, WANTED], info: Info) -> Any:
    sent = deeds.DecideSubjectRequest(input.command_id, input.subject_request_id, input.done, input.reason)
    return await deeds.decide_subject_request(sent, by=info.context.actor, ports=info.context.ports)


async def _page(
    info: Info,
    state: Annotated[SubjectRequestState | None, strawberry.argument(description="Only those that stand there (状态).")] = None,
    first: First = 20,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Any:
    page = wanted_page(first, after, last, before)
    found = await deeds.subject_requests_page(state, page, by=info.context.actor, ports=info.context.ports)
    return connection(SubjectRequestEdge, SubjectRequestConnection, found)


async def _own_page(info: Info, first: First = 20, after: After = None, last: Last = None, before: Before = None) -> Any:
    page = wanted_page(first, after, last, before)
    found = await deeds.own_subject_requests(page, by=info.context.actor, ports=info.context.ports)
    return connection(SubjectRequestEdge, SubjectRequestConnection, found)


async def _own_data(
    info: Info,
    subject_request_id: Annotated[
        strawberry.ID | None, strawberry.argument(description="For a privacy officer: an open request for a copy (个人信息权利请求).")
    ] = None,
    first: Annotated[int | None, strawberry.argument(description="How many requests, at most 20 (数量).")] = 20,
    after: After = None,
) -> Any:
    page, by, ports = wanted_page(first, after, None, None), info.context.actor, info.context.ports
    if subject_request_id is None:
        return await copy_deeds.own_data(page, by=by, ports=ports)
    return await copy_deeds.data_of_subject(subject_request_id, page, by=by, ports=ports)


@strawberry.type
class SubjectRequestQueries:
    subject_requests: Any = edge(
        _page, SubjectRequestConnection, "What persons of the township ask about their data, for a privacy officer (个人信息权利请求列表)."
    )
    own_data: Any = edge(
        _own_data,
        OwnData | None,
        "Everything that is stored about you, or about whoever asked a privacy officer for a copy: each reading is entered there (副本).",
    )


@strawberry.type
class ViewerSubjectRequests:
    subject_requests: Any = edge(_own_page, SubjectRequestConnection, "What you asked about your own data (我的个人信息请求).")


@strawberry.type
class SubjectRequestMutations:
    request_own_data: Any = deed(
        _request_own_data, RequestOwnDataResult, "Ask for a copy, a correction, removal or an explanation of your data (提出个人信息请求)."
    )
    decide_subject_request: Any = deed(_decide, DecideSubjectRequestResult, "Answer it, as a privacy officer (答复个人信息请求).")
