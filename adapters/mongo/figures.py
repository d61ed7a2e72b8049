"""Figures of units on MongoDB: counts that an index answers alone."""

from asyncio import gather
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from adapters.mongo.driver import Mongo
from domain.calendar import SHANGHAI
from domain.measures import Measure


class MongoFigures:
    """Keeps `domain.ports.Figures`."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def measures(self, township: str, unit_ids: Sequence[str], first_day: date, last_day: date) -> list[Measure]:
        period = {"$gte": _midnight(first_day), "$lt": _midnight(last_day + timedelta(days=1))}
        return list(await gather(*(self._measure(township, unit_id, period) for unit_id in unit_ids)))

    async def _measure(self, township: str, unit_id: str, period: dict[str, datetime]) -> Measure:
        counted = {"township": township, "owner_path": unit_id, "is_counted": True}
        requests = self._mongo.collection("requests")
        received, due = await gather(
            requests.count_documents({**counted, "submitted_at": period}), requests.count_documents({**counted, "promise_due_at": period})
        )
        return Measure(unit_id, township, received, due)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, SHANGHAI)
