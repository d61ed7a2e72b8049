"""Enrolment on MongoDB: single rows of persons, true at once in the version of now; codes as salted digests, one a person."""

from asyncio import to_thread
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from hashlib import scrypt
from hmac import compare_digest

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from adapters.mongo.codec import encode
from adapters.mongo.driver import Document, Mongo, Session
from adapters.mongo.ledger import Ledger
from adapters.mongo.staging import clear_dead
from adapters.mongo.versions import FOREVER, read_row, row, true_in
from domain.commands import Command, Replayed
from domain.enrolment import BEGINNING, Amendment, EnrolmentCode
from domain.errors import RefusalCode, not_found, refused
from domain.households import Household
from domain.ids import Kind, parse
from domain.organisation import Organisation
from domain.people import ERASED_NAME, Person


class MongoEnrolment:
    """Keeps `domain.enrolment.Enrolment`.

    A person without a post is in nobody's memory of the organisation, so that no new version is needed: the row begins with the version of
    now. The township's document is written along, so that neither a change of the organisation nor an import can slip in between.
    """

    def __init__(self, mongo: Mongo, ledger: Ledger) -> None:
        self._mongo = mongo
        self._ledger = ledger

    async def person(self, organisation: Organisation, id_: str) -> Person | None:
        found = await self._row("persons", Kind.PERSON, organisation, id_)
        return read_row(Person, found) if found else None

    async def listed(self, organisation: Organisation, code: str) -> Person | None:
        wanted = {"township": organisation.township, "code": code, "to_version": FOREVER}
        found = await self._mongo.collection("persons").find_one(wanted, hint="code") if code else None
        return read_row(Person, found) if found else None

    async def home(self, organisation: Organisation, id_: str) -> Household | None:
        found = await self._row("households", Kind.HOUSEHOLD, organisation, id_)
        return read_row(Household, {**found, "address": ""}) if found else None

    async def _row(self, collection: str, kind: Kind, organisation: Organisation, id_: str) -> Document | None:
        ref = parse(id_)
        if ref is None or ref.kind is not kind or ref.township != organisation.township:
            return None
        wanted = {**true_in(organisation.township, organisation.version), "id": id_}
        return await self._mongo.collection(collection).find_one(wanted, {"address": 0}, hint="of_id")

    async def enrol(self, person: Person, *, command: Command) -> Person | Replayed:
        async def work(session: Session) -> Person:
            version = await self._version_of_now(person.township, session)
            try:
                await self._mongo.collection("persons").insert_one(row(person, version), session=session)
            except DuplicateKeyError as error:
                raise refused(RefusalCode.CONFLICT, "refusal.code_taken", "code") from error
            return person

        await clear_dead(self._mongo, person.township, command.at)
        return await self._ledger.once(command, person.township, person.id, work)

    async def correct(self, person: Person, amendment: Amendment, *, command: Command) -> Person | Replayed:
        written = {name: value for name, value in asdict(amendment).items() if value is not None}

        async def work(session: Session) -> Person:
            await self._version_of_now(person.township, session)
            live = {"township": person.township, "id": person.id, "to_version": FOREVER, "display_name": {"$ne": ERASED_NAME}}
            done = await self._mongo.collection("persons").find_one_and_update(
                live, {"$set": written}, return_document=ReturnDocument.AFTER, hint="of_id", session=session
            )
            if done is None:
                raise not_found("personId")
            return read_row(Person, done)

        await clear_dead(self._mongo, person.township, command.at)
        return await self._ledger.once(command, person.township, person.id, work)

    async def _version_of_now(self, township: str, session: Session) -> int:
        found = await self._mongo.collection("townships").find_one_and_update(
            {"_id": township, "staging": None}, {"$inc": {"entries": 1}}, projection={"version": 1}, session=session
        )
        if found is None:
            raise refused(RefusalCode.CONFLICT, "refusal.import_under_way", "commandId")
        version: int = found["version"]
        return version

    async def issue(
        self, person: Person, digits: str, *, salt: str, valid_until: datetime, administered: Iterable[str], command: Command
    ) -> Replayed | None:
        code = EnrolmentCode(
            id=person.id,
            township=person.township,
            beginning=digits[:BEGINNING],
            salt=salt,
            digest=await digest_of(digits, salt),
            issued_by_id=command.person_id,
            issued_at=command.at,
            expires_at=valid_until,
            administered=tuple(sorted(administered)),
        )

        async def work(session: Session) -> None:
            codes = self._mongo.collection("enrolment_codes")
            await codes.delete_many({"township": person.township, "expires_at": {"$lte": command.at}}, session=session)
            await codes.replace_one({"township": person.township, "_id": person.id}, encode(code), upsert=True, session=session)

        kept = await self._ledger.once(command, person.township, person.id, work)
        return kept if isinstance(kept, Replayed) else None


async def digest_of(digits: str, salt: str) -> str:
    """A slow digest, made in a thread: some 30 ms and 16 MiB each."""
    made = await to_thread(scrypt, digits.encode(), salt=salt.encode(), n=2**14, r=8, p=1, dklen=32)
    return made.hex()


async def is_code(digits: str, document: Document) -> bool:
    """Whether these are the digits of the code that is kept."""
    return compare_digest(await digest_of(digits, document["salt"]), document["digest"])
