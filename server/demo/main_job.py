"""The main job, played over HTTP by a real client, one line a step with its time: what a visitor sees, and what a check relies on."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from time import perf_counter
from typing import Any
from uuid import uuid4

import httpx

PATIENCE_SECONDS = 15.0
LAMP = "三单元五楼楼道灯不亮，晚上老人上下楼不方便。"

TASK = "id state version owner { name } assignee { displayName } routedBecause actions"
REQUEST = f"id number state statusText promiseDueAt tasks {{ {TASK} }}"
REFUSAL = "... on Refusal { code message field }"


class StepFailed(Exception):
    """A step of the main job did not hold."""


class Player:
    """One person at a phone."""

    def __init__(self, client: httpx.AsyncClient, handle: str, *, language: str | None = None) -> None:
        self._client = client
        self.handle = handle
        self._headers = {"Accept-Language": language} if language else {}

    async def sign_in(self) -> None:
        answer = await self._client.post("/demo/sign-in", json={"person": self.handle})
        self._headers["Authorization"] = f"Bearer {answer.raise_for_status().json()['idToken']}"

    async def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        answer = await self._client.post("/graphql", json={"query": document, "variables": variables}, headers=self._headers)
        body = answer.json()
        if answer.status_code != 200 or body.get("errors"):
            raise StepFailed(f"{self.handle} was answered {answer.status_code}: {body.get('errors')}")
        data: dict[str, Any] = body["data"]
        return data

    async def do(self, verb: str, shown: str, **fields: Any) -> dict[str, Any]:
        """A mutation; its payload, or the refusal."""
        kind = verb[0].upper() + verb[1:]
        document = f"mutation($input: {kind}Input!) {{ {verb}(input: $input) {{ ... on {kind}Payload {{ {shown} }} {REFUSAL} }} }}"
        data = await self.ask(document, input={"commandId": str(uuid4()), **fields})
        answer: dict[str, Any] = data[verb]
        return answer


class MainJob:
    """Resident asks, worker is pushed, does it and completes it; the leader verifies; the resident has the last word."""

    def __init__(self, client: httpx.AsyncClient, say: Callable[[str], None] = print) -> None:
        self._client = client
        self._say = say
        self._resident, self._worker = Player(client, "resident-1"), Player(client, "grid-worker-1")
        self._leader, self._secretary = Player(client, "grid-leader-1"), Player(client, "secretary-1")
        self._token = f"demo-phone-{uuid4()}"
        self._request: dict[str, Any] = {}
        self._counted = 0

    @property
    def _task_id(self) -> str:
        task_id: str = self._request["tasks"][0]["id"]
        return task_id

    async def play(self) -> bool:
        """Whether every step held; says each, and stops at the first that did not."""
        steps: list[tuple[str, Callable[[], Awaitable[str]]]] = [
            ("four people sign in", self._sign_in),
            ("the grid worker's phone is registered", self._register),
            ("the resident asks who serves the household", self._who_serves),
            ("the resident submits a request", self._submit),
            ("the same command again changes nothing", self._submit_again),
            ("the worker's phone gets the push, the inbox has it", self._push),
            ("the worker acknowledges", self._acknowledge),
            ("the worker contacts the resident and starts", self._start),
            ("the worker completes it, as done offline in the cellar", self._complete),
            ("the worker cannot verify the own work", self._verify_own),
            ("the grid leader verifies", self._verify),
            ("the resident is asked and answers: solved", self._answer),
            ("the committee sees the unit's figures move", self._figures),
            ("the history tells it all, in order", self._history),
        ]
        self._say("The main job:")
        begun = perf_counter()
        for number, (name, step) in enumerate(steps, 1):
            started = perf_counter()
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    outcome = await step()
            except (StepFailed, TimeoutError, httpx.HTTPError, KeyError, IndexError, TypeError) as error:
                self._say(f"  ✗ {number:2} {name}: {type(error).__name__} {error}")
                return False
            self._say(f"  ✓ {number:2} {name} ({(perf_counter() - started) * 1000:.0f} ms): {outcome}")
        self._say(f"The main job holds: {len(steps)} steps in {perf_counter() - begun:.1f} s.")
        return True

    async def _sign_in(self) -> str:
        players = [self._resident, self._worker, self._leader, self._secretary]
        await asyncio.gather(*(player.sign_in() for player in players))
        names = [(await player.ask("{ viewer { person { displayName } } }"))["viewer"]["person"]["displayName"] for player in players]
        return "、".join(names)

    async def _register(self) -> str:
        fields = {"token": self._token, "platform": "ANDROID", "appVersion": "1.0", "language": "zh-CN"}
        registered = await self._worker.do("registerDevice", "deviceId", **fields)
        _expect("deviceId" in registered, registered)
        self._counted = await self._count()
        return "ANDROID"

    async def _who_serves(self) -> str:
        household = (await self._resident.ask("{ viewer { household { id label } } }"))["viewer"]["household"]
        item_id = await self._lamp_id()
        document = "query($h: ID!, $i: ID!) { whoServes(householdId: $h, itemId: $i) { unit { name } person { displayName } because } }"
        service = (await self._resident.ask(document, h=household["id"], i=item_id))["whoServes"]
        _expect(service and service["person"], service)
        return f"{household['label']} → {service['unit']['name']}，{service['person']['displayName']}（{service['because'][0]}）"

    async def _submit(self) -> str:
        self._fields = {"commandId": str(uuid4()), "itemId": await self._lamp_id(), "text": LAMP}
        answer = await self._resident.do("submitRequest", f"request {{ {REQUEST} }}", **self._fields)
        _expect("request" in answer, answer)
        self._request = answer["request"]
        task = self._request["tasks"][0]
        _expect(task["state"] == "ASSIGNED", task)
        return f"{self._request['number']}，{self._request['statusText']}，{self._request['promiseDueAt']} 前答复"

    async def _submit_again(self) -> str:
        again = await self._resident.do("submitRequest", f"request {{ {REQUEST} }}", **self._fields)
        other = await self._resident.do("submitRequest", f"request {{ {REQUEST} }}", **{**self._fields, "text": "别的事"})
        _expect(again.get("request", {}).get("id") == self._request["id"], again)
        _expect(other.get("code") == "COMMAND_MISMATCH", other)
        return "同一诉求；内容不同则 COMMAND_MISMATCH"

    async def _push(self) -> str:
        while True:
            answer = await self._client.get("/demo/pushes", params={"person": self._worker.handle})
            mine = [push for push in answer.json() if push["message"]["data"].get("taskId") == self._task_id]
            if mine:
                break
            await asyncio.sleep(0.02)
        inbox = (await self._worker.ask("{ viewer { unreadNotices notices(first: 1) { edges { node { title body about { id } } } } } }"))[
            "viewer"
        ]
        notice = inbox["notices"]["edges"][0]["node"]
        _expect(notice["about"]["id"] == self._task_id, notice)
        return f"{mine[0]['message']['notification']['body']} 收件箱：{notice['title']}"

    async def _acknowledge(self) -> str:
        return await self._move(self._worker, "acknowledgeTask", "ACKNOWLEDGED")

    async def _start(self) -> str:
        return await self._move(self._worker, "startTask", "IN_PROGRESS", contact="CALL", reached=True, note="已电话联系，马上到")

    async def _complete(self) -> str:
        now = (await self._worker.ask("query($id: ID!) { node(id: $id) { ... on Task { updatedAt } } }", id=self._task_id))["node"]
        fields = {"outcome": "SOLVED", "note": "已更换灯泡和声控开关。", "deviceTime": now["updatedAt"]}
        return await self._move(self._worker, "completeTask", "COMPLETED", **fields)

    async def _verify_own(self) -> str:
        answer = await self._worker.do("verifyTask", f"task {{ {TASK} }}", taskId=self._task_id, passed=True)
        _expect(answer.get("code") == "NOT_ALLOWED", answer)
        return f"{answer['code']}，{answer['message']}"

    async def _verify(self) -> str:
        return await self._move(self._leader, "verifyTask", "AWAITING_FOLLOW_UP", passed=True, reason="现场看过，灯亮了")

    async def _answer(self) -> str:
        fields = {"requestId": self._request["id"], "verdict": "SOLVED", "grade": "VERY_SATISFIED", "words": "来得快，谢谢！"}
        answer = await self._resident.do("answerFollowUp", "request { state statusText grade }", **fields)
        _expect(answer.get("request", {}).get("state") == "CLOSED", answer)
        return f"{answer['request']['statusText']}，{answer['request']['grade']}"

    async def _figures(self) -> str:
        counted = await self._count()
        _expect(counted > self._counted, {"before": self._counted, "after": counted})
        return f"受理 {self._counted} → {counted}"

    async def _history(self) -> str:
        document = "query($id: ID!) { node(id: $id) { ... on Request { history(first: 50) { edges { node { kind } } } } } }"
        edges = (await self._resident.ask(document, id=self._request["id"]))["node"]["history"]["edges"]
        kinds = [edge["node"]["kind"] for edge in reversed(edges)]
        _expect(kinds[0] == "RequestSubmitted" and kinds[-1] == "FollowUpAnswered" and len(kinds) == 6, kinds)
        return " → ".join(kinds)

    async def _move(self, player: Player, verb: str, state: str, **fields: Any) -> str:
        answer = await player.do(verb, f"task {{ {TASK} }}", taskId=self._task_id, **fields)
        _expect(answer.get("task", {}).get("state") == state, answer)
        return state

    async def _lamp_id(self) -> str:
        items = (await self._resident.ask("{ serviceItems { id code } }"))["serviceItems"]
        return str(next(item["id"] for item in items if item["code"] == "stairwell-lamp"))

    async def _count(self) -> int:
        """Requests of the settlement in the days around today."""
        unit = (await self._secretary.ask("{ viewer { appointments { unit { id } } } }"))["viewer"]["appointments"][0]["unit"]["id"]
        document = "query($u: ID!, $from: Date!, $to: Date!) { measures(unitId: $u, from: $from, to: $to) { requests } }"
        today = date.today()  # noqa: DTZ011  # a day either side covers every zone
        period = {"from": str(today - timedelta(days=1)), "to": str(today + timedelta(days=1))}
        figures = (await self._secretary.ask(document, u=unit, **period))["measures"]
        requests: int = figures[0]["requests"]
        return requests


def _expect(holds: object, seen: object) -> None:
    if not holds:
        raise StepFailed(f"unexpected answer {seen}")
