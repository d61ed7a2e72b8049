"""What keeps contents from being removed, found for many requests at once."""

from collections.abc import Mapping, Sequence

from adapters.mongo.driver import Document, Mongo, Session
from domain.erasure import Hold
from domain.requests import OVER
from domain.subject_requests import SubjectRequestState
from domain.tasks import OVER as TASKS_OVER

ENDED = frozenset(state.value for state in TASKS_OVER)
FACTS = {"state": 1, "asker_ids": 1}
"""What of a request has to be read to judge it."""


async def holds_of(
    mongo: Mongo, township: str, requests: Sequence[Document], *, but_for: str | None = None, session: Session | None = None
) -> Mapping[str, Hold]:
    """By id of each request, read with `FACTS`: what holds it. `but_for` is a subject request that is being answered just now."""
    ids = [request["_id"] for request in requests]
    by_request = {"township": township, "request_id": {"$in": ids}}
    tasks = await mongo.collection("tasks").find(by_request, {"request_id": 1, "state": 1}, session=session).hint("of_request").to_list()
    working = {task["request_id"] for task in tasks if task["state"] not in ENDED}
    by_id = {"township": township, "_id": {"$in": ids}}
    words = await mongo.collection("words").find(by_id, {"hold": 1}, session=session).to_list()
    flagged = {document["_id"] for document in words if document.get("hold")}
    asking = await with_open_subject_requests(
        mongo, township, {id_ for request in requests for id_ in request["asker_ids"]}, but_for, session
    )
    over = {state.value for state in OVER}
    return {
        request["_id"]: Hold(
            has_open_task=request["_id"] in working or request["state"] not in over,
            has_open_subject_request=not asking.isdisjoint(request["asker_ids"]),
            is_flagged=request["_id"] in flagged,
        )
        for request in requests
    }


async def with_open_subject_requests(
    mongo: Mongo, township: str, person_ids: set[str], but_for: str | None, session: Session | None
) -> set[str]:
    """Those of the persons who wait for an answer about their data."""
    if not person_ids:
        return set()
    wanted = {"township": township, "person_id": {"$in": sorted(person_ids)}, "state": SubjectRequestState.OPEN.value}
    found = mongo.collection("subject_requests").find(wanted, {"person_id": 1}, session=session).hint("open_of_person")
    return {document["person_id"] for document in await found.to_list() if document["_id"] != but_for}
