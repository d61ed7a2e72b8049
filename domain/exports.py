"""Lists to take away (导出): the columns of requests and of tasks, and cells that no spreadsheet program takes for a formula.

What they hold is of the matter: no names, homes, addresses or points of anybody, and numbers of five or more digits that somebody wrote
into a text are covered.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum

from domain.access import UNIT_READERS, Actor
from domain.calendar import SHANGHAI
from domain.errors import Message, RefusalCode, refused
from domain.items import ServiceItem
from domain.organisation import Organisation
from domain.requests import Request
from domain.search import masked_numbers
from domain.tasks import Task

MOST_IN_A_WORKBOOK = 100_000
BYTE_ORDER_MARK = "\ufeff"
"""By which spreadsheet programs know UTF-8."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")

Cell = str | Message | None
Row = tuple[Cell, ...]

REQUEST_COLUMNS: Sequence[Message] = (
    Message("export.column.id"),
    Message("export.column.number"),
    Message("export.column.submitted_at"),
    Message("export.column.state"),
    Message("export.column.item"),
    Message("export.column.scope"),
    Message("export.column.owner"),
    Message("export.column.grid"),
    Message("export.column.entry"),
    Message("export.column.promise_due_at"),
    Message("export.column.overdue"),
    Message("export.column.completed_at"),
    Message("export.column.closed_at"),
    Message("export.column.rework_count"),
    Message("export.column.verdict"),
    Message("export.column.grade"),
    Message("export.column.text"),
)

TASK_COLUMNS: Sequence[Message] = (
    Message("export.column.id"),
    Message("export.column.request"),
    Message("export.column.title"),
    Message("export.column.task_state"),
    Message("export.column.owner"),
    Message("export.column.grid"),
    Message("export.column.created_at"),
    Message("export.column.due_at"),
    Message("export.column.leg_overdue"),
    Message("export.column.completed_at"),
    Message("export.column.outcome"),
)


def permit_export(by: Actor) -> None:
    """For whoever answers for a unit. Raises SIGN_IN_REQUIRED, NOT_ALLOWED."""
    if not by.is_signed_in:
        raise refused(RefusalCode.SIGN_IN_REQUIRED, "refusal.sign_in_required")
    if not by.units_led(*UNIT_READERS):
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.not_allowed")


def request_row(
    request: Request, text: str | None, *, items: Mapping[str, ServiceItem], organisation: Organisation, reader: Actor, at: datetime
) -> Row:
    """A request as the reader may take it away; `text` is nothing where its contents are closed to them."""
    item, is_covered = items.get(request.item_id), request.hides_person_from(request.as_asker(reader))
    return (
        request.id,
        request.number,
        _moment(request.submitted_at),
        Message(f"export.state.{_key(request.state)}"),
        item.name if item else request.item_id,
        Message(f"export.scope.{_key(request.scope)}"),
        _unit(organisation, request.owner_path[0] if request.owner_path else None),
        None if is_covered else _grid(organisation, request.place.grid_id),
        None if is_covered else Message(f"export.entry.{_key(request.entry)}"),
        _moment(request.promise_due_at),
        _yes(request.is_overdue(at)),
        _moment(request.completed_at),
        _moment(request.closed_at),
        str(request.rework_count),
        Message(f"export.verdict.{_key(request.verdict)}") if request.verdict else None,
        Message(f"export.grade.{_key(request.grade)}") if request.grade else None,
        masked_numbers(text) if text else None,
    )


def task_row(task: Task, *, organisation: Organisation, at: datetime) -> Row:
    """A task as its unit's work; who has it is not among it."""
    return (
        task.id,
        task.request_id,
        task.title,
        Message(f"export.task_state.{_key(task.state)}"),
        _unit(organisation, task.owner_id),
        _grid(organisation, task.grid_id),
        _moment(task.created_at),
        _moment(task.due_at),
        _yes(task.is_overdue(at)),
        _moment(task.completed_at),
        Message(f"export.outcome.{_key(task.outcome)}") if task.outcome else None,
    )


def shown(row: Iterable[Cell], say: Callable[[Message], str]) -> list[str]:
    """The cells as a reader's language says them, none of which is a formula."""
    return [safe(say(cell) if isinstance(cell, Message) else cell or "") for cell in row]


def safe(cell: str) -> str:
    """The cell, with an apostrophe before whatever a spreadsheet program would carry out."""
    return f"'{cell}" if cell.lstrip().startswith(_FORMULA) or cell.startswith(_FORMULA) else cell


def csv_lines(rows: Iterable[Sequence[str]]) -> str:
    """The rows after RFC 4180."""
    page = io.StringIO()
    csv.writer(page, lineterminator="\r\n").writerows(rows)
    return page.getvalue()


def _key(value: Enum) -> str:
    return str(value.value).lower()


def _yes(is_so: bool) -> Message:
    return Message("export.yes") if is_so else Message("export.no")


def _moment(at: datetime | None) -> str | None:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if at else None


def _unit(organisation: Organisation, id_: str | None) -> str | None:
    unit = organisation.units.get(id_) if id_ else None
    return unit.name if unit else None


def _grid(organisation: Organisation, id_: str | None) -> str | None:
    grid = organisation.grids.get(id_) if id_ else None
    return grid.name if grid else None
