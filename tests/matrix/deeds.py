"""Every id that a command can name, and how each is tried with one that is not for whoever tries, and with one that nothing has.

The inputs of all mutations are walked: an id that is in neither table fails `tests/journeys/test_matrix.py` by its name. One line each.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLInputObjectType, GraphQLObjectType, build_schema, get_named_type

from schema.printed import printed

LAMP = {"itemId": "$item", "text": "灯不亮"}
HERE = {**LAMP, "location": {"lat": 35.202, "lng": 115.502}}


@dataclass(frozen=True)
class Try:
    """`thing` is what must not be told apart from nothing; `by` is who tries, else everybody who does not see it."""

    thing: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    by: tuple[str, ...] = ()


TASK, CALL = "$task", {"reach": "PHONE", "phone": "13812345678"}

ABROAD = ("ADMINISTRATOR@another township",)
"""Who keeps another organisation: this one's units are on the notice board, and cannot be named there."""
NEW_UNIT = {"code": "990101102999", "name": "新组织", "kind": "PARTY_GROUP"}
LEADER = {"role": "GRID_LEADER", "personId": "$worker", "unitId": "$unit"}
CLEAN = {"title": "清扫", "text": "清扫楼道口", "audience": "GRIDS", "dueOn": "2026-11-27"}
DAYS = {"since": "2026-11-24", "until": "2026-12-01"}
STRANGERS = ("resident-4", "grid-worker-2", "grid-leader-2", "volunteer-1", "bystander")
"""They know the notice board and nothing else of the matter."""

OF_THE_OTHER_BRANCH = ("resident-4", "GRID_LEADER@a sibling branch", "SECRETARY@a sibling branch")
"""They see the request that lies there, `elsewhere`, and nothing of the matter."""

DEEDS: Mapping[str, Try] = {
    "submitRequest.householdId": Try("home", LAMP),
    "submitRequest.onBehalfOfId": Try("resident", HERE, by=("resident-4", "grid-worker-1", "dispatcher-1")),
    "submitRequest.aboutPersonId": Try("resident", HERE, by=("resident-4", "grid-worker-1", "dispatcher-1")),
    "submitRequest.aboutUnitId": Try("unit", HERE, by=("DISPATCHER@another township",)),
    "submitRequest.villageId": Try("village", LAMP, by=("DISPATCHER@another township",)),
    "assignTask.taskId": Try("task", {"assigneeId": "$worker"}),
    "assignTask.assigneeId": Try("resident", {"taskId": TASK}, by=("dispatcher-1", "grid-leader-1")),
    "bulkAssign.taskIds": Try("task", {"assigneeId": "$worker"}),
    "bulkAssign.assigneeId": Try("resident", {"taskIds": TASK}, by=("dispatcher-1", "grid-leader-1")),
    "bulkNudge.taskIds": Try("task"),
    "startCampaign.unitId": Try("unit", CLEAN, by=ABROAD),
    "acknowledgeTask.taskId": Try("task"),
    "startTask.taskId": Try("task", {"contact": "CALL"}),
    "returnTask.taskId": Try("task", {"reason": "NOT_MY_PLACE", "note": "不归我管"}),
    "returnTask.proposedOwnerId": Try("resident", {"taskId": TASK, "reason": "OTHER", "note": "不归我管"}, by=("grid-worker-1",)),
    "decideReturn.taskId": Try("task", {"approved": False, "reason": "归您管"}),
    "decideReturn.assigneeId": Try("resident", {"taskId": TASK, "approved": True}, by=("dispatcher-1",)),
    "completeTask.taskId": Try("task", {"outcome": "SOLVED", "note": "换了灯泡"}),
    "verifyTask.taskId": Try("task", {"passed": True}),
    "callOut.taskId": Try("task", {"unitIds": "$unit", "kind": "EMERGENCY", "arriveWithinMinutes": 30, "reason": "抢修"}),
    "callOut.unitIds": Try("unit", {"taskId": TASK, "kind": "EMERGENCY", "arriveWithinMinutes": 30, "reason": "抢修"}, by=ABROAD),
    "decideCallOut.taskId": Try("task", {"approved": True}),
    "reportIn.taskId": Try("task"),
    "decideReport.taskId": Try("task", {"reportId": "00000000-0000-4000-8000-000000000001", "approved": True}),
    "concludeCallOut.taskId": Try("task", {"unitId": "$unit", "grade": "GOOD"}),
    "superviseRequest.requestId": Try("request", {"reason": "拖了太久"}),
    "createTask.gridId": Try("grid", {"itemId": "$item", "text": "路面有坑"}, by=ABROAD),
    "addAssist.taskId": Try("task", {"what": "先停水", "unitId": "$unit"}),
    "addAssist.unitId": Try("unit", {"taskId": TASK, "what": "先停水"}, by=ABROAD),
    "addAssist.assigneeId": Try("resident", {"taskId": TASK, "what": "先停水"}, by=("grid-worker-1", "dispatcher-1")),
    "cancelTask.taskId": Try("task", {"reason": "不用办了"}),
    "requestExtension.taskId": Try("task", {"workingDays": 1, "reason": "缺人手"}),
    "decideExtension.taskId": Try("task", {"approved": True, "reason": "要等"}),
    "suspendTask.taskId": Try("task", {"cause": "WEATHER", "until": "2027-01-01T10:00:00+08:00"}),
    "resumeTask.taskId": Try("task"),
    "deferTask.taskId": Try("task", {"plan": "改造", "reason": "要等", "reviewOn": "2026-12-20"}),
    "decideDeferral.taskId": Try("task", {"approved": True}),
    "undeferTask.taskId": Try("task"),
    "objectToDeferral.requestId": Try("request", {"words": "不想再等"}),
    "followRequest.requestId": Try("request", by=(*STRANGERS, *ABROAD)),
    "unfollowRequest.requestId": Try("request"),
    "reportNotFixed.requestId": Try("request", {"text": "还是黑的"}),
    "answerFollowUp.requestId": Try("request", {"verdict": "SOLVED", "grade": "SATISFIED"}),
    "acceptRequest.requestId": Try("request"),
    "declineRequest.requestId": Try("request", {"reason": "OTHER_BODY", "whereToGo": "请到镇政府一楼窗口"}),
    "objectToDecline.requestId": Try("request", {"words": "这事归你们管"}),
    "mergeRequests.intoId": Try("request", {"fromIds": "$elsewhere"}, by=OF_THE_OTHER_BRANCH),
    "mergeRequests.fromIds": Try("request", {"intoId": "$elsewhere"}, by=OF_THE_OTHER_BRANCH),
    "unmergeRequest.requestId": Try("request"),
    "handOffRequest.requestId": Try("request", {"to": "FIRE_119", "reason": "楼上有烟"}),
    "withdrawRequest.requestId": Try("request"),
    "nudgeRequest.requestId": Try("request"),
    "reopenRequest.requestId": Try("request", {"words": "灯又灭了"}),
    "addMessage.requestId": Try("request", {"text": "灯又灭了"}),
    "revealContact.taskId": Try("task", {"reason": "ARRANGE_VISIT"}),
    "setContact.personId": Try("resident", CALL, by=("resident-4", "grid-worker-1", "dispatcher-1", "ADMINISTRATOR@another township")),
    "recordAnswer.requestId": Try("request", {"verdict": "SOLVED", "grade": "SATISFIED", "words": "修好了"}),
    "recordFollowUpTry.requestId": Try("request"),
    "requestOwnData.onBehalfOfId": Try("resident", {"kind": "COPY"}, by=(*STRANGERS, *ABROAD)),
    "decideSubjectRequest.subjectRequestId": Try("subject_request", {"done": False, "reason": "不符"}),
    "grantProxy.principalId": Try("resident", {"agentId": "$worker", **DAYS, "evidence": "WITNESS"}, by=(*STRANGERS, *ABROAD)),
    "revokeProxy.grantId": Try("grant"),
    "setHouseholdReach.householdId": Try("home", {"reach": "VISIT"}),
    "moveHouseholds.householdIds": Try("home", {"microGridId": "$micro"}, by=(*STRANGERS, *ABROAD)),
    "linkHousehold.householdId": Try("home", {"memberId": "$member"}, by=(*STRANGERS, *ABROAD)),
    "linkHousehold.memberId": Try("neighbour", {"householdId": "$home"}, by=("resident-1", "grid-leader-1")),
    "endLink.householdId": Try("home", by=(*STRANGERS, *ABROAD)),
    "appoint.personId": Try("resident", {"role": "VOLUNTEER", "unitId": "$unit"}, by=(*STRANGERS, "dispatcher-1")),
    "endAppointment.appointmentId": Try("post", by=(*STRANGERS, *ABROAD)),
    "recordLeave.personId": Try("resident", DAYS, by=(*STRANGERS, "grid-leader-1", "dispatcher-1")),
    "recordLeave.substituteId": Try("resident", {"personId": "$worker", **DAYS}, by=("grid-worker-1", "grid-leader-1")),
    "endLeave.absenceId": Try("absence", by=(*STRANGERS, *ABROAD)),
    "planDuty.personId": Try("resident", {"unitId": "$unit", **DAYS}, by=(*STRANGERS, "grid-leader-1")),
    "endDuty.dutyId": Try("duty", by=(*STRANGERS, *ABROAD)),
    "createUnit.parentId": Try("unit", NEW_UNIT, by=ABROAD),
    "createUnit.covers": Try("unit", {**NEW_UNIT, "parentId": "$settlement"}, by=ABROAD),
    "moveUnit.unitId": Try("unit", {"parentId": "$settlement"}, by=ABROAD),
    "moveUnit.parentId": Try("unit", {"unitId": "$group"}, by=ABROAD),
    "renameUnit.unitId": Try("unit", {"name": "别名"}, by=ABROAD),
    "closeUnit.unitId": Try("unit", by=ABROAD),
    "closeUnit.successorId": Try("unit", {"unitId": "$settlement"}, by=ABROAD),
    "appoint.unitId": Try("unit", LEADER, by=ABROAD),
    "appoint.gridId": Try("grid", {**LEADER, "role": "GRID_WORKER"}, by=ABROAD),
    "appoint.microGridId": Try("micro", {**LEADER, "role": "HUB_HOST"}, by=ABROAD),
    "planDuty.unitId": Try("unit", {**DAYS, "personId": "$worker"}, by=ABROAD),
    "planDuty.gridId": Try("grid", {**DAYS, "unitId": "$unit", "personId": "$worker"}, by=ABROAD),
    "moveHouseholds.gridId": Try("grid", {"householdIds": "$home"}, by=(*STRANGERS, *ABROAD)),
    "moveHouseholds.microGridId": Try("micro", {"householdIds": "$home"}, by=(*STRANGERS, *ABROAD)),
    "enrolPerson.householdId": Try("home", {"displayName": "某人", "isOverFourteen": True}, by=(*STRANGERS, *ABROAD)),
    "correctPerson.personId": Try("resident", {"displayName": "某人"}, by=(*STRANGERS, *ABROAD)),
    "correctPerson.householdId": Try("home", {"personId": "$neighbour"}, by=(*STRANGERS, *ABROAD)),
    "issueEnrolmentCode.personId": Try("resident", by=(*STRANGERS, *ABROAD)),
    "unlinkAccount.personId": Try("resident", by=(*STRANGERS, *ABROAD)),
    "retireDevice.deviceId": Try("device"),
    "markNoticesRead.noticeIds": Try("notice"),
}

OPEN_IDS: Mapping[str, str] = {
    "endCampaign.campaignId": "found by whoever leads its unit only: tests/journeys/test_campaigns.py",
    "removeFilter.filterId": "found among one's own only, whoever else has one: tests/journeys/test_saved_filters.py",
    "submitRequest.itemId": "the catalogue is anybody's",
    "concludeCallOut.unitId": "names one of the departments that the task itself shows",
    "createTask.itemId": "the catalogue is anybody's",
    "acceptRequest.itemId": "the catalogue is anybody's",
    "grantProxy.itemIds": "the catalogue is anybody's",
    "grantProxy.agentId": "whoever is to act hands over their own id: nobody can be named without it",
    "submitRequest.attachmentIds": "nothing can be attached yet",
    "completeTask.attachmentIds": "nothing can be attached yet",
}
"""Ids of what is hidden from nobody."""

SEEN_BY: Mapping[str, str] = {
    "task": "Query.node",
    "request": "Query.request",
    "home": "Household.address",
    "resident": "Person.displayName",
    "notice": "Notice.title",
    "device": "Notice.title",
    "subject_request": "SubjectRequest.person",
    "grant": "ProxyGrant.principal",
}
"""Whoever sees the surface sees the thing: only the worker who has the task has that phone and that notice."""

_SCHEMA = build_schema(printed())


def ids_of_the_schema() -> Iterator[str]:
    """Every id in the input of a mutation, as `verb.field`."""
    mutations = _SCHEMA.mutation_type
    assert mutations is not None
    for verb, mutation in mutations.fields.items():
        if "input" in mutation.args:
            kind = get_named_type(mutation.args["input"].type)
            assert isinstance(kind, GraphQLInputObjectType)
            yield from (f"{verb}.{name}" for name, given in kind.fields.items() if get_named_type(given.type).name == "ID")


def of_a_batch() -> frozenset[str]:
    """The verbs that `applyCommands` carries."""
    kind = _SCHEMA.type_map["CommandInput"]
    assert isinstance(kind, GraphQLInputObjectType)
    return frozenset(kind.fields)


def mutations_without_input() -> list[str]:
    mutations = _SCHEMA.mutation_type
    assert isinstance(mutations, GraphQLObjectType)
    return [verb for verb, mutation in mutations.fields.items() if "input" not in mutation.args]


def _is_list(verb: str, name: str) -> bool:
    kind = _SCHEMA.type_map[f"{verb[0].upper()}{verb[1:]}Input"]
    assert isinstance(kind, GraphQLInputObjectType)
    return "[" in str(kind.fields[name].type)


def filled(deed: str, tried: Try, command_id: str, ids: Mapping[str, str], asked: str) -> dict[str, Any]:
    """The input of a mutation, naming `asked` where the thing would be named."""
    verb, _, name = deed.partition(".")
    fields = {key: ids[value[1:]] if isinstance(value, str) and value.startswith("$") else value for key, value in tried.fields.items()}
    return {"commandId": command_id, **fields, name: [asked] if _is_list(verb, name) else asked}


WHY_NOT = "code message field current { __typename id }"
REFUSED = f"... on Refusal {{ {WHY_NOT} }}"


def mutation_of(deeds: Mapping[str, Any]) -> str:
    """One document that tries them all, each under its own alias."""
    verbs = {f"d{number}": deed.partition(".")[0] for number, deed in enumerate(deeds)}
    declared = ", ".join(f"${alias}: {verb[0].upper()}{verb[1:]}Input!" for alias, verb in verbs.items())
    body = "\n  ".join(f"{alias}: {verb}(input: ${alias}) {{ __typename {REFUSED} {_items(verb)} }}" for alias, verb in verbs.items())
    return f"mutation({declared}) {{\n  {body}\n}}"


def _items(verb: str) -> str:
    """Of an act for many, what came of each."""
    kind = f"{verb[0].upper()}{verb[1:]}Payload"
    return f"... on {kind} {{ items {{ outcome refusal {{ {WHY_NOT} }} task {{ id }} }} }}" if verb.startswith("bulk") else ""


def refusals_of(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The answer, or of an act for many the refusal of each; what was not refused has no code."""
    return [item["refusal"] or item for item in answer["items"]] if "items" in answer else [answer]


BATCH = (
    "mutation($commands: [CommandInput!]!) { applyCommands(commands: $commands) "
    "{ commandId outcome refusal { code message field current { id } } subject { id } } }"
)
