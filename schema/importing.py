"""Importing an organisation from a file, and the table of administrative divisions."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import Parent

from domain import divisions, importing, importing_desk, workbook_pages
from domain.importing import What
from domain.importing_desk import ImportState
from domain.importing_told import line_told
from domain.workbook import form_of
from domain.workbook_rows import Sheet
from resolvers import importing as deeds
from resolvers.acting import Done
from schema.context import Info
from schema.graph import WANTED, deed, described, edge, shows
from schema.refusal import payload, result


@shows(divisions.Division, "An administrative division (行政区划).")
class Division:
    code: str = described("Its code: 2, 4, 6, 9 or 12 digits (区划代码).")
    name: str = described("Its name (名称).")
    parent: str | None = described("The code of the division it lies in (上级代码).")


def _what(root: Parent[workbook_pages.Fault], info: Info) -> str:
    return info.context.say(root.what)


def _expected(root: Parent[workbook_pages.Fault], info: Info) -> str:
    return info.context.say(root.expected)


@shows(workbook_pages.Fault, "One thing to mend in a file (错误).")
class ImportFault:
    sheet: str = described("On which sheet (工作表).")
    row: int | None = described("In which row, as the spreadsheet shows it (行).")
    column: str | None = described("In which column, by its header (列).")
    what: Any = edge(_what, str, "What is wrong (问题).")
    expected: Any = edge(_expected, str, "What is expected there (要求).")


@strawberry.type(description="One row that a file changes (变更行).")
class ImportLine:
    code: str = strawberry.field(description="Its code (编码).")
    what: What = strawberry.field(description="What happens to it (变更).")
    text: str = strawberry.field(description="Field by field, before and after; addresses and numbers are not told (说明).")


def _lines(root: Parent[importing.Difference], info: Info) -> list[ImportLine]:
    form = form_of(root.sheet)
    return [ImportLine(code=line.code, what=line.what, text=line_told(form, line, info.context.language)) for line in root.lines]


@shows(importing.Difference, "What a file changes of one sheet (差异).")
class ImportDifference:
    sheet: Sheet = described("Of which sheet (工作表).")
    added: int = described("Rows that are new (新增).")
    changed: int = described("Rows that change (变更).")
    ended: int = described("Rows that the file leaves out and that end today (终止).")
    kept: int = described("Rows that stay as they are: somebody signs in, works or waits there; of links, the household ended them (保留).")
    unchanged: int = described("Rows that stay as they are (不变).")
    lines: Any = edge(_lines, list[ImportLine], "The first 100 rows that are touched (变更行).")


def _faults(root: Parent[importing_desk.ImportJob]) -> Sequence[workbook_pages.Fault]:
    return root.outcome.faults if root.outcome else ()


def _differences(root: Parent[importing_desk.ImportJob]) -> Sequence[importing.Difference]:
    return root.outcome.differences if root.outcome else ()


def _message(root: Parent[importing_desk.ImportJob], info: Info) -> str | None:
    return info.context.say(root.message) if root.message else None


@shows(importing_desk.ImportJob, "A file that brings an organisation, and how far it is; kept for a day (组织导入).")
class OrganisationImport:
    import_id: Any = edge(lambda root: UUID(root.id.rpartition("/")[2]), UUID, "As the client named it (标识).")
    state: ImportState = described("How far it is (状态).")
    received: int = described("Parts that are there (已收分片).")
    parts: int = described("Parts that there will be (分片总数).")
    version: Any = edge(
        lambda root: root.outcome.version if root.outcome else None, int | None, "The organisation's version after check or import (版本)."
    )
    faults: Any = edge(_faults, list[ImportFault], "What is wrong, the first 1,000 (错误).")
    more: Any = edge(lambda root: root.outcome.left_out if root.outcome else 0, int, "How many more faults there are (其余错误数).")
    differences: Any = edge(_differences, list[ImportDifference], "What it changes, or changed (差异).")
    contacts: Any = edge(lambda root: root.outcome.contacts if root.outcome else 0, int, "How many contacts it sets, or set (联系方式数).")
    message: Any = edge(_message, str | None, "Why it failed (说明).")


@strawberry.input(description="Sends a piece of a file (上传导入分片).")
class UploadImportPartInput:
    command_id: UUID = strawberry.field(description="Made by the client; the same again is the same command (指令标识).")
    import_id: UUID = strawberry.field(description="Made by the client, the same for all parts of a file (导入标识).")
    file_name: str = strawberry.field(description="What the file is called; of a .csv it names the sheet (文件名).")
    part: int = strawberry.field(description="Which part, from 1 (分片序号).")
    parts: int = strawberry.field(description="How many parts there are, up to 60 (分片总数).")
    content: str = strawberry.field(description="The part in base64, up to 500,000 characters; 20 MB all together (内容).")


@strawberry.input(description="Has a file checked (检查导入文件).")
class CheckImportInput:
    command_id: UUID = strawberry.field(description="Made by the client; the same again is the same command (指令标识).")
    import_id: UUID = strawberry.field(description="Which file (导入标识).")


@strawberry.input(description="Makes true what a checked file says (应用导入).")
class ApplyImportInput:
    command_id: UUID = strawberry.field(description="Made by the client; the same again is the same command (指令标识).")
    import_id: UUID = strawberry.field(description="Which file (导入标识).")
    expected_version: int = strawberry.field(description="The version that the check told; another one is a conflict (预期版本).")


UploadImportPartPayload = payload("UploadImportPart", "organisation_import", OrganisationImport, "The file (组织导入).")
CheckImportPayload = payload("CheckImport", "organisation_import", OrganisationImport, "The file with its report (组织导入).")
ApplyImportPayload = payload("ApplyImport", "organisation_import", OrganisationImport, "The file with what was done (组织导入).")
UploadImportPartResult = result("UploadImportPart", UploadImportPartPayload)
CheckImportResult = result("CheckImport", CheckImportPayload)
ApplyImportResult = result("ApplyImport", ApplyImportPayload)


async def upload_import_part(input: Annotated[UploadImportPartInput, WANTED], info: Info) -> Any:
    sent = deeds.UploadImportPart(input.command_id, input.import_id, input.file_name, input.part, input.parts, input.content)
    return Done(await deeds.upload_import_part(sent, by=info.context.actor, ports=info.context.ports))


async def check_import(input: Annotated[CheckImportInput, WANTED], info: Info) -> Any:
    sent = deeds.CheckImport(input.command_id, input.import_id)
    return Done(await deeds.check_import(sent, by=info.context.actor, ports=info.context.ports))


async def apply_import(input: Annotated[ApplyImportInput, WANTED], info: Info) -> Any:
    sent = deeds.ApplyImport(input.command_id, input.import_id, input.expected_version)
    return Done(await deeds.apply_import(sent, by=info.context.actor, ports=info.context.ports))


async def _organisation_import(info: Info, id: Annotated[UUID, strawberry.argument(description="Which file (导入标识).")]) -> Any:
    return await deeds.organisation_import(id, by=info.context.actor, ports=info.context.ports)


async def _division(info: Info, code: Annotated[str, strawberry.argument(description="Its code (区划代码).")]) -> Any:
    return await deeds.division(code, ports=info.context.ports)


async def _divisions(
    info: Info, parent: Annotated[str | None, strawberry.argument(description="Below which; else those at the top (上级代码).")] = None
) -> Any:
    return await deeds.divisions(parent, ports=info.context.ports)


@strawberry.type
class ImportQueries:
    organisation_import: Any = edge(
        _organisation_import, OrganisationImport | None, "A file that you sent, with its report; for the administrator (组织导入)."
    )
    division: Any = edge(_division, Division | None, "An administrative division by its code, public (按代码查区划).")
    divisions: Any = edge(_divisions, list[Division], "The divisions right below one, by code, public (下级区划).")


@strawberry.type
class ImportMutations:
    upload_import_part: Any = deed(upload_import_part, UploadImportPartResult, "Send a piece of the organisation's file (上传导入分片).")
    check_import: Any = deed(check_import, CheckImportResult, "Have the file checked: faults, or what it would change (检查导入文件).")
    apply_import: Any = deed(apply_import, ApplyImportResult, "Make true what the file says, all at one moment (应用导入).")
