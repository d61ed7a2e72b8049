"""Importing an organisation through the API: its administrator sends a file in parts, has it checked, and applies it."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.access import Actor
from domain.calendar import SHANGHAI
from domain.divisions import Division
from domain.errors import RefusalCode, invalid, refused
from domain.ids import Kind
from domain.importing import Import
from domain.importing_desk import MOST_PART, MOST_PARTS, ImportJob, ImportPart
from domain.ports import Ports
from domain.rights import Right, may, require
from resolvers.acting import command_of, signed_in

MAX_FILE_NAME = 200


@dataclass(frozen=True, slots=True)
class UploadImportPart:
    command_id: UUID
    import_id: UUID
    file_name: str
    part: int
    parts: int
    content: str


@dataclass(frozen=True, slots=True)
class CheckImport:
    command_id: UUID
    import_id: UUID


@dataclass(frozen=True, slots=True)
class ApplyImport:
    command_id: UUID
    import_id: UUID
    expected_version: int


async def upload_import_part(sent: UploadImportPart, *, by: Actor, ports: Ports) -> ImportJob:
    """How many parts are there now. A part that comes again takes the place of the earlier one."""
    person, organisation = signed_in(by)
    require(by, Right.IMPORT_ORGANISATION, organisation.root().id, "importId")
    if not 1 <= sent.parts <= MOST_PARTS:
        raise refused(RefusalCode.LIMIT_REACHED, "refusal.too_many", "parts", limit=MOST_PARTS)
    if not 1 <= sent.part <= sent.parts:
        raise invalid("refusal.import_part_number", "part", parts=sent.parts)
    if not 0 < len(sent.file_name) <= MAX_FILE_NAME or not sent.file_name.isprintable():
        raise invalid("refusal.text_too_long", "fileName", limit=MAX_FILE_NAME)
    at = ports.clock()
    part = ImportPart(sent.import_id, person.township, person.id, sent.file_name, sent.part, sent.parts, _decoded(sent.content), at)
    return await ports.import_desk.keep_part(part, command=command_of("uploadImportPart", sent, person, at=at))


async def check_import(sent: CheckImport, *, by: Actor, ports: Ports) -> ImportJob:
    """The file's report: every fault, or what applying it would change. Nothing of the organisation is written."""
    run = _run(by, ports)
    return await ports.import_desk.check(sent.import_id, run, command=command_of("checkImport", sent, signed_in(by)[0], at=run.at))


async def apply_import(sent: ApplyImport, *, by: Actor, ports: Ports) -> ImportJob:
    """Makes true what the file says, whole or not at all, if the organisation is still at the version of the check."""
    run = _run(by, ports, sent.expected_version)
    return await ports.import_desk.apply(sent.import_id, run, command=command_of("applyImport", sent, signed_in(by)[0], at=run.at))


async def organisation_import(import_id: UUID, *, by: Actor, ports: Ports) -> ImportJob | None:
    """A file that the reader sent; nothing for whoever may not import."""
    if by.person is None or by.organisation is None or not may(by, Right.IMPORT_ORGANISATION, by.organisation.root().id):
        return None
    return await ports.import_desk.job(import_id, by_id=by.person.id)


async def division(code: str, *, ports: Ports) -> Division | None:
    return await ports.divisions.by_code(code)


async def divisions(parent: str | None, *, ports: Ports) -> Sequence[Division]:
    return await ports.divisions.below(parent)


def _run(by: Actor, ports: Ports, expected_version: int | None = None) -> Import:
    person, organisation = signed_in(by)
    require(by, Right.IMPORT_ORGANISATION, organisation.root().id, "importId")
    at = ports.clock()
    lease = ports.ids.new(Kind.EVENT, person.township, at)
    return Import(lease, person.township, at, at.astimezone(SHANGHAI).date(), person.id, expected_version)


def _decoded(content: str) -> bytes:
    if len(content) > MOST_PART:
        raise refused(RefusalCode.LIMIT_REACHED, "refusal.text_too_long", "content", limit=MOST_PART)
    try:
        decoded = base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid("refusal.base64_unreadable", "content") from error
    if not decoded:
        raise invalid("refusal.base64_unreadable", "content")
    return decoded
