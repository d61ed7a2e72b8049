"""Where somebody can be reached, and who looked: shown masked, revealed for one task with a reason, each time on record."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol

from domain.access import Actor
from domain.calendar import SHANGHAI, WorkingCalendar
from domain.commands import Command
from domain.errors import Message, Refusal, RefusalCode, Refused, invalid, refused
from domain.households import Reach
from domain.organisation import Organisation
from domain.pages import Page, PageRequest
from domain.posts import Role
from domain.requests import Request
from domain.standings import Standing
from domain.tasks import OVER, Task

MAX_TYPED = 40
MANY_READINGS = 10
WITHIN = timedelta(hours=1)

_SEPARATORS = str.maketrans("", "", " -()")
_MOBILE = re.compile(r"1[3-9][0-9]{9}", re.ASCII)
_LANDLINE = re.compile(r"(?P<area>10|2[0-9]|[3-9][0-9]{2})(?P<line>[2-8][0-9]{6,7})", re.ASCII)
_SHORT_AREAS = ("10", "2")


class RevealReason(Enum):
    ARRANGE_VISIT = "ARRANGE_VISIT"
    ASK_DETAILS = "ASK_DETAILS"
    TELL_RESULT = "TELL_RESULT"
    DANGER = "DANGER"
    OTHER = "OTHER"


class ReadFlag(Enum):
    """Why a privacy officer should have a look at a reading."""

    OUT_OF_HOURS = "OUT_OF_HOURS"
    MANY_IN_A_ROW = "MANY_IN_A_ROW"


@dataclass(frozen=True, slots=True)
class Contact:
    """How one person can be reached: `phone` in E.164, a landline too; `address` is the detail that finds the door."""

    person_id: str
    township: str
    reach: Reach
    phone: str | None
    address: str | None
    set_at: datetime
    set_by_id: str

    @property
    def masked(self) -> "MaskedContact":
        return MaskedContact(self.person_id, self.reach, mask(self.phone) if self.phone else None, has_address=self.address is not None)


@dataclass(frozen=True, slots=True)
class MaskedContact:
    """As much of it as is shown without a reason."""

    person_id: str
    reach: Reach
    phone: str | None
    has_address: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """One line of the read log (查阅留痕): whose contact was shown to whom, in which role, for which task, and why. Ids only."""

    id: str
    township: str
    person_id: str
    by_id: str
    role: Role
    task_id: str
    request_id: str
    request_number: str
    reason: RevealReason
    note: str | None
    at: datetime
    flags: tuple[ReadFlag, ...] = ()


class Contacts(Protocol):
    async def set(self, contact: Contact, *, command: Command) -> None:
        """Keeps it instead of what was there. Raises `Refused` COMMAND_MISMATCH, and NOT_FOUND for whoever was removed."""
        ...

    async def keep(self, contacts: Sequence[Contact]) -> int:
        """Like `set`, many at once and without a command, for enrolment and import; whoever was removed is passed over, and what
        somebody said of themself stays. How many were kept."""
        ...

    async def masked(self, township: str, person_ids: Sequence[str]) -> Sequence[MaskedContact]:
        """For persons whose contact the reader may see masked."""
        ...

    async def own(self, *, seen_by: Actor) -> Contact | None:
        """The reader's own."""
        ...

    async def reveal(self, reading: Reading, *, watched_by: Sequence[str], command: Command) -> Contact:
        """The contact in clear, once the reading stands in the log; a replay shows it again and is not logged again.

        Where the contact was set since, what a replay shows is another one, and is logged.

        Where something is unusual about the reading, `watched_by` find a notice in their inbox.
        Raises `Refused`: NOT_FOUND where the person gave none, COMMAND_MISMATCH.
        """
        ...

    async def persons_with(self, phone: str, *, township: str) -> Sequence[str]:
        """Whose number it is, by its keyed hash: for enrolment and import only, never for a search. A number may be shared."""
        ...

    async def fingerprint(self, value: str) -> str:
        """What stands for a value in a command's digest: without the key nobody can tell which value it was."""
        ...

    async def erase(self, township: str, person_id: str) -> None:
        """Nothing is left of the contact; the read log stays."""
        ...


class ReadLog(Protocol):
    async def of_person(self, page: PageRequest, *, seen_by: Actor) -> Page[Reading]:
        """Who looked at the reader's own contact, newest first."""
        ...

    async def of_township(self, page: PageRequest, *, seen_by: Actor) -> Page[Reading]:
        """Every reading in the township, newest first. For its privacy officer."""
        ...


def parse_phone(value: str, field: str) -> str:
    """A Chinese mobile or landline number in E.164, like +8613812345678. Refuses, naming `field`, whatever else it is."""
    typed = unicodedata.normalize("NFKC", value).strip() if len(value) <= MAX_TYPED else ""
    digits = typed.translate(_SEPARATORS)
    is_international = digits.startswith(("+86", "0086"))
    national = digits.removeprefix("+86").removeprefix("0086") if is_international else digits
    if _MOBILE.fullmatch(national):
        return f"+86{national}"
    # At home a landline wants its 0; from abroad it is left out, and as often written all the same.
    has_zero = national.startswith("0")
    landline = _LANDLINE.fullmatch(national.removeprefix("0")) if has_zero or is_international else None
    if landline is None or (landline["area"].startswith(_SHORT_AREAS) and len(landline["line"]) != 8):
        raise invalid("refusal.phone_unreadable", field)
    return f"+86{landline[0]}"


def mask(phone: str) -> str:
    """`138****5678`, `0530-****901`: enough to know one's own, too little to dial."""
    national = phone.removeprefix("+86")
    if _MOBILE.fullmatch(national):
        return f"{national[:3]}****{national[7:]}"
    size = 2 if national.startswith(_SHORT_AREAS) else 3
    return f"0{national[:size]}-****{national[-3:]}"


def permit_reveal(task: Task, request: Request, standing: frozenset[Standing]) -> None:
    """For whoever does the work or answers for it, while it goes on. Raises NOT_ALLOWED, WRONG_STATE.

    Who asked in a shielded matter is revealed to nobody who handles it.
    """
    if not standing & {Standing.ASSIGNEE, Standing.LEADER, Standing.DISPATCHER}:
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.not_allowed", "taskId")
    if request.is_shielded:
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.contact_shielded", "taskId")
    if task.state in OVER:
        raise Refused(Refusal(RefusalCode.WRONG_STATE, Message("refusal.wrong_state", {"state": task.state.value}), "taskId", task))


def role_for(task: Task, reader: Actor) -> Role:
    """In which of their roles somebody acts on a task: the one held where it is owned, else the first."""
    near = [post.role for post in reader.appointments if post.unit_id in task.owner_path or post.grid_id == task.grid_id]
    return next(iter([*near, *(post.role for post in reader.appointments)]), Role.RESIDENT)


def flags_of(at: datetime, calendar: WorkingCalendar) -> tuple[ReadFlag, ...]:
    """What is unusual about the moment of a reading."""
    day = at.astimezone(SHANGHAI).date()
    is_open = calendar.is_working(day) and any(opens <= at < closes for opens, closes in calendar.office.on(day))
    return () if is_open else (ReadFlag.OUT_OF_HOURS,)


def flagged(reading: Reading, earlier: int) -> Reading:
    """With what is unusual about its number; `earlier` counts the same person's readings of the hour before."""
    return replace(reading, flags=(*reading.flags, ReadFlag.MANY_IN_A_ROW)) if earlier >= MANY_READINGS else reading


def privacy_officers(organisation: Organisation, at: datetime) -> tuple[str, ...]:
    """Who answers for the township's read log today."""
    on = at.astimezone(SHANGHAI).date()
    posts = organisation.posts_at(organisation.root().id, on)
    return tuple(dict.fromkeys(post.person_id for post in posts if post.role is Role.PRIVACY_OFFICER))
