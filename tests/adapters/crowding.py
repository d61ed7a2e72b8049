"""A busy place: many asked for the same there within the hour before somebody did, and have had their answer."""

from dataclasses import replace
from datetime import timedelta

from adapters.mongo.cases import request_document
from domain.ids import Kind, compose, uuid7
from domain.requests import Request, RequestState
from server.wiring import House


async def crowd(house: House, request: Request, count: int) -> list[Request]:
    """So many others of the same matter and asker, the newest first."""
    others = []
    for number in range(count):
        at = request.submitted_at - timedelta(seconds=1 + number)
        id_ = compose(Kind.REQUEST, request.township, uuid7(at, number))
        others.append(
            replace(request, id=id_, number=f"{request.number}-{number}", state=RequestState.CLOSED, submitted_at=at, closed_at=at)
        )
    calendar = await house.calendars.current()
    await house.mongo.collection("requests").insert_many([request_document(other, calendar) for other in others])
    return others
