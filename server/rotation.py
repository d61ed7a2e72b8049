"""The verb `rotate-key`: another master key around the data keys, and on demand another data key for what is stored."""

from collections.abc import Callable

from pymongo.errors import EncryptionError, PyMongoError

from adapters.mongo.rotation import seal_anew, wrap_anew
from adapters.mongo.vault import VaultLocked
from server.keyring import keys_of, read_keys
from server.settings import Settings
from server.wiring import open_database


class NotRotated(Exception):
    """Nothing was lost; the message is for the person at the terminal."""


async def rotate_key(new_key: str, settings: Settings, *, with_data: bool, say: Callable[[str], None]) -> int:
    """The exit code. Safe to repeat, beside a running service too where LIANHU_DATA_KEY names both keys there."""
    if not settings.mongodb_uri:
        raise NotRotated("LIANHU_MONGODB_URI is empty: name the database whose data keys are to be wrapped anew")
    present, [new, *_] = keys_of(settings), read_keys(new_key)
    mongo = open_database(settings)
    try:
        wrapped = await wrap_anew(mongo, present, new)
        say(f"wrapped {wrapped} data keys with {new.name}" if wrapped else f"every data key is wrapped with {new.name} already")
        if with_data:
            sealed = await seal_anew(mongo, [new], lambda name, count: say(f"  {name}: {count} fields sealed anew"))
            say(f"{sealed} fields are sealed with the newest data key")
        say(f"now set LIANHU_DATA_KEY={new_key} and restart serve, relay and clockwork")
    except (VaultLocked, EncryptionError) as error:
        raise NotRotated(f"nothing was changed: {error}") from error
    except PyMongoError as error:
        raise NotRotated(f"MongoDB did not do it ({type(error).__name__}: {error}); run it again") from error
    finally:
        await mongo.close()
    return 0
