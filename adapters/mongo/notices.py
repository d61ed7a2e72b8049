"""The inbox on MongoDB."""

from collections.abc import Sequence

from adapters.mongo.driver import Mongo, Session
from adapters.mongo.ledger import Ledger
from adapters.mongo.reads import find_by_ids, newest_first, own_ids
from domain.access import Actor
from domain.commands import Command
from domain.errors import not_found
from domain.ids import Kind
from domain.notices import Notice
from domain.pages import Page, PageRequest


class MongoNotices:
    """Keeps `domain.ports.Notices`: an inbox is its owner's alone."""

    def __init__(self, mongo: Mongo, ledger: Ledger) -> None:
        self._mongo = mongo
        self._ledger = ledger

    async def page(self, page: PageRequest, *, seen_by: Actor) -> Page[Notice]:
        if seen_by.person is None:
            return Page((), (), has_next=False, has_previous=False)
        return await newest_first(self._mongo, "notices", Notice, _own(seen_by), page)

    async def by_ids(self, ids: Sequence[str], *, seen_by: Actor) -> list[Notice]:
        if seen_by.person is None:
            return []
        return await find_by_ids(self._mongo, "notices", Notice, own_ids(Kind.NOTICE, ids, seen_by.person.township), _own(seen_by))

    async def unread(self, *, seen_by: Actor) -> int:
        if seen_by.person is None:
            return 0
        return await self._mongo.collection("notices").count_documents({**_own(seen_by), "read_at": None})

    async def mark_read(self, notice_ids: Sequence[str], *, by: Actor, command: Command) -> None:
        own = _own(by)
        ids = own_ids(Kind.NOTICE, notice_ids, own["township"])
        if len(ids) != len(set(notice_ids)):
            raise not_found("noticeIds")

        async def work(session: Session) -> None:
            notices = self._mongo.collection("notices")
            if len(await notices.find({**own, "_id": {"$in": ids}}, {"_id": 1}, session=session).to_list()) != len(ids):
                raise not_found("noticeIds")
            # Told to the person's other phones too: a mark is a change, so it is numbered again.
            marked = {"$set": {"read_at": command.at, "unnumbered": True}, "$unset": {"seq": ""}}
            await notices.update_many({**own, "_id": {"$in": ids}, "read_at": None}, marked, session=session)

        await self._ledger.once(command, own["township"], command.person_id, work)


def _own(reader: Actor) -> dict[str, str]:
    if reader.person is None:
        raise ValueError("nobody has no inbox")
    return {"township": reader.person.township, "person_id": reader.person.id}
