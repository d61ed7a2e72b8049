"""Numbers what was committed, so that the feed can be followed without skipping; any number of rivals may run.

Commit order cannot be seen from outside: a time or an id that was taken before the commit lets a poller pass a change that is
still on its way. A number that is given after the commit, under a counter that conflicts, cannot.
"""

from collections import defaultdict

from pymongo import ReturnDocument, UpdateOne

from adapters.mongo.driver import Document, Mongo, Session

BATCH = 200
NUMBERED = ("events", "notices")


class _Overtaken(Exception):
    """A rival numbered some of them first."""


class Sequencer:
    """`number` is called in a loop by the relay."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def number(self) -> int:
        """Numbers a batch; how many were numbered."""
        waiting: defaultdict[str, list[tuple[str, Document]]] = defaultdict(list)
        for name in NUMBERED:
            found = self._mongo.collection(name).find({"unnumbered": True}, {"township": 1, "scopes": 1}).sort([("_id", 1)]).limit(BATCH)
            for document in await found.to_list():
                waiting[document["township"]].append((name, document))
        numbered = 0
        for township, rows in waiting.items():
            numbered += await self._number(township, rows)
        return numbered

    async def _number(self, township: str, rows: list[tuple[str, Document]]) -> int:
        async def work(session: Session) -> int:
            scopes = sorted({key for _, row in rows for key in row["scopes"]})
            counter = await self._mongo.collection("sequences").find_one_and_update(
                {"_id": township},
                {"$inc": {"value": len(rows)}, "$set": {"scopes": scopes}},
                upsert=True,
                return_document=ReturnDocument.AFTER,
                session=session,
            )
            first = (counter["value"] if counter else 0) - len(rows) + 1
            changes: defaultdict[str, list[UpdateOne]] = defaultdict(list)
            for number, (name, row) in enumerate(rows, first):
                mark = {"$set": {"seq": number}, "$unset": {"unnumbered": ""}}
                changes[name].append(UpdateOne({"township": township, "_id": row["_id"], "unnumbered": True}, mark))
            for name, updates in changes.items():
                result = await self._mongo.collection(name).bulk_write(updates, ordered=False, session=session)
                if result.modified_count != len(updates):
                    raise _Overtaken
            return len(rows)

        try:
            return await self._mongo.transact(work)
        except _Overtaken:
            return 0
