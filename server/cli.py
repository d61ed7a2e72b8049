"""The command line: `python -m server VERB`. One image runs every verb; each says what it did."""

import argparse
import asyncio
import os
import sys
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pymongo.errors import PyMongoError

from adapters.firebase.app import NoCredentials, close, production_app
from adapters.firebase.identity import FirebaseIdentity
from adapters.firebase.push import FirebasePushes
from adapters.mongo.collections import build
from adapters.mongo.migrations import migrate
from domain.calendar_editing import BadCalendar
from domain.identity import IdentityUnavailable
from domain.messages import DEFAULT_LANGUAGE, LANGUAGES
from schema.printed import SNAPSHOT, printed
from server.app import build_app
from server.asking import NoAnswer, ask_health, tell_token
from server.clockwork import run_clockwork
from server.demo.running import demo_settings, fill, run_demo
from server.demo.settlement import settlement
from server.first_code import hand_out
from server.importing import NotImported, Wish, export_file, import_file, write_template
from server.items import BadCatalogue, bring_items
from server.logs import set_up_logs
from server.loops import end
from server.metrics import serve_metrics
from server.mongod import EmbeddedMongod, MongodUnavailable
from server.production import troubles
from server.relay import Relay, run_relay
from server.retention import RetentionFailed, tend_contents
from server.rotation import NotRotated, rotate_key
from server.serving import PortTaken, listen, make_server, run, stop_on_signals
from server.settings import BadSetting, Settings, described_settings, read_settings
from server.tallies import HistoryUnread, hold_against_history
from server.wiring import build_house, wall_clock
from server.working_days import calendar_options, change_calendar

VERBS: Mapping[str, str] = {
    "serve": "serve the GraphQL API",
    "relay": "tell inboxes and phones of what was committed, and number changes for the feed",
    "clockwork": "remind and climb when time is over",
    "demo": "serve one fictional settlement on loopback, with everything in one process, and play the main job",
    "seed": "fill a database with the demo's settlement, of any size (demo mode)",
    "indexes": "make missing collections, validators and indexes, and run pending migrations",
    "import": "bring an organisation from a spreadsheet, or a table of divisions; --check only says what it would change",
    "template": "write the empty spreadsheet that `import` takes",
    "export": "write an organisation into such a spreadsheet, names and addresses in clear, without telephone numbers",
    "items": "bring the catalogue of service items from a file, or the one to begin with; --check only says what it would change",
    "calendar": "bring a year of working days, mark a day, show a month",
    "tally": "hold the sums behind the figures against the history, or count them anew from it",
    "replay": "hold every request and task against what its history tells",
    "retention": "remove what has been kept long enough; --dry-run only lists it",
    "rotate-key": "wrap the data keys with another master key; with --data, seal what is stored with a new data key too",
    "enrolment-code": "hand out a code that links somebody's sign-in, like the first administrator's",
    "sdl": "print the schema; --check compares it with the committed one",
    "token": "print an ID token for somebody of a running demo",
    "check-settings": "say whether production would start, and every reason why not",
    "health": "exit 0 when the server on this machine is ready (for a container's health check)",
}


class Failed(Exception):
    """The verb could not do its work; the message is for the person at the terminal."""


TOLD = (
    *(BadCalendar, BadCatalogue, BadSetting, Failed, HistoryUnread, MongodUnavailable, NoAnswer),
    *(NoCredentials, NotImported, NotRotated, PortTaken, RetentionFailed),
)
"""What is one sentence for the person at the terminal, and no bug."""


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] | None = None) -> int:
    environment = os.environ if environment is None else environment
    given = _parser().parse_args(arguments)
    try:
        settings = read_settings(environment)
        set_up_logs(settings.log_format)
        return _run(given, settings, environment)
    except TOLD as error:
        print(f"lianhu: {error}", file=sys.stderr)
        return 1


def _run(given: argparse.Namespace, settings: Settings, environment: Mapping[str, str]) -> int:
    match given.verb:
        case "demo":
            return run_demo(settings, once=given.once)
        case "sdl":
            return _sdl(check=given.check)
        case "token":
            return tell_token(given.person, settings, print)
        case "health":
            return ask_health(settings, print)
        case "seed":
            return _seed(given.households, settings)
        case "enrolment-code":
            return run(_enrolment_code(given.person, given.township, settings))
        case "check-settings":
            return run(_check(settings, environment))
        case "indexes":
            return run(_indexes(settings))
        case "import":
            wish = Wish(Path(given.file), given.township, given.check, given.language)
            return run(import_file(wish, settings, print))
        case "template":
            return write_template(Path(given.file), given.language, print)
        case "export":
            return run(export_file(Path(given.file), given.township, given.language, settings, print))
        case "items":
            return run(_items(Path(given.file) if given.file else None, settings, check=given.check))
        case "calendar":
            return run(change_calendar(given, settings, print))
        case "retention":
            return run(tend_contents(given, settings, print))
        case "tally" | "replay":
            return run(hold_against_history(settings, print, documents=given.verb == "replay", anew=getattr(given, "rebuild", False)))
        case "rotate-key":
            return run(rotate_key(given.new_key, settings, with_data=given.data, say=print))
        case verb:
            return run(_work(verb, settings, environment))


def _parser() -> argparse.ArgumentParser:
    width = max(len(name) for name, _, _ in described_settings())
    lines = [f"  {name:{width}}  {text}" + (f" (default: {default})" if default else "") for name, default, text in described_settings()]
    parser = argparse.ArgumentParser(
        prog="python -m server",
        description="Lianhu: community grid service.",
        epilog="settings (environment):\n" + "\n".join(lines),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    made = {name: verbs.add_parser(name, help=text, description=text) for name, text in VERBS.items()}
    _options(made)
    return parser


def _options(made: Mapping[str, argparse.ArgumentParser]) -> None:
    made["demo"].add_argument("--once", action="store_true", help="end after the main job: 0 when each step held, else 1")
    made["sdl"].add_argument("--check", action="store_true", help="compare with schema/schema.graphql instead of printing")
    made["seed"].add_argument("--households", type=int, default=1710, metavar="N", help="how many households (default: 1710)")
    for name in ("import", "template", "export"):
        made[name].add_argument("file", metavar="FILE", help="an .xlsx" + (", or a .csv of one sheet" if name == "import" else " to write"))
        made[name].add_argument("--language", choices=LANGUAGES, default=DEFAULT_LANGUAGE, help="of what is said and written")
    made["import"].add_argument("--township", metavar="CODE", help="for which township, where the file does not say it")
    made["import"].add_argument("--check", action="store_true", help="only say what is wrong, or what it would change")
    made["export"].add_argument("--township", metavar="CODE", required=True, help="of which township")
    made["items"].add_argument("file", metavar="FILE", nargs="?", help="a .toml of [[item]] tables (default: the catalogue to begin with)")
    made["items"].add_argument("--check", action="store_true", help="only say what is wrong, or what it would change")
    calendar_options(made["calendar"])
    made["rotate-key"].add_argument("new_key", metavar="NEW_KEY", help="the new master key, as LIANHU_DATA_KEY will name it")
    made["rotate-key"].add_argument("--data", action="store_true", help="make a new data key as well, and seal everything anew with it")
    made["token"].add_argument("person", metavar="PERSON", help="somebody of /demo/people, like resident-1")
    one_of = made["retention"].add_mutually_exclusive_group()
    one_of.add_argument("--dry-run", action="store_true", help="list what would be removed, and remove nothing")
    one_of.add_argument("--hold", metavar="NUMBER", help="instead: keep the contents of this request, because it is in dispute")
    made["retention"].add_argument("--because", metavar="TEXT", help="why it is held (default: in dispute)")
    one_of.add_argument("--release", metavar="NUMBER", help="instead: hold the contents of this request no longer")
    tally = made["tally"].add_mutually_exclusive_group(required=True)
    tally.add_argument("--check", action="store_true", help="only say which sums are wrong: exit 1 where any is")
    tally.add_argument("--rebuild", action="store_true", help="count everything anew; the figures that there are stay until then")
    made["replay"].add_argument("--check", action="store_true", required=True, help="say what differs: exit 1 where anything does")
    made["enrolment-code"].add_argument("person", metavar="PERSON", help="a person's id, or a code of the township's list")
    made["enrolment-code"].add_argument("--township", metavar="CODE", help="whose list it is: nine digits")


async def _work(verb: str, settings: Settings, environment: Mapping[str, str]) -> int:
    """`serve`, `relay` and `clockwork` in production, until a signal."""
    if settings.is_demo:
        raise Failed(f"`{verb}` is for production; the verb `demo` runs everything in one process")
    reasons = await troubles(settings, environment)
    if reasons:
        raise Failed("production does not start:\n" + "\n".join(f"  - {reason}" for reason in reasons))
    house = build_house(settings)
    firebase = await asyncio.to_thread(production_app, settings.firebase_project)
    if settings.metrics_port:
        serve_metrics(settings.host, settings.metrics_port)
    try:
        if verb == "clockwork":
            await _until_signal(run_clockwork(house))
        elif verb == "relay":
            pushes = FirebasePushes(firebase, clock=house.ports.clock)
            relay = Relay(house.outbox, house.ports.organisations, pushes, house.messages, house.ports.clock)
            await _until_signal(run_relay(relay, house.sequencer, house.tallies, house.mongo))
        else:
            identity = FirebaseIdentity(firebase)
            await _warm_up(identity)
            server = make_server(build_app(house, identity))
            stop_on_signals(server.stop)
            with listen(settings.host, settings.port) as listening:
                await server.serve(sockets=[listening])
            await identity.close()
            return 0 if server.started else 1
    finally:
        await close(firebase)
        await house.close()
    return 0


async def _warm_up(identity: FirebaseIdentity) -> None:
    try:
        await identity.warm_up()
    except IdentityUnavailable as error:
        print(f"lianhu: sign-ins cannot be checked yet ({error}); serving all the same", file=sys.stderr)


async def _until_signal(work: Coroutine[None, None, None]) -> None:
    task, stopped = asyncio.create_task(work), asyncio.Event()
    stop_on_signals(stopped.set)
    waiting = asyncio.create_task(_wait(stopped))
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    has_failed = task.done()
    await end(task, waiting)
    if has_failed:
        task.result()


async def _wait(event: asyncio.Event) -> None:
    await event.wait()


async def _check(settings: Settings, environment: Mapping[str, str]) -> int:
    if settings.is_demo:
        demo_settings(settings)
        print("demo mode would start")
        return 0
    reasons = await troubles(settings, environment)
    for reason in reasons:
        print(f"- {reason}")
    print("production would not start" if reasons else "production would start")
    return 1 if reasons else 0


async def _indexes(settings: Settings) -> int:
    if not settings.mongodb_uri:
        raise Failed("LIANHU_MONGODB_URI is empty: name the database to build indexes in")
    house = build_house(settings)
    try:
        made = await build(house.mongo) + [f"migration {name}" for name in await migrate(house.mongo, at=wall_clock())]
    except PyMongoError as error:
        raise Failed(f"MongoDB did not do it ({type(error).__name__}: {error})") from error
    finally:
        await house.close()
    for name in made:
        print(f"made {name}")
    print(f"{len(made)} things were missing" if made else "nothing was missing")
    return 0


async def _items(path: Path | None, settings: Settings, *, check: bool) -> int:
    if not settings.mongodb_uri:
        raise Failed("LIANHU_MONGODB_URI is empty: name the database whose catalogue it is")
    house = build_house(settings)
    try:
        await bring_items(house, path, print, check=check)
    except PyMongoError as error:
        raise Failed(f"MongoDB did not do it ({type(error).__name__}: {error})") from error
    finally:
        await house.close()
    return 0


async def _enrolment_code(person: str, township: str | None, settings: Settings) -> int:
    if not settings.mongodb_uri:
        raise Failed("LIANHU_MONGODB_URI is empty: name the database where the person is")
    house = build_house(settings)
    try:
        printed_slip = await hand_out(house, person, township)
    except PyMongoError as error:
        raise Failed(f"MongoDB did not do it ({type(error).__name__}: {error})") from error
    finally:
        await house.close()
    if printed_slip is None:
        raise Failed("there is no such person: give an id, or a code of the list with --township")
    print(printed_slip)
    return 0


def _seed(households: int, settings: Settings) -> int:
    if not settings.is_demo:
        raise Failed("`seed` invents people: it wants LIANHU_MODE=demo")
    try:
        planned = settlement(households)
    except ValueError as error:
        raise Failed(str(error)) from error

    async def plant(uri: str) -> None:
        house = build_house(replace(demo_settings(settings), mongodb_uri=uri))
        try:
            await fill(house, planned, print)
        except PyMongoError as error:
            raise Failed(f"MongoDB did not do it ({type(error).__name__}: {error})") from error
        finally:
            await house.close()

    if settings.mongodb_uri:
        run(plant(settings.mongodb_uri))
    else:
        with EmbeddedMongod(settings.data_dir / "mongo") as mongod:
            run(plant(mongod.uri))
    return 0


def _sdl(*, check: bool) -> int:
    if not check:
        print(printed(), end="")
        return 0
    if SNAPSHOT.read_text("utf-8") != printed():
        raise Failed("schema/schema.graphql is not what is served: run `make sdl`, and look at what changed")
    print("schema/schema.graphql is what is served")
    return 0
