"""The part of the tour that goes through contacts, the read log and the keys of the vault."""

import base64
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from adapters.mongo.rotation import seal_anew, wrap_anew
from domain.access import Actor
from domain.contacts import Contact, RevealReason
from domain.errors import Refused
from domain.households import Reach
from domain.pages import Page, PageRequest
from resolvers.contacts import RevealContact, SetContact, contacts_of_requests, own_readings, read_log, reveal_contact, set_contact
from resolvers.requests import SubmitRequest, submit_request
from server.demo.settlement import Settlement
from server.keyring import keys_of, read_keys
from server.wiring import House

PHONE = "+8613812345678"


async def tour_of_contacts(
    house: House, planned: Settlement, actor: Callable[[str], Awaitable[Actor]], note: Callable[[str], None]
) -> None:
    ports, township = house.ports, planned.township_code
    resident, leader, officer = [await actor(handle) for handle in ("resident-1", "dispatcher-1", "privacy-officer-1")]
    note("contacts")
    sent = SetContact(uuid4(), Reach.PHONE, phone=PHONE, address_detail="三单元五楼东户")
    await set_contact(sent, by=resident, ports=ports)
    await set_contact(sent, by=resident, ports=ports)
    other = planned.handles["resident-2"]
    contact = Contact(other, township, Reach.PHONE, PHONE, None, ports.clock(), other)
    await ports.contacts.keep([contact])
    await ports.contacts.own(seen_by=resident)
    await ports.contacts.persons_with(PHONE, township=township)
    lamp = next(item.id for item in planned.items if item.code == "stairwell-lamp")
    request = (await submit_request(SubmitRequest(uuid4(), lamp, "楼道灯不亮", address="五楼"), by=resident, ports=ports)).subject
    await contacts_of_requests([request], by=leader, ports=ports)
    [task] = await ports.tasks.of_requests(township, [request.id], seen_by=leader)
    for _ in range(6):
        await reveal_contact(RevealContact(uuid4(), task.id, RevealReason.OTHER, "问一下"), by=leader, ports=ports)
    await _both_ways(lambda page: own_readings(page, by=resident, ports=ports))
    await _both_ways(lambda page: read_log(page, by=officer, ports=ports))
    with TemporaryDirectory() as folder:
        await _change_keys(house, contact, Path(folder), note)
    note("a contact is erased")
    await ports.contacts.erase(township, other)
    with suppress(Refused):
        await reveal_contact(RevealContact(uuid4(), task.id, RevealReason.DANGER), by=leader, ports=ports)


async def _both_ways(read: Callable[[PageRequest], Awaitable[Page[Any]]]) -> None:
    first = await read(PageRequest(2))
    second = await read(PageRequest(2, after=first.keys[-1]))
    await read(PageRequest(2, before=second.keys[-1], is_backward=True))
    await read(PageRequest(2, is_backward=True))


async def _change_keys(house: House, contact: Contact, folder: Path, note: Callable[[str], None]) -> None:
    note("keys are changed")
    present, path = keys_of(house.settings), folder / "new.key"
    path.write_bytes(base64.b64encode(bytes(range(96))))
    new = read_keys(str(path))
    await wrap_anew(house.mongo, present, new[0])
    await wrap_anew(house.mongo, new, present[0])
    await seal_anew(house.mongo, present)
    await seal_anew(house.mongo, present)
    # This house has an older data key at hand: what it seals is swept up.
    await house.ports.contacts.erase(contact.township, contact.person_id)
    await house.ports.contacts.keep([replace(contact, phone=None, address="五楼")])
    await seal_anew(house.mongo, present)
    await house.mongo.vault.close()
    await house.mongo.vault.trouble()
