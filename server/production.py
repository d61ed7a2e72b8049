"""What production will not start without, every reason named at once."""

from collections.abc import Mapping

from pymongo.errors import PyMongoError

from adapters.mongo.collections import missing
from server.keyring import keys_of
from server.settings import BadSetting, Settings
from server.wiring import open_database

EMULATOR = "FIREBASE_AUTH_EMULATOR_HOST"


async def troubles(settings: Settings, environment: Mapping[str, str], *, needs_indexes: bool = True) -> list[str]:
    """Sentences, each with its mend; none where production may start."""
    found: list[str] = []
    if environment.get(EMULATOR):
        found.append(f"{EMULATOR} is set, so anybody could sign in as anybody: unset it")
    if not settings.firebase_project:
        found.append("LIANHU_FIREBASE_PROJECT is empty: name the Firebase project that signs people in")
    elif settings.firebase_project.startswith("demo-"):
        found.append("LIANHU_FIREBASE_PROJECT is a demo project: name the real one")
    try:
        keys_of(settings)
    except BadSetting as error:
        found.append(str(error))
    if not settings.mongodb_uri:
        found.append("LIANHU_MONGODB_URI is empty: name a replica set or a mongos")
    else:
        found += await _database_troubles(settings, needs_indexes=needs_indexes)
    return found


async def _database_troubles(settings: Settings, *, needs_indexes: bool) -> list[str]:
    try:
        mongo = open_database(settings)
    except BadSetting as error:
        return [str(error)]
    try:
        hello = await mongo.command("hello")
        if "setName" not in hello and hello.get("msg") != "isdbgrid":
            return ["MongoDB is a single server, without transactions: make it a replica set, or use a mongos"]
        gaps = await missing(mongo) if needs_indexes else []
        if gaps:
            return [f"{len(gaps)} indexes are missing ({', '.join(gaps[:3])}, …): run the verb `indexes`"]
        locked = await mongo.vault.trouble()
        return [locked] if locked else []
    except BadSetting:  # the key's, and named already
        return []
    except PyMongoError as error:
        return [f"MongoDB does not answer ({type(error).__name__}): check LIANHU_MONGODB_URI and the network"]
    finally:
        await mongo.close()
