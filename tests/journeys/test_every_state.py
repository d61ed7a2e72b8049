"""Wherever a matter stands: what somebody is shown as theirs to do is done, and everything else is refused with nothing written."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from domain.lifecycle import TaskAction
from domain.request_moves import RequestAction
from domain.requests import RequestState
from domain.tasks import TaskState
from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import Answer, Matter, act, answer, bring, end_posts, give_posts_back, kept, node, nothing_written, say, submit
from tests.journeys.test_assists import unit_of
from tests.journeys.test_callouts import OUT
from tests.journeys.test_duplicates import merge
from tests.journeys.test_intake import OTHER_WAY, on_request

CAST = ("resident-1", "resident-2", "grid-worker-1", "grid-leader-1", "centre-clerk-1", "dispatcher-1", "secretary-2", "provider-worker-1")
WISH = {"workingDays": 1, "reason": "灯具缺货"}
LEDGER = {"plan": "明年统一改造", "reason": "要等整楼改造", "reviewOn": "2026-12-20"}


@dataclass(frozen=True)
class Scene:
    """A matter, another one of the same kind that it could be merged into, and everybody."""

    town: Town
    matter: Matter
    other: Matter
    people: Mapping[str, Player]

    def __getitem__(self, handle: str) -> Player:
        return self.people[handle]

    def given(self, action: TaskAction | RequestAction) -> tuple[str, Answer]:
        """The mutation that does it, and what it is sent with: nothing that could be wrong about it."""
        provider = unit_of(self.town, "provider-worker-1")
        host = self.town.id_of("hub-host-1")
        task, request = {"taskId": self.matter.task_id}, {"requestId": self.matter.request_id}
        of_task: dict[TaskAction, tuple[str, Answer]] = {
            TaskAction.ASSIGN: ("assignTask", {"assigneeId": host}),
            TaskAction.ACKNOWLEDGE: ("acknowledgeTask", {}),
            TaskAction.RETURN: ("returnTask", {"reason": "OTHER", "note": "不归我管"}),
            TaskAction.DECIDE_RETURN: ("decideReturn", {"approved": False, "reason": "归您管"}),
            TaskAction.START: ("startTask", {"contact": "CALL"}),
            TaskAction.REQUEST_EXTENSION: ("requestExtension", WISH),
            TaskAction.DECIDE_EXTENSION: ("decideExtension", {"approved": True, "reason": "要等"}),
            TaskAction.SUSPEND: ("suspendTask", {"cause": "WEATHER", "until": "2026-11-25T10:00:00+08:00"}),
            TaskAction.RESUME: ("resumeTask", {}),
            TaskAction.DEFER: ("deferTask", LEDGER),
            TaskAction.DECIDE_DEFERRAL: ("decideDeferral", {"approved": True}),
            TaskAction.UNDEFER: ("undeferTask", {}),
            TaskAction.ADD_ASSIST: ("addAssist", {"what": "先停水", "unitId": unit_of(self.town, "grid-leader-1")}),
            TaskAction.CALL_OUT: ("callOut", {"unitIds": [unit_of(self.town, "centre-clerk-1")], **OUT}),
            TaskAction.DECIDE_CALL_OUT: ("decideCallOut", {"approved": True}),
            TaskAction.REPORT_IN: ("reportIn", {}),
            TaskAction.CONCLUDE_CALL_OUT: ("concludeCallOut", {"unitId": provider, "grade": "GOOD"}),
            TaskAction.COMPLETE: ("completeTask", {"outcome": "SOLVED", "note": "好了"}),
            TaskAction.VERIFY: ("verifyTask", {"passed": True}),
            TaskAction.DECIDE_REPORT: ("decideReport", {"reportId": str(uuid4()), "approved": True}),
            TaskAction.CANCEL: ("cancelTask", {"reason": "不用办了"}),
        }
        of_request: dict[RequestAction, tuple[str, Answer]] = {
            RequestAction.ACCEPT: ("acceptRequest", {}),
            RequestAction.DECLINE: ("declineRequest", OTHER_WAY),
            RequestAction.OBJECT_TO_DECLINE: ("objectToDecline", {"words": "这事归你们管"}),
            RequestAction.UNMERGE: ("unmergeRequest", {}),
            RequestAction.HAND_OFF: ("handOffRequest", {"to": "OTHER_SERVICE", "number": "12345-1", "reason": "归市里"}),
            RequestAction.HAND_OFF_TO_EMERGENCY: ("handOffRequest", {"to": "FIRE_119", "reason": "楼上有烟"}),
            RequestAction.WITHDRAW: ("withdrawRequest", {}),
            RequestAction.NUDGE: ("nudgeRequest", {}),
            RequestAction.REOPEN: ("reopenRequest", {"words": "灯又灭了"}),
            RequestAction.ADD_MESSAGE: ("addMessage", {"text": "灯又灭了"}),
        }
        match action:
            case TaskAction.NUDGE:
                return "bulkNudge", {"taskIds": [self.matter.task_id]}
            case TaskAction.SUPERVISE:
                return "superviseRequest", {**request, "reason": "拖了太久"}
            case RequestAction.MERGE:
                return "mergeRequests", {"intoId": self.other.request_id, "fromIds": [self.matter.request_id]}
            case TaskAction():
                verb, more = of_task[action]
                return verb, {**task, **more}
            case _:
                verb, more = of_request[action]
                return verb, {**request, **more}

    async def does(self, player: Player, action: TaskAction | RequestAction) -> str | None:
        """The refusal's code; nothing where it was done."""
        verb, fields = self.given(action)
        shown = "items { refusal { code } }" if verb == "bulkNudge" else "__typename"
        said = await say(player, verb, shown, **fields)
        [item] = said.get("items") or [{"refusal": said if "code" in said else None}]
        return item["refusal"]["code"] if item["refusal"] else None

    async def shown_to(self, player: Player) -> tuple[set[TaskAction | RequestAction], str | None, str | None]:
        """What somebody is shown as theirs to do; and where task and request stand, as far as they see them."""
        task = await node(player, self.matter.task_id, "... on Task { state actions }") if self.matter.task_id else None
        request = await node(player, self.matter.request_id, "... on Request { state actions }")
        own: set[TaskAction | RequestAction] = {TaskAction(name) for name in (task or {}).get("actions", ())}
        own |= {RequestAction(name) for name in (request or {}).get("actions", ())}
        return own, (task or {}).get("state"), (request or {}).get("state")


# --- How it comes to stand there.


async def nothing_more(_: Scene) -> None:
    """As it is just after it was asked for."""


def brought(to: str) -> Callable[[Scene], Awaitable[None]]:
    return lambda scene: bring(scene.town, scene.matter, scene["grid-worker-1"], to, checked_by=scene["grid-leader-1"])


def then(to: str, *acts: tuple[str, str, Answer]) -> Callable[[Scene], Awaitable[None]]:
    """Brought there, and then somebody does something with the task."""

    async def come(scene: Scene) -> None:
        if to != "ASSIGNED":
            await brought(to)(scene)
        for handle, verb, fields in acts:
            scene.town.clock.advance(seconds=1)
            await act(scene[handle], verb, scene.matter, **fields)

    return come


def asked(handle: str, verb: str, **fields: Any) -> Callable[[Scene], Awaitable[None]]:
    """Somebody does something with the request."""

    async def come(scene: Scene) -> None:
        done = await on_request(scene[handle], verb, scene.matter, **fields)
        assert "code" not in done, done

    return come


async def closed(scene: Scene) -> None:
    await brought("AWAITING_FOLLOW_UP")(scene)
    await answer(scene["resident-1"], scene.matter)


async def left_alone(scene: Scene) -> None:
    """It is to be done again, and whoever did it holds no post any more."""
    await brought("COMPLETED")(scene)
    await end_posts(scene.town, "grid-worker-1")
    await act(scene["grid-leader-1"], "verifyTask", scene.matter, passed=False, reason="还是不亮")
    await give_posts_back(scene.town, "grid-worker-1")


async def called_out(scene: Scene) -> None:
    await brought("IN_PROGRESS")(scene)
    await act(scene["dispatcher-1"], "callOut", scene.matter, unitIds=[unit_of(scene.town, "provider-worker-1")], **OUT)
    await act(scene["secretary-2"], "decideCallOut", scene.matter, approved=True)


async def merged(scene: Scene) -> None:
    assert "code" not in await merge(scene["dispatcher-1"], scene.other, scene.matter)


SCENES: Mapping[str, tuple[str, Callable[[Scene], Awaitable[None]], TaskState | None, RequestState]] = {
    "received": ("new-facility", nothing_more, None, RequestState.RECEIVED),
    "declined": ("new-facility", asked("dispatcher-1", "declineRequest", **OTHER_WAY), None, RequestState.DECLINED),
    "assigned": ("stairwell-lamp", nothing_more, TaskState.ASSIGNED, RequestState.IN_HAND),
    "acknowledged": ("stairwell-lamp", brought("ACKNOWLEDGED"), TaskState.ACKNOWLEDGED, RequestState.IN_HAND),
    "in progress": ("stairwell-lamp", brought("IN_PROGRESS"), TaskState.IN_PROGRESS, RequestState.IN_HAND),
    "returned": ("stairwell-lamp", then("ASSIGNED", ("grid-worker-1", "returnTask", {})), TaskState.RETURN_PENDING, RequestState.IN_HAND),
    "suspended": (
        "stairwell-lamp",
        then("IN_PROGRESS", ("grid-leader-1", "suspendTask", {"cause": "WEATHER", "until": "2026-11-25T10:00:00+08:00"})),
        TaskState.SUSPENDED,
        RequestState.ON_HOLD,
    ),
    "deferred": (
        "stairwell-lamp",
        then("IN_PROGRESS", ("dispatcher-1", "deferTask", LEDGER), ("secretary-2", "decideDeferral", {"approved": True})),
        TaskState.DEFERRED,
        RequestState.ON_HOLD,
    ),
    "waiting for decisions": (
        "stairwell-lamp",
        then("IN_PROGRESS", ("grid-worker-1", "requestExtension", WISH), ("dispatcher-1", "deferTask", LEDGER)),
        TaskState.IN_PROGRESS,
        RequestState.IN_HAND,
    ),
    "called out": ("stairwell-lamp", called_out, TaskState.IN_PROGRESS, RequestState.IN_HAND),
    "completed": ("stairwell-lamp", brought("COMPLETED"), TaskState.COMPLETED, RequestState.IN_HAND),
    "asked whether it helped": ("stairwell-lamp", brought("AWAITING_FOLLOW_UP"), TaskState.AWAITING_FOLLOW_UP, RequestState.ANSWERED),
    "closed": ("stairwell-lamp", closed, TaskState.CLOSED, RequestState.CLOSED),
    "with nobody": ("stairwell-lamp", left_alone, TaskState.QUEUED, RequestState.IN_HAND),
    "withdrawn": ("stairwell-lamp", asked("resident-1", "withdrawRequest"), TaskState.CANCELLED, RequestState.WITHDRAWN),
    "handed off": (
        "stairwell-lamp",
        asked("dispatcher-1", "handOffRequest", to="OTHER_SERVICE", number="12345-1", reason="归市里"),
        TaskState.CANCELLED,
        RequestState.HANDED_OFF,
    ),
    "merged": ("stairwell-lamp", merged, TaskState.CANCELLED, RequestState.MERGED),
}


def test_no_state_is_left_out() -> None:
    assert {task for _, _, task, _ in SCENES.values()} == {*TaskState, None}
    assert {request for *_, request in SCENES.values()} == set(RequestState)


async def put_back(town: Town, before: Mapping[str, list[Any]]) -> bool:
    """Every document as it was; whether any was not."""
    changed = {name for name, documents in (await kept(town)).items() if documents != before[name]}
    for name in changed:
        await town.house.mongo.collection(name).delete_many({})
        if before[name]:
            await town.house.mongo.collection(name).insert_many(before[name])
    return bool(changed)


@pytest.mark.parametrize("name", SCENES)
async def test_what_is_shown_is_done_and_everything_else_refused_with_nothing_written(town: Town, name: str) -> None:
    item, come, task_state, request_state = SCENES[name]
    people = dict(zip(CAST, await town.people(*CAST), strict=True))
    matter = await submit(town, people["resident-1"], item)
    town.clock.advance(seconds=1)
    scene = Scene(town, matter, await submit(town, people["resident-2"], item), people)
    town.clock.advance(seconds=1)
    await come(scene)
    town.clock.advance(seconds=1)

    shown = {handle: await scene.shown_to(player) for handle, player in people.items()}
    stands = {(task, request) for _, task, request in shown.values() if request is not None}
    assert stands == {(task_state.value if task_state else None, request_state.value)}
    every: list[TaskAction | RequestAction] = [*(TaskAction if matter.task_id else ()), *RequestAction]
    async with nothing_written(town):
        for handle, player in people.items():
            others = [action for action in every if action not in shown[handle][0]]
            codes = await asyncio.gather(*(scene.does(player, action) for action in others))
            done = [action for action, code in zip(others, codes, strict=True) if code is None]
            assert done == [], f"{handle} was not shown, and did"
            is_seen = shown[handle][2] is not None
            assert is_seen or set(codes) <= {"NOT_FOUND", "NOT_ALLOWED"}, (handle, codes)

    before, refused = await kept(town), dict[tuple[str, str], str]()
    for handle, player in people.items():
        for action in shown[handle][0]:
            code = await scene.does(player, action)
            refused |= {(handle, action.value): code} if code else {}
            assert await put_back(town, before) is (code is None), (handle, action)
    assert refused == {}, "shown, and refused"
