"""The verbs `import`, `template` and `export`: a committee's file checked, compared and made true; an empty one; what stands as one."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pymongo.errors import PyMongoError

from adapters.mongo.collections import missing
from adapters.mongo.divisions import MongoDivisions
from adapters.mongo.vault import VaultLocked
from adapters.workbook.reading import opened
from adapters.workbook.writing import template, write_organisation
from domain.calendar import SHANGHAI
from domain.divisions import check_divisions, is_table_of_divisions
from domain.errors import Refused
from domain.ids import Kind
from domain.importing import Import, Outcome
from domain.importing_told import told
from domain.messages import Messages
from domain.organisation import OrgUnitKind
from domain.workbook import form_for_headers
from domain.workbook_cells import is_blank, shown
from domain.workbook_pages import Fault, Faults, Source, drafts_of, pages_of
from domain.workbook_rows import Row, Sheet
from domain.workbook_units import kind_of
from server.settings import Settings
from server.wiring import House, build_house, load_messages

Say = Callable[[str], None]

BY_TERMINAL = "import"
"""Who did it, where nobody signed in."""


class NotImported(Exception):
    """Nothing was written; the message is for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for at the terminal."""

    path: Path
    township: str | None
    is_check: bool
    language: str


async def import_file(wish: Wish, settings: Settings, say: Say) -> int:
    """The exit code: 1 where the file has faults. Safe to repeat: what stands already is not written again."""
    if not settings.mongodb_uri:
        raise NotImported("LIANHU_MONGODB_URI is empty: name the database to import into")
    house = build_house(settings)
    messages = house.messages
    try:
        gaps = await missing(house.mongo)
        if gaps:
            raise NotImported(f"run the verb `indexes` first: {', '.join(gaps[:3])} {'and more ' if gaps[3:] else ''}are missing")
        with opened(wish.path) as source:
            if _is_divisions(source):
                return await _import_divisions(source, wish, house, say)
            return await _import_organisation(source, wish, house, say)
    except Refused as refused:
        raise NotImported(messages.render(refused.refusal.message, wish.language)) from refused
    except VaultLocked as error:
        raise NotImported(f"nothing was changed: {error}") from error
    except PyMongoError as error:
        raise NotImported(f"MongoDB did not do it ({type(error).__name__}: {error}); run it again") from error
    except OSError as error:
        raise NotImported(f"{wish.path} cannot be read: {error.strerror}") from error
    finally:
        await house.close()


async def _import_organisation(source: Source, wish: Wish, house: House, say: Say) -> int:
    at, township = house.ports.clock(), wish.township or await _township(source, house)
    run = Import(house.ports.ids.new(Kind.EVENT, township, at), township, at, at.astimezone(SHANGHAI).date(), BY_TERMINAL)
    imports = house.imports
    act = imports.check if wish.is_check else imports.apply
    outcome = await act(source, run, progress=lambda name, count: say(f"  {name}: {count}"))
    if not outcome.is_sound:
        _say_faults(outcome.faults, outcome.left_out, house.messages, wish.language, say)
        return 1
    for line in told(outcome.differences, house.messages, wish.language):
        say(line)
    say(_done(outcome, township, is_check=wish.is_check))
    if outcome.is_applied and outcome.version == 1:
        say(f"nobody can sign in yet: `enrolment-code PERSON --township {township}` links the first administrator, by their code")
    return 0


def _done(outcome: Outcome, township: str, *, is_check: bool) -> str:
    contacts = f"; {outcome.contacts} contacts" if outcome.contacts else ""
    if outcome.is_nothing:
        return f"no change: {township} stays at version {outcome.version}{contacts}"
    if is_check:
        return f"checked: {township} is at version {outcome.version}; nothing was written{contacts}"
    return f"applied: {township} is at version {outcome.version}{contacts}"


def _say_faults(faults: Iterable[Fault], left_out: int, messages: Messages, language: str, say: Say) -> None:
    for fault in faults:
        place = fault.sheet + (f"!{fault.row}" if fault.row else "") + (f" {fault.column}" if fault.column else "")
        say(f"{place}: {messages.render(fault.what, language)}; {messages.render(fault.expected, language)}")
    if left_out:
        say(f"({left_out} more)")


async def _township(source: Source, house: House) -> str:
    """The file's own township committee says it; else the only one there is."""
    pages = pages_of(source, Faults())
    for draft in drafts_of(pages[Sheet.UNITS], Faults()):
        code = draft.text("code")
        if code is not None and kind_of(draft) is OrgUnitKind.TOWNSHIP_COMMITTEE and len(code) == len("990101101"):
            return code
    codes = await house.imports.reads.townships()
    if len(codes) != 1:
        raise NotImported("the file names no township committee: say which township it is for with --township CODE")
    return codes[0]


async def _import_divisions(source: Source, wish: Wish, house: House, say: Say) -> int:
    table = MongoDivisions(house.mongo)
    checked = check_divisions(source.sheets[0], known=await table.codes())
    if checked.rows is None:
        _say_faults(checked.faults, checked.left_out, house.messages, wish.language, say)
        return 1
    if wish.is_check:
        say(f"checked: {sum(1 for _ in checked.rows)} divisions; nothing was written")
        return 0
    new, changed = await table.put(checked.rows, lambda name, count: say(f"  {name}: {count}"))
    say(f"applied: {new} divisions are new, {changed} changed" if new or changed else "no change")
    return 0


def _is_divisions(source: Source) -> bool:
    """A single table that is none of the organisation's sheets."""
    if len(source.sheets) != 1:
        return False
    top = next((cells for _, cells in source.sheets[0].lines() if not all(map(is_blank, cells))), ())
    headers = [shown(cell).strip() for cell in top if not is_blank(cell)]
    return is_table_of_divisions(headers) and form_for_headers(headers) is None


def write_template(path: Path, language: str, say: Say) -> int:
    try:
        with path.open("xb") as file:
            file.write(template(load_messages(), language))
    except FileExistsError as error:
        raise NotImported(f"{path} is there already: name another file, nothing was written") from error
    except OSError as error:
        raise NotImported(f"{path} cannot be written: {error.strerror}") from error
    say(f"wrote {path}: fill in the sheets, then `import {path.name} --check`")
    return 0


def _write_out(path: Path, rows: Mapping[Sheet, Iterable[Row]], language: str) -> None:
    path.touch(mode=0o600, exist_ok=False)
    try:
        write_organisation(path, rows, language=language)
    except BaseException:
        path.unlink()
        raise


async def export_file(path: Path, township: str, language: str, settings: Settings, say: Say) -> int:
    """The organisation as a file that `import` takes again. It has names and addresses in clear: whoever runs this may see the database."""
    if not settings.mongodb_uri:
        raise NotImported("LIANHU_MONGODB_URI is empty: name the database to export from")
    if path.suffix.lower() != ".xlsx":
        raise NotImported(f"{path} does not end with .xlsx: that is what an export writes")
    house = build_house(settings)
    try:
        if await house.ports.organisations.of_township(township) is None:
            raise NotImported(f"there is no township {township}")
        at = house.ports.clock()
        rows = await house.imports.reads.everything(Import("", township, at, at.astimezone(SHANGHAI).date(), BY_TERMINAL))
        await asyncio.to_thread(_write_out, path, rows, language)
    except VaultLocked as error:
        raise NotImported(f"nothing was written: {error}") from error
    except FileExistsError as error:
        raise NotImported(f"{path} is there already: name another file, nothing was written") from error
    except OSError as error:
        raise NotImported(f"{path} cannot be written: {error}") from error
    except PyMongoError as error:
        raise NotImported(f"MongoDB did not do it ({type(error).__name__}: {error}); run it again") from error
    finally:
        await house.close()
    say(f"wrote {path}: the organisation of {township} with names and addresses in clear, without telephone numbers")
    return 0
