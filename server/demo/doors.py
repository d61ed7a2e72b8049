"""The demo's own doors: who there is, signing in as one of them, and what their phones got. Loopback only."""

from collections import defaultdict
from datetime import timedelta
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Mount, Route

from adapters.firebase.demo_tokens import DemoTokens
from domain.posts import Role
from server.demo.fcm import FcmStandIn
from server.demo.settlement import Settlement, uid_of
from server.wiring import House

SIGN_IN_LASTS = timedelta(hours=12)
FCM_PREFIX = "/demo/fcm"
MOST_PEOPLE = 1_000


class DemoDoors:
    """`/demo/people`, `/demo/sign-in`, `/demo/pushes`, and the stand-in of FCM itself."""

    def __init__(self, house: House, settlement: Settlement, tokens: DemoTokens, fcm: FcmStandIn) -> None:
        self._house = house
        self._settlement = settlement
        self._tokens = tokens
        self._fcm = fcm
        self._people = _people(settlement)

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/demo/people", self.people),
            Route("/demo/sign-in", self.sign_in, methods=["POST"]),
            Route("/demo/pushes", self.pushes),
            Mount(FCM_PREFIX, routes=self._fcm.routes),
        ]

    async def people(self, request: Request) -> JSONResponse:
        role, first = request.query_params.get("role"), request.query_params.get("first", "20")
        if role is not None and role not in Role.__members__:
            return _no(400, f"role must be one of {', '.join(Role.__members__)}")
        if not (first.isascii() and first.isdecimal()):
            return _no(400, "first must be a number")
        found = [person for person in self._people if role is None or role in person["roles"]]
        return JSONResponse(found[: min(int(first), MOST_PEOPLE)])

    async def sign_in(self, request: Request) -> JSONResponse:
        try:
            asked = orjson.loads(await request.body())
        except orjson.JSONDecodeError:
            return _no(400, "the body must be JSON")
        handle = asked.get("person") if isinstance(asked, dict) else None
        known = {*self._settlement.handles, *self._settlement.sign_ins}
        if not isinstance(handle, str) or handle not in known:
            return _no(404, "person must be one of /demo/people")
        token = self._tokens.issue(uid_of(handle), at=self._house.ports.clock(), lifetime=SIGN_IN_LASTS)
        return JSONResponse({"idToken": token})

    async def pushes(self, request: Request) -> JSONResponse:
        handle = request.query_params.get("person", "")
        person_id = self._settlement.handles.get(handle)
        if person_id is None:
            return _no(404, "person must be one of /demo/people")
        tokens = await self._house.devices.tokens_of(self._settlement.township_code, person_id)
        return JSONResponse([push for push in self._fcm.received() if push["token"] in tokens])


def _no(status: int, message: str) -> JSONResponse:
    return JSONResponse({"error": message}, status_code=status)


def _people(settlement: Settlement) -> list[dict[str, Any]]:
    """Everybody by handle, in the settlement's order."""
    persons = {person.id: person for person in settlement.persons}
    units = {unit.id: unit.code for unit in settlement.parts.units}
    posts = defaultdict(list)
    for post in settlement.parts.appointments:
        posts[post.person_id].append(post)
    people: list[dict[str, Any]] = []
    for handle, person_id in settlement.handles.items():
        person, held = persons[person_id], posts[person_id]
        roles = [post.role.value for post in held] + ([Role.RESIDENT.value] if person.household_id else [])
        people.append(
            {
                "person": handle,
                "displayName": person.display_name,
                "roles": roles,
                "unitCode": units[held[0].unit_id] if held else None,
                "householdId": person.household_id,
            }
        )
    return people
