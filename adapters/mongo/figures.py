"""Figures of units on MongoDB: sums that are kept, less what is hidden from the reader."""

from collections import Counter
from collections.abc import Mapping, Sequence

from adapters.mongo.driver import Mongo
from adapters.mongo.tallies import MongoTallies
from domain.access import Actor


class MongoFigures:
    """Keeps `domain.ports.Figures`."""

    def __init__(self, mongo: Mongo, tallies: MongoTallies) -> None:
        self._mongo = mongo
        self._tallies = tallies

    async def sums(self, unit_ids: Sequence[str], periods: Sequence[str], *, seen_by: Actor) -> Mapping[str, Mapping[str, Counter[str]]]:
        if seen_by.organisation is None:
            return {}
        township = seen_by.organisation.township
        head = await self._tallies.head(township)
        sums: dict[str, dict[str, Counter[str]]] = {unit_id: {} for unit_id in unit_ids}
        for (unit_id, period), counts in (await self._tallies.of(head, unit_ids, periods)).items():
            sums[unit_id][period] = Counter(counts)
        # Few are hidden from anybody: what they added is taken off, so that everything else is read as it is kept.
        hidden = self._mongo.collection("requests").find({"township": township, "hidden_from": seen_by.id}, {"_id": 1}).hint("hidden")
        ids = [document["_id"] for document in await hidden.to_list()]
        for (unit_id, period, name), number in (await self._tallies.added_by(head, ids)).items():
            if period in sums.get(unit_id, {}):
                sums[unit_id][period][name] -= number
        return sums
