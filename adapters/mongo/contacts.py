"""Contacts and the read log on MongoDB: sealed, found by a keyed hash, and shown only after the reading stands in the log."""

from collections.abc import Sequence
from functools import partial

from bson import Binary
from pymongo import ReplaceOne

from adapters.mongo.codec import decode, encode
from adapters.mongo.driver import Document, Mongo, Session
from adapters.mongo.erasure import kept_of
from adapters.mongo.ledger import Ledger
from adapters.mongo.reads import newest_first
from domain.access import Actor, Door, key
from domain.commands import Command, Replayed
from domain.contacts import MANY_READINGS, WITHIN, Contact, MaskedContact, Reading, flagged
from domain.errors import RefusalCode, not_found, refused
from domain.events import EventKind
from domain.ids import Kind, derived
from domain.notices import Notice, NoticeKind
from domain.pages import Page, PageRequest
from domain.replay import Reveal

BATCH = 500

NOTHING: Page[Reading] = Page((), (), has_next=False, has_previous=False)


class MongoContacts:
    """Keeps `domain.contacts.Contacts`. One document a person, beside it what is shown masked and the hash that finds a number."""

    def __init__(self, mongo: Mongo, ledger: Ledger) -> None:
        self._mongo = mongo
        self._ledger = ledger

    async def set(self, contact: Contact, *, command: Command) -> None:
        document = await self._sealed(contact)

        async def work(session: Session) -> None:
            if not await kept_of(self._mongo, contact.township, [contact.person_id], session):
                raise not_found("personId")
            by_id = {"township": contact.township, "_id": contact.person_id}
            await self._mongo.collection("contacts").replace_one(by_id, document, upsert=True, session=session)

        await self._ledger.once(command, contact.township, contact.person_id, work)

    async def keep(self, contacts: Sequence[Contact]) -> int:
        kept = 0
        for start in range(0, len(contacts), BATCH):
            documents = [await self._sealed(contact) for contact in contacts[start : start + BATCH]]
            kept += await self._mongo.transact(partial(self._replace, documents))
        return kept

    async def _replace(self, documents: Sequence[Document], session: Session) -> int:
        kept = 0
        for township in sorted({one["township"] for one in documents}):
            of_it = [one for one in documents if one["township"] == township]
            ids = [one["_id"] for one in of_it]
            living = await kept_of(self._mongo, township, ids, session)
            found = self._mongo.collection("contacts").find({"township": township, "_id": {"$in": ids}}, {"set_by_id": 1}, session=session)
            said_themselves = {there["_id"] for there in await found.to_list() if there["set_by_id"] == there["_id"]}
            wanted = [one for one in of_it if one["_id"] in living - said_themselves]
            if wanted:
                replaced = [ReplaceOne({"township": township, "_id": one["_id"]}, one, upsert=True) for one in wanted]
                await self._mongo.collection("contacts").bulk_write(replaced, ordered=False, session=session)
            kept += len(wanted)
        return kept

    async def masked(self, township: str, person_ids: Sequence[str]) -> list[MaskedContact]:
        wanted = {"township": township, "_id": {"$in": list(dict.fromkeys(person_ids))}}
        found = self._mongo.collection("contacts").find(wanted, {"masked": 1})
        return [decode(MaskedContact, {**document["masked"], "person_id": document["_id"]}) for document in await found.to_list()]

    async def own(self, *, seen_by: Actor) -> Contact | None:
        if seen_by.person is None:
            return None
        return await self._contact(seen_by.person.township, seen_by.person.id)

    async def reveal(self, reading: Reading, *, watched_by: Sequence[str], command: Command) -> Contact:
        [note] = await self._mongo.vault.sealed("readings", [{"note": reading.note}])

        async def work(session: Session) -> None:
            by_id = {"township": reading.township, "_id": reading.person_id}
            if await self._mongo.collection("contacts").find_one(by_id, {"_id": 1}, session=session) is None:
                raise _no_contact()
            readings = self._mongo.collection("readings")
            of_hour = {"township": reading.township, "by_id": reading.by_id, "at": {"$gt": reading.at - WITHIN}}
            earlier = await readings.count_documents(of_hour, limit=MANY_READINGS, session=session)
            logged = flagged(reading, earlier)
            await readings.insert_one({**encode(logged), **note}, session=session)
            await self._mongo.collection("events").insert_one(_event(reading), session=session)
            notices = [_notice(logged, officer) for officer in watched_by if officer != logged.by_id]
            if logged.flags and notices:
                await self._mongo.collection("notices").insert_many(notices, session=session)

        kept = await self._ledger.once(command, reading.township, reading.task_id, work)
        contact = await self._contact(reading.township, reading.person_id)
        if contact is None:  # erased since
            raise _no_contact()
        if isinstance(kept, Replayed) and (kept.at is None or contact.set_at > kept.at):
            await self._mongo.transact(work)  # what was set since was never shown by it: a look of its own
        return contact

    async def persons_with(self, phone: str, *, township: str) -> list[str]:
        sought = await self._mongo.vault.fingerprint("phone", phone)
        found = self._mongo.collection("contacts").find({"township": township, "phone_key": sought}, {"_id": 1})
        return sorted([document["_id"] for document in await found.to_list()])

    async def fingerprint(self, value: str) -> str:
        return (await self._mongo.vault.fingerprint("digest", value)).hex()

    async def erase(self, township: str, person_id: str) -> None:
        await self._mongo.collection("contacts").delete_one({"township": township, "_id": person_id})

    async def _contact(self, township: str, person_id: str) -> Contact | None:
        document = await self._mongo.collection("contacts").find_one({"township": township, "_id": person_id})
        if document is None:
            return None
        [opened] = await self._mongo.vault.opened("contacts", [document])
        return decode(Contact, {**opened, "person_id": opened["_id"]})

    async def _sealed(self, contact: Contact) -> Document:
        [document] = await self._mongo.vault.sealed("contacts", [encode(contact)])
        document["_id"] = document.pop("person_id")
        document["masked"] = {name: value for name, value in encode(contact.masked).items() if name != "person_id"}
        if contact.phone is not None:
            document["phone_key"] = Binary(await self._mongo.vault.fingerprint("phone", contact.phone))
        return document


class MongoReadLog:
    """Keeps `domain.contacts.ReadLog`."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def of_person(self, page: PageRequest, *, seen_by: Actor) -> Page[Reading]:
        if seen_by.person is None:
            return NOTHING
        return await self._page({"township": seen_by.person.township, "person_id": seen_by.person.id}, page, "of_person")

    async def of_township(self, page: PageRequest, *, seen_by: Actor) -> Page[Reading]:
        if seen_by.person is None:
            return NOTHING
        return await self._page({"township": seen_by.person.township}, page, "of_township")

    async def _page(self, wanted: Document, page: PageRequest, index: str) -> Page[Reading]:
        return await newest_first(self._mongo, "readings", Reading, wanted, page, index=index)


def _event(reading: Reading) -> Document:
    """That there was one, for the figures: it has a place in the feed, is told to nobody, and outlives the log without saying who."""
    id_ = derived(Kind.EVENT, reading.id, EventKind.CONTACT_REVEALED.value)
    event = Reveal.event(id_, reading.township, reading.request_id, reading.task_id, reading.at)
    told = {"changes": [], "subjects": [{"id": reading.request_id, "scopes": []}], "scopes": [], "hidden_from": []}
    return {**encode(event), **told, "unnumbered": True}


def _notice(reading: Reading, officer_id: str) -> Document:
    """A line of a privacy officer's inbox: that something is unusual, never whose contact it was."""
    id_ = derived(Kind.NOTICE, reading.id, officer_id)
    notice = Notice(id_, reading.township, officer_id, NoticeKind.CONTACT_READ_FLAGGED, reading.request_number, reading.id, reading.at)
    return {**encode(notice), "scopes": [key(Door.PERSON, officer_id)], "unnumbered": True}


def _no_contact() -> Exception:
    return refused(RefusalCode.NOT_FOUND, "refusal.no_contact", "taskId")
