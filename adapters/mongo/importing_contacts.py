"""Telephone numbers and ways of being reached that come with a file: kept for whoever did not say it themselves, after the rest is true.

Contacts are not kept by versions, so they follow the activation, page by page; the same file again does what is missing.
"""

from collections.abc import Sequence
from dataclasses import replace

from adapters.mongo.codec import decode
from adapters.mongo.driver import Mongo
from adapters.mongo.importing_reads import PAGE
from domain.contacts import Contact, parse_phone
from domain.contacts import Contacts as ContactsPort
from domain.households import Reach
from domain.ids import Kind
from domain.importing import Import, Register
from domain.workbook_rows import PersonRow, Sheet


class ImportedContacts:
    """Compares what a file says with what is kept, without opening a number."""

    def __init__(self, mongo: Mongo, contacts: ContactsPort) -> None:
        self._mongo = mongo
        self._contacts = contacts

    async def keep(self, page: Sequence[PersonRow], register: Register, run: Import) -> int:
        """How many contacts were set."""
        return await self._contacts.keep(await self.changed(page, register, run))

    async def changed(self, page: Sequence[PersonRow], register: Register, run: Import) -> list[Contact]:
        """Contacts as the file has them, where they are not so yet. What somebody said of themself stays, and so does an address."""
        told = {contact.person_id: contact for row in page if (contact := _contact(row, register, run)) is not None}
        if not told:
            return []
        wanted = {"township": run.township, "_id": {"$in": list(told)}}
        found = await self._mongo.collection("contacts").find(wanted).to_list()
        for document in found:
            contact = told[document["_id"]]
            if document["set_by_id"] == contact.person_id or await self._is_same(document.get("phone_key"), document["reach"], contact):
                del told[contact.person_id]
            elif document.get("address") is not None:
                [opened] = await self._mongo.vault.opened("contacts", [document])
                known = decode(Contact, {**opened, "person_id": opened["_id"]})
                told[contact.person_id] = replace(contact, address=known.address)
        return list(told.values())

    async def forget_gone(self, township: str, version: int) -> None:
        """Takes out contacts and enrolment codes of persons who are on the list no more. Looks at all, so that the next file ends what one
        that died began."""
        for name in ("contacts", "enrolment_codes"):
            last, end = (f"{Kind.PERSON.value}_{township}_{edge}" for edge in ("", "~"))
            while ids := await self._after(name, township, last, end):
                last = ids[-1]
                # Whoever came since, or is just being written ahead, is there too.
                there = {"township": township, "id": {"$in": ids}, "to_version": {"$gt": version}}
                listed = self._mongo.collection("persons").find(there, {"_id": 0, "id": 1}).hint("of_id")
                gone = sorted(set(ids) - {document["id"] async for document in listed})
                if gone:
                    await self._mongo.collection(name).delete_many({"township": township, "_id": {"$in": gone}})

    async def _after(self, name: str, township: str, last: str, end: str) -> list[str]:
        wanted = {"township": township, "_id": {"$gt": last, "$lt": end}}
        found = self._mongo.collection(name).find(wanted, {"_id": 1}).sort([("_id", 1)]).limit(PAGE).hint("_id_")
        return [document["_id"] for document in await found.to_list()]

    async def _is_same(self, phone_key: bytes | None, reach: str, contact: Contact) -> bool:
        sought = None if contact.phone is None else await self._mongo.vault.fingerprint("phone", contact.phone)
        return phone_key == sought and reach == contact.reach.value


def _contact(row: PersonRow, register: Register, run: Import) -> Contact | None:
    """Without a way of being reached in the file, a number is there to be called."""
    if row.phone is None and row.reach is None:
        return None
    phone = parse_phone(row.phone.partition("-")[0], "phone") if row.phone is not None else None
    reach = row.reach or Reach.PHONE
    return Contact(register.id_of(Sheet.PERSONS, row.code), run.township, reach, phone, None, run.at, run.by_id)
