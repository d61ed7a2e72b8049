"""Accounts on MongoDB: linked by a code that works once, however many try it at the same moment."""

from datetime import datetime
from typing import Any

from adapters.mongo.codec import decode, encode
from adapters.mongo.driver import Document, Mongo, Session
from adapters.mongo.enrolment import digest_of, is_code
from adapters.mongo.ledger import Ledger
from adapters.mongo.organisations import MongoOrganisations
from adapters.mongo.people import AT_NOW, rows_of
from adapters.mongo.tries import count_try, take_back
from adapters.mongo.versions import read_row, true_in
from domain.accounts import TRIES_A_DAY, TRIES_AT_BEGINNING_A_DAY, Account, linked, unknown_code
from domain.calendar import SHANGHAI
from domain.commands import Command, Replayed
from domain.enrolment import BEGINNING, TRIES, opens_posts
from domain.errors import RefusalCode, refused
from domain.identity import SignIn
from domain.people import Person


class MongoAccounts:
    """Keeps `domain.accounts.Accounts`.

    A try is counted before the code is looked at, outside of any transaction, and taken back where the code was right: what thousands
    try at once is counted as what they try one after another.
    """

    def __init__(self, mongo: Mongo, ledger: Ledger, organisations: MongoOrganisations) -> None:
        self._mongo = mongo
        self._ledger = ledger
        self._organisations = organisations

    async def persons_of(self, sign_in: SignIn, *, at: datetime) -> list[Person]:
        steps = [{"$match": {"_id": sign_in.uid}}, *AT_NOW, rows_of("persons", "person_ids", "persons")]
        found = await self._mongo.aggregate("accounts", steps)
        if not found or account_of(found[0]).is_stale(sign_in, at):
            return []
        persons = [read_row(Person, document) for document in found[0]["persons"]]
        return sorted(persons, key=lambda person: found[0]["person_ids"].index(person.id))

    async def link(self, digits: str, sign_in: SignIn, *, command: Command) -> Person | Replayed:
        replayed = await self._ledger.replay_of(command)
        if replayed is not None:
            return replayed
        beginning = digits[:BEGINNING]
        await self._count_a_try(sign_in.author, TRIES_A_DAY, command.at)
        await self._count_a_try(beginning, TRIES_AT_BEGINNING_A_DAY, command.at)
        tried = await self._tried(beginning, command.at)
        code = await _right_one(digits, tried)
        if code is None or not await self._opens_posts(code, command.at):
            raise unknown_code()
        await self._take_back(sign_in.author, beginning, tried)
        return await self._ledger.once(command, code["township"], code["_id"], lambda session: self._link(code, sign_in, command, session))

    async def _count_a_try(self, key: str, most: int, at: datetime) -> None:
        """Raises LIMIT_REACHED where it is one too many for today."""
        if await count_try(self._mongo, key, at=at) > most:
            raise refused(RefusalCode.LIMIT_REACHED, "refusal.tries_enough", "code")

    async def _tried(self, beginning: str, at: datetime) -> list[Document]:
        """The codes that may be meant, each one try poorer."""
        codes, tried = self._mongo.collection("enrolment_codes"), list[Document]()
        live: dict[str, Any] = {"tries": {"$lt": TRIES}, "expires_at": {"$gt": at}}
        for found in await codes.find({"beginning": beginning, **live}).hint("beginning").to_list():
            counted = await codes.find_one_and_update({**_key(found), **live}, {"$inc": {"tries": 1}})
            if counted is not None:
                tried.append(counted)
        return tried

    async def _opens_posts(self, code: Document, at: datetime) -> bool:
        """Whether it may link still: its person may have been given a post that whoever handed it out has no code for."""
        organisation = await self._organisations.of_township(code["township"])
        on = at.astimezone(SHANGHAI).date()
        return organisation is not None and opens_posts(code.get("administered", ()), organisation, code["_id"], on)

    async def _take_back(self, author: str, beginning: str, tried: list[Document]) -> None:
        """A right code is no wrong try: not of the sign-in, not of its beginning, not of other codes that begin the same."""
        await take_back(self._mongo, [author, beginning])
        for kept in tried:
            await self._mongo.collection("enrolment_codes").update_one(_key(kept), {"$inc": {"tries": -1}})

    async def _link(self, code: Document, sign_in: SignIn, command: Command, session: Session) -> Person:
        done = await self._mongo.collection("enrolment_codes").delete_one(_key(code), session=session)
        person = await self._person(code["township"], code["_id"], session)
        if done.deleted_count == 0 or person is None:
            raise unknown_code()
        accounts = self._mongo.collection("accounts")
        found = await accounts.find_one({"_id": sign_in.uid}, session=session)
        account = linked(account_of(found) if found else None, sign_in, person, command.at)
        await accounts.replace_one({"_id": account.id}, encode(account), upsert=True, session=session)
        return person

    async def _person(self, township: str, id_: str, session: Session) -> Person | None:
        at = await self._mongo.collection("townships").find_one({"_id": township}, {"version": 1}, session=session)
        if at is None:
            return None
        wanted = {**true_in(township, at["version"]), "id": id_}
        found = await self._mongo.collection("persons").find_one(wanted, hint="of_id", session=session)
        return read_row(Person, found) if found else None

    async def unlink(self, person: Person, *, command: Command) -> Replayed | None:
        async def work(session: Session) -> None:
            own = {"township": person.township, "person_id": person.id}
            await leave_accounts(self._mongo, person.id, session)
            retired = {"$set": {"retired_at": command.at}}
            await self._mongo.collection("devices").update_many({**own, "retired_at": None}, retired, session=session)
            await self._mongo.collection("enrolment_codes").delete_one({"township": person.township, "_id": person.id}, session=session)

        kept = await self._ledger.once(command, person.township, person.id, work)
        return kept if isinstance(kept, Replayed) else None


async def leave_accounts(mongo: Mongo, person_id: str, session: Session) -> None:
    """No sign-in is the person's from now on; one that nobody else is on goes."""
    accounts = mongo.collection("accounts")
    for found in await accounts.find({"person_ids": person_id}, session=session).hint("of_person").to_list():
        others = [id_ for id_ in found["person_ids"] if id_ != person_id]
        if others:
            left = {"$set": {"person_ids": others}, "$unset": {"person_id": ""}}
            await accounts.update_one({"_id": found["_id"]}, left, session=session)
        else:
            await accounts.delete_one({"_id": found["_id"]}, session=session)


def account_of(document: Document) -> Account:
    return decode(Account, {name: document[name] for name in ("_id", "township", "person_ids", "last_used_day")})


def _key(code: Document) -> Document:
    """This code, and not a newer one of the same person."""
    return {"township": code["township"], "_id": code["_id"], "salt": code["salt"]}


async def _right_one(digits: str, tried: list[Document]) -> Document | None:
    if not tried:  # takes as long: that a code begins like this is nobody's to know
        await digest_of(digits, "")
    for code in tried:
        if await is_code(digits, code):
            return code
    return None
