"""Where everybody meets: the ports are given their hands, once, by values passed to constructors."""

import secrets
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from uuid import UUID

from pymongo.errors import PyMongoError
from pymongo.monitoring import CommandListener

from adapters.mongo.accounts import MongoAccounts
from adapters.mongo.aftermath import MongoAftermath
from adapters.mongo.board import MongoBoards
from adapters.mongo.calendars import MongoCalendars
from adapters.mongo.campaigns import MongoCampaignParts, MongoCampaigns
from adapters.mongo.cases import MongoCases
from adapters.mongo.catalogue import MongoCatalogue
from adapters.mongo.clock import MongoClock
from adapters.mongo.codec import stored_moment
from adapters.mongo.confirmations import MongoConfirmations
from adapters.mongo.contacts import MongoContacts, MongoReadLog
from adapters.mongo.devices import MongoDevices
from adapters.mongo.divisions import MongoDivisions
from adapters.mongo.driver import Mongo
from adapters.mongo.duplicates import MongoMerges
from adapters.mongo.enrolment import MongoEnrolment
from adapters.mongo.erasure import MongoErasure
from adapters.mongo.feed import MongoFeed
from adapters.mongo.figures import MongoFigures
from adapters.mongo.filters import MongoFilters
from adapters.mongo.followers import MongoFollowers
from adapters.mongo.history import MongoHistory
from adapters.mongo.households import MongoHouseholds
from adapters.mongo.importing import MongoImports
from adapters.mongo.importing_desk import MongoImportDesk
from adapters.mongo.ledger import Ledger
from adapters.mongo.notices import MongoNotices
from adapters.mongo.organisations import MongoOrganisations
from adapters.mongo.outbox import MongoOutbox
from adapters.mongo.people import MongoPeople
from adapters.mongo.proxies import MongoProxyGrants
from adapters.mongo.reach import MongoReaches
from adapters.mongo.recounting import MongoRecounts
from adapters.mongo.replay import MongoHistories
from adapters.mongo.requests import MongoRequests
from adapters.mongo.search import MongoSearchLog
from adapters.mongo.sequencer import Sequencer
from adapters.mongo.similar import MongoSimilarRequests
from adapters.mongo.subject_requests import MongoSubjectRequests
from adapters.mongo.tallies import MongoTallies
from adapters.mongo.tasks import MongoTasks
from adapters.workbook.reading import opened
from domain.ids import Kind, compose, uuid7
from domain.messages import LANGUAGES, Messages
from domain.ports import Clock, Ports
from server.keyring import keys_of
from server.settings import BadSetting, Settings


@dataclass(frozen=True, slots=True)
class House:
    """Everything a process may need; `close` it in the loop that used it."""

    settings: Settings
    mongo: Mongo
    ports: Ports
    messages: Messages
    feed: MongoFeed
    devices: MongoDevices
    outbox: MongoOutbox
    sequencer: Sequencer
    histories: MongoHistories
    tallies: MongoTallies
    due_tasks: MongoClock
    campaign_parts: MongoCampaignParts
    recounts: MongoRecounts
    calendars: MongoCalendars
    import_desk: MongoImportDesk

    @property
    def imports(self) -> MongoImports:
        return self.import_desk.imports

    async def close(self) -> None:
        await self.import_desk.close()
        await self.mongo.close()


class RandomIds:
    """Keeps `domain.ids.Ids`: the one place where chance comes in. Within one millisecond ids of one process go up (RFC 9562, 6.2)."""

    def __init__(self) -> None:
        self._last = UUID(int=0)

    def new(self, kind: Kind, township: str, at: datetime) -> str:
        key = uuid7(at, secrets.randbits(74))
        if key.int >> 80 == self._last.int >> 80:
            key = UUID(int=self._last.int + 1 + secrets.randbits(32))
        self._last = key
        return compose(kind, township, key)

    def digits(self, count: int) -> str:
        return "".join(secrets.choice("0123456789") for _ in range(count))


def wall_clock() -> datetime:
    """Now, UTC, to the millisecond, as it will be read again."""
    return stored_moment(datetime.now(UTC))


def open_database(settings: Settings, *, listeners: Sequence[CommandListener] = ()) -> Mongo:
    """Raises `BadSetting` where no database can be meant."""
    try:
        return Mongo(
            settings.mongodb_uri,
            settings.mongodb_database,
            driver=settings.mongodb_driver,
            listeners=listeners,
            keys=lambda: keys_of(settings),
            new_secret=lambda: secrets.token_bytes(32),
        )
    except (PyMongoError, ValueError) as error:
        raise BadSetting(f"LIANHU_MONGODB_URI or LIANHU_MONGODB_DATABASE cannot be used: {error}") from error


@dataclass(frozen=True, slots=True)
class _Hands:
    """Those that several others are made with."""

    mongo: Mongo
    ledger: Ledger
    cases: MongoCases
    devices: MongoDevices
    feed: MongoFeed
    organisations: MongoOrganisations
    contacts: MongoContacts
    ids: RandomIds
    import_desk: MongoImportDesk
    tallies: MongoTallies


def build_house(settings: Settings, *, clock: Clock = wall_clock, listeners: Sequence[CommandListener] = ()) -> House:
    mongo = open_database(settings, listeners=listeners)
    ledger = Ledger(mongo)
    cases, devices, feed = MongoCases(mongo, ledger, MongoCalendars(mongo)), MongoDevices(mongo, ledger), MongoFeed(mongo)
    organisations, contacts, ids = MongoOrganisations(mongo, ledger), MongoContacts(mongo, ledger), RandomIds()
    import_desk = _import_desk(mongo, ledger, organisations, contacts, clock, ids)
    histories = MongoHistories(mongo)
    tallies = MongoTallies(mongo, histories, cases.calendars)
    return House(
        settings,
        mongo,
        _ports(settings, clock, _Hands(mongo, ledger, cases, devices, feed, organisations, contacts, ids, import_desk, tallies)),
        load_messages(),
        feed,
        devices,
        MongoOutbox(mongo, devices, mark=secrets.token_hex(16)),
        Sequencer(mongo),
        histories,
        tallies,
        MongoClock(mongo, cases, mark=secrets.token_hex(16)),
        MongoCampaignParts(mongo, cases, mark=secrets.token_hex(16)),
        MongoRecounts(mongo, cases, mark=secrets.token_hex(16)),
        cases.calendars,
        import_desk,
    )


def _ports(settings: Settings, clock: Clock, hands: _Hands) -> Ports:
    mongo, ledger, cases = hands.mongo, hands.ledger, hands.cases
    return Ports(
        organisations=hands.organisations,
        aftermath=MongoAftermath(mongo, hands.devices),
        people=MongoPeople(mongo, hands.organisations),
        enrolment=MongoEnrolment(mongo, ledger),
        accounts=MongoAccounts(mongo, ledger, hands.organisations),
        households=MongoHouseholds(mongo),
        catalogue=MongoCatalogue(mongo),
        calendars=cases.calendars,
        requests=MongoRequests(mongo, cases, ledger),
        merges=MongoMerges(mongo, cases),
        similar=MongoSimilarRequests(mongo),
        tasks=MongoTasks(mongo, cases),
        confirmations=MongoConfirmations(mongo),
        boards=MongoBoards(mongo),
        campaigns=MongoCampaigns(mongo, ledger),
        filters=MongoFilters(mongo, ledger),
        followers=MongoFollowers(mongo, ledger, cases),
        history=MongoHistory(mongo),
        notices=MongoNotices(mongo, ledger),
        devices=hands.devices,
        contacts=hands.contacts,
        read_log=MongoReadLog(mongo),
        import_desk=hands.import_desk,
        search_log=MongoSearchLog(mongo),
        divisions=MongoDivisions(mongo),
        proxy_grants=MongoProxyGrants(mongo, ledger),
        reaches=MongoReaches(mongo, ledger),
        feed=hands.feed,
        figures=MongoFigures(mongo, hands.tallies),
        subject_requests=MongoSubjectRequests(mongo, ledger, MongoErasure(mongo)),
        clock=clock,
        ids=hands.ids,
        load_limit=settings.load_limit,
    )


def _import_desk(
    mongo: Mongo, ledger: Ledger, organisations: MongoOrganisations, contacts: MongoContacts, clock: Clock, ids: RandomIds
) -> MongoImportDesk:
    imports = MongoImports(mongo, ledger, organisations, contacts, clock=clock, ids=ids)
    return MongoImportDesk(mongo, ledger, imports, opened)


def load_messages() -> Messages:
    """The catalogues of every language, keys joined by dots."""
    shelf = files("server") / "messages"
    return Messages({language: _joined(tomllib.loads((shelf / f"{language}.toml").read_text("utf-8"))) for language in LANGUAGES})


def _joined(table: dict[str, object], prefix: str = "") -> dict[str, str]:
    texts: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            texts |= _joined(value, f"{prefix}{key}.")
        else:
            texts[f"{prefix}{key}"] = str(value)
    return texts
