"""New keys for the vault: another master key around the data keys, and another data key for what is sealed. Safe to repeat."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bson import Binary
from pymongo import UpdateOne
from pymongo.asynchronous.encryption import AsyncClientEncryption

from adapters.mongo.driver import Document, Mongo
from adapters.mongo.vault import DATA_KEY, DATA_KEYS, RANDOM, SEALED, MasterKey, data_key, data_key_of, is_sealed

BATCH = 500

Progress = Callable[[str, int], None]


async def wrap_anew(mongo: Mongo, present: Sequence[MasterKey], new: MasterKey) -> int:
    """Wraps every data key with the new master key; how many were wrapped by another one. `present` must open them: `VaultLocked`."""
    encryption = mongo.vault.encryption(_each_once(present, new))
    try:
        await data_key(encryption, _each_once(present, new))
        keys = await mongo.collection(DATA_KEYS).find({}, {"masterKey.provider": 1}).sort([("_id", 1)]).to_list()
        others = [Binary.from_uuid(key["_id"]) for key in keys if key["masterKey"]["provider"] != new.name]
        if others:
            await encryption.rewrap_many_data_key({"_id": {"$in": others}}, provider=new.name, master_key=new.reference)
        return len(others)
    finally:
        await encryption.close()


async def seal_anew(mongo: Mongo, keys: Sequence[MasterKey], progress: Progress = lambda _, __: None) -> int:
    """Seals everything with another data key; how many fields. What an earlier run left, or a service that still had the old key
    wrote, is sealed with the newest data key first, and no other one is made then. What is in clear is sealed too.
    """
    encryption = mongo.vault.encryption(keys)
    try:
        newest = await data_key(encryption, keys)
        done = await _sweep(mongo, encryption, newest, progress)
        if done == 0:
            await encryption.remove_key_alt_name(newest, DATA_KEY)
            newest = await encryption.create_data_key(keys[0].name, keys[0].reference, key_alt_names=[DATA_KEY])
            done = await _sweep(mongo, encryption, newest, progress)
        return done
    finally:
        await encryption.close()


async def _sweep(mongo: Mongo, encryption: AsyncClientEncryption[Document], newest: Binary, progress: Progress) -> int:
    total = 0
    for name, parts in SEALED.items():
        done, last = 0, ""
        fields = dict.fromkeys(("township", *parts), 1)
        while documents := await mongo.collection(name).find({"_id": {"$gt": last}}, fields).sort([("_id", 1)]).limit(BATCH).to_list():
            last = documents[-1]["_id"]
            changes = [change for document in documents for change in await _resealed(document, parts, encryption, newest)]
            if changes:
                done += (await mongo.collection(name).bulk_write(changes, ordered=False)).modified_count
                progress(name, done)
        total += done
    return total


async def _resealed(
    document: Mapping[str, Any], parts: Sequence[str], encryption: AsyncClientEncryption[Document], newest: Binary
) -> list[UpdateOne]:
    """Changes to what is not sealed with the newest key, each only while nobody else has changed it."""
    changes = []
    for part in parts:
        value = document.get(part)
        if value is None or (is_sealed(value) and data_key_of(value) == bytes(newest)):
            continue
        clear = await encryption.decrypt(value) if is_sealed(value) else value
        sealed = await encryption.encrypt(clear, RANDOM, key_id=newest)
        mine = {name: document[name] for name in ("township", "_id") if name in document}
        changes.append(UpdateOne({**mine, part: value}, {"$set": {part: sealed}}))
    return changes


def _each_once(present: Sequence[MasterKey], new: MasterKey) -> list[MasterKey]:
    """The new one first, so that it wraps whatever is made."""
    return list({key.name: key for key in (new, *present)}.values())
