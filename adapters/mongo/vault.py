"""The vault: what tells where somebody can be reached is sealed before it is stored, by MongoDB's client-side field level encryption.

Explicit, not automatic: one data key a deployment, itself wrapped by a master key that the database never sees (`docs/decisions/0016`).
"""

import hmac
from asyncio import Lock
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bson import Binary
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.asynchronous.encryption import AsyncClientEncryption
from pymongo.errors import DuplicateKeyError, EncryptionError, PyMongoError

DATA_KEYS = "data_keys"
DATA_KEY = "lianhu"
LOOKUP = "lookup"
RANDOM = "AEAD_AES_256_CBC_HMAC_SHA_512-Random"
"""Sealed twice, a value looks different each time."""
ENCRYPTED = 6
"""The subtype of BSON binaries that are sealed."""

SEALED: Mapping[str, tuple[str, ...]] = {
    "households": ("address",),
    "words": ("address",),
    "contacts": ("phone", "address"),
    "readings": ("note",),
    "lookup_keys": ("secret",),
}
"""Which fields of which collections are stored sealed, and nowhere in clear."""

Document = dict[str, Any]


class VaultLocked(Exception):
    """The master key at hand does not open the data key, or there is none; the message is one sentence with the mend."""


@dataclass(frozen=True, slots=True)
class MasterKey:
    """What wraps the data key. `name` is the provider's name for libmongocrypt and stands in the data key's document, so that it is known
    which master key a data key wants; `reference` names the key within a key service, `tls` how to reach one.
    """

    name: str
    provider: Mapping[str, Any] = field(repr=False)
    reference: Mapping[str, Any] | None = None
    tls: Mapping[str, str] | None = None


MasterKeys = Callable[[], tuple[MasterKey, ...]]
"""Asked for when the vault is used first. The first of them wraps, every one of them opens."""

Encryptions = Callable[[Mapping[str, Any], Mapping[str, Any]], AsyncClientEncryption[Document]]
"""From providers and their TLS options to libmongocrypt, by either driver."""


def no_keys() -> tuple[MasterKey, ...]:
    raise VaultLocked("LIANHU_DATA_KEY is empty, so nothing can be sealed or opened: name the key file, or the key of a key service")


class Vault:
    """Seals and opens fields. Made at no cost: keys are read and opened when they are needed first, then kept in memory."""

    def __init__(
        self, database: AsyncDatabase[Document], encryptions: Encryptions, keys: MasterKeys, new_secret: Callable[[], bytes]
    ) -> None:
        self._database = database
        self._encryptions = encryptions
        self._keys = keys
        self._new_secret = new_secret
        self._lock = Lock()
        self._encryption: AsyncClientEncryption[Document] | None = None
        self._data_key: Binary | None = None
        self._secret: bytes | None = None

    async def sealed(self, name: str, documents: Iterable[Mapping[str, Any]]) -> list[Document]:
        """The documents as they may be stored in collection `name`."""
        if name not in SEALED:
            return [dict(document) for document in documents]
        rows = [dict(document) for document in documents]
        for row in rows:
            for part in SEALED[name]:
                if isinstance(row.get(part), str | bytes) and not is_sealed(row[part]):
                    row[part] = await self.seal(row[part])
        return rows

    async def opened(self, name: str, documents: Iterable[Document]) -> list[Document]:
        """The documents as they are. What was stored before there was a vault is there in clear, and stays readable."""
        if name not in SEALED:
            return list(documents)
        rows = [dict(document) for document in documents]
        for row in rows:
            for part in SEALED[name]:
                if is_sealed(row.get(part)):
                    row[part] = await self.open(row[part])
        return rows

    async def seal(self, value: str | bytes) -> Binary:
        encryption, data_key = await self._ready()
        with own_errors():
            return await encryption.encrypt(value, RANDOM, key_id=data_key)

    async def open(self, value: Binary) -> Any:
        encryption, _ = await self._ready()
        with own_errors():
            return await encryption.decrypt(value)

    async def fingerprint(self, purpose: str, value: str) -> bytes:
        """A keyed HMAC-SHA256: equal values are found by it, and without the key it tells nothing, not even to whoever tries them all."""
        return (await self.fingerprints(purpose))(value)

    async def fingerprints(self, purpose: str) -> Callable[[str], bytes]:
        """`fingerprint` for as many values as are wanted, once the key is at hand."""
        secret = self._secret = self._secret or await self._lookup_secret()
        return lambda value: hmac.digest(secret, f"{purpose}\0{value}".encode(), "sha256")

    async def trouble(self) -> str | None:
        """Why the vault cannot be used, with the mend; nothing where it can, or was never used."""
        try:
            if await self._database[DATA_KEYS].find_one({"keyAltNames": DATA_KEY}, {"_id": 1}) is not None:
                await self.open(await self.seal("trial"))
        except VaultLocked as error:
            return str(error)
        except EncryptionError as error:
            return f"LIANHU_DATA_KEY does not open the data key ({error}): name the key that it was wrapped with"
        return None

    async def close(self) -> None:
        """Forgets every key."""
        encryption, self._encryption, self._data_key, self._secret = self._encryption, None, None, None
        if encryption is not None:
            await encryption.close()

    def encryption(self, keys: Sequence[MasterKey]) -> AsyncClientEncryption[Document]:
        """libmongocrypt with these master keys; close it. For the vault, and for changing its keys."""
        tls = {key.name: key.tls for key in keys if key.tls is not None}
        return self._encryptions({key.name: dict(key.provider) for key in keys}, tls)

    async def _ready(self) -> tuple[AsyncClientEncryption[Document], Binary]:
        if self._encryption is None or self._data_key is None:
            async with self._lock:
                if self._encryption is None or self._data_key is None:
                    keys = self._keys()
                    encryption = self.encryption(keys)
                    try:
                        self._data_key = await data_key(encryption, keys)
                    except BaseException:
                        await encryption.close()
                        raise
                    self._encryption = encryption
        return self._encryption, self._data_key

    async def _lookup_secret(self) -> bytes:
        """Made once and kept under the data key, so that another master key changes nothing about it."""
        secrets = self._database["lookup_keys"]
        found = await secrets.find_one({"_id": LOOKUP})
        if found is None:
            [made] = await self.sealed("lookup_keys", [{"_id": LOOKUP, "secret": self._new_secret()}])
            try:
                await secrets.insert_one(made)
                found = made
            except DuplicateKeyError:  # another process was faster
                found = await secrets.find_one({"_id": LOOKUP})
        [opened] = await self.opened("lookup_keys", [found or {}])
        return bytes(opened["secret"])


@contextmanager
def own_errors() -> Iterator[None]:
    """Trouble with the database is the database's, also where libmongocrypt was asking it for a key."""
    try:
        yield
    except EncryptionError as error:
        if isinstance(error.cause, PyMongoError):
            raise error.cause from error
        raise


def is_sealed(value: object) -> bool:
    return isinstance(value, Binary) and value.subtype == ENCRYPTED


def data_key_of(value: Binary) -> bytes:
    """Which data key a value is sealed with: it stands in front, behind the algorithm (MongoDB's format of sealed values)."""
    return bytes(value[1:17])


async def data_key(encryption: AsyncClientEncryption[Document], keys: Sequence[MasterKey]) -> Binary:
    """The deployment's data key, made and wrapped by the first of `keys` where there is none yet. Raises `VaultLocked`."""
    found = await encryption.get_key_by_alt_name(DATA_KEY)
    if found is None:
        try:
            with own_errors():
                return await encryption.create_data_key(keys[0].name, keys[0].reference, key_alt_names=[DATA_KEY])
        except DuplicateKeyError:  # another process was faster
            found = await encryption.get_key_by_alt_name(DATA_KEY)
    if found is None:
        raise RuntimeError("the data key was there and then was not")
    wrapped_by = found["masterKey"]["provider"]
    if wrapped_by not in {key.name for key in keys}:
        names = ", ".join(key.name for key in keys)
        raise VaultLocked(
            f"the data key is wrapped by the master key {wrapped_by}, and LIANHU_DATA_KEY names {names}: "
            "name the right one, or wrap it anew with `rotate-key`"
        )
    return Binary(bytes(found["_id"]), 4)
