"""Figures of units on MongoDB: counts that an index answers alone."""

from asyncio import gather
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from adapters.mongo.driver import Mongo
from domain.access import Actor
from domain.calendar import SHANGHAI
from domain.measures import Measure


class MongoFigures:
    """Keeps `domain.ports.Figures`."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def measures(self, unit_ids: Sequence[str], first_day: date, last_day: date, *, seen_by: Actor) -> list[Measure]:
        if seen_by.organisation is None:
            return []
        period = {"$gte": _midnight(first_day), "$lt": _midnight(last_day + timedelta(days=1))}
        township = seen_by.organisation.township
        return list(await gather(*(self._measure(township, unit_id, period, seen_by.id) for unit_id in unit_ids)))

    async def _measure(self, township: str, unit_id: str, period: dict[str, datetime], reader_id: str | None) -> Measure:
        counted = {"township": township, "owner_path": unit_id, "is_counted": True}
        received, due = {**counted, "submitted_at": period}, {**counted, "promise_due_at": period}
        count = self._mongo.collection("requests").count_documents
        counts = await gather(
            count(received, hint="received_by_unit"),
            count(due, hint="due_by_unit"),
            # Few are hidden from anybody: they are taken off, so that the large counts need no document.
            count({**received, "hidden_from": reader_id}, hint="hidden"),
            count({**due, "hidden_from": reader_id}, hint="hidden"),
        )
        return Measure(unit_id, township, counts[0] - counts[2], counts[1] - counts[3])


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, SHANGHAI)
