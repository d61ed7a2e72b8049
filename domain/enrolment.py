"""Enrolment (人员登记): persons are entered by whoever may, and a code that is given in person links a sign-in to one of them.

No birth date, no number and no paper is asked for; a phone number alone never links anybody.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Protocol

from domain.access import Actor, homes_in_sight, may_see_person, may_see_resident
from domain.calendar import SHANGHAI
from domain.check_digits import check_digit
from domain.commands import Command, Replayed
from domain.errors import Message, RefusalCode, invalid, not_found, refused
from domain.households import Household
from domain.organisation import Organisation, OrgUnitKind
from domain.people import ERASED_NAME, Person, alias
from domain.posts import Role
from domain.rights import RIGHTS, Right
from domain.texts import optional_text

DIGITS = 8
"""Of a code, the check digit among them; read out in two groups."""

BEGINNING = 4
"""Digits by which a code is looked up; the rest is kept as a salted digest only."""

PRINTED_LIFE = timedelta(days=7)
SPOKEN_LIFE = timedelta(minutes=10)
TRIES = 5
"""Wrong tries that end a code."""

SALT_DIGITS = 20

LONGEST_CODE = 64

_PLAIN = str.maketrans("０１２３４５６７８９", "0123456789", " \u3000-－—‐·\t")


def with_check_digit(drawn: str) -> str:
    """The digits of a code, from the random ones."""
    return f"{drawn}{check_digit(drawn)}"


def in_groups(digits: str) -> str:
    """As it is printed and read out: `1234 5678`."""
    return " ".join(digits[start : start + 4] for start in range(0, len(digits), 4))


def read_code(given: str) -> str | None:
    """The digits that somebody typed, with spaces, dashes or Chinese digits; nothing where they cannot be a code."""
    digits = given[:64].translate(_PLAIN)
    if len(digits) != DIGITS or not (digits.isascii() and digits.isdecimal()):
        return None
    return digits if with_check_digit(digits[:-1]) == digits else None


@dataclass(frozen=True, slots=True)
class EnrolmentCode:
    """A code as it is kept: one a person, never its digits. `id` is the person's; `beginning` its first group; `tries` the wrong ones.

    `administered` are the units that its issuer administered: only for posts there, and below, does it link.
    """

    id: str
    township: str
    beginning: str
    salt: str
    digest: str
    issued_by_id: str
    issued_at: datetime
    expires_at: datetime
    administered: tuple[str, ...] = ()
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Amendment:
    """What of a person is written over; what is not given stays as it is at that moment."""

    display_name: str | None = None
    household_id: str | None = None

    def of(self, person: Person) -> Person:
        """Raises NOT_FOUND where the name was removed."""
        if person.display_name == ERASED_NAME:
            raise not_found("personId")
        return replace(person, display_name=self.display_name or person.display_name, household_id=self.household_id or person.household_id)


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """What whoever issued it is shown, once: `digits` are nothing where the command had been carried out before."""

    person: Person
    digits: str | None = field(repr=False)
    valid_until: datetime | None

    @property
    def code(self) -> str | None:
        return in_groups(self.digits) if self.digits else None

    def slip(self) -> Sequence[Message]:
        """The lines of the slip that the person is given; none without digits."""
        if self.digits is None or self.valid_until is None:
            return ()
        until = f"{self.valid_until.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
        return (
            Message("slip.enrolment.heading"),
            Message("slip.enrolment.name", {"alias": alias(self.person.display_name)}),
            Message("slip.enrolment.code", {"code": in_groups(self.digits)}),
            Message("slip.enrolment.until", {"until": until}),
            Message("slip.enrolment.how"),
            Message("slip.enrolment.once"),
        )


def list_code(given: str | None, field: str = "code") -> str:
    """How the organisation's own list knows somebody; empty where it does not."""
    code = optional_text(given, field) or ""
    if len(code) > LONGEST_CODE:
        raise invalid("refusal.text_too_long", field, limit=LONGEST_CODE)
    if not code.isprintable():
        raise invalid("refusal.text_control_characters", field)
    return code


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom somebody may enrol, correct, hand a code and unlink.

    An administrator: whoever lives or holds posts within the unit, and persons who have neither yet. A clerk: residents without a post,
    of homes that the counter serves; a code for somebody with a post would open the post.
    """

    organisation: Organisation
    administered: frozenset[str]
    served: frozenset[str]

    @property
    def is_empty(self) -> bool:
        return not (self.administered or self.served)

    def has_home(self, home: Household | None) -> bool:
        if home is None:
            return bool(self.administered)
        grid, village = self.organisation.grids.get(home.residence_grid_id), self.organisation.villages.get(home.origin_village_id or "")
        units = {grid.branch_id if grid else None, village.unit_id if village else None}
        return not units.isdisjoint(self.administered | self.served)

    def has(self, person: Person, home: Household | None, on: date) -> bool:
        units = _units_of_posts(self.organisation, person.id, on)
        return units <= self.administered if units else self.has_home(home)


def opens_posts(administered: Iterable[str], organisation: Organisation, person_id: str, on: date) -> bool:
    """Whether a code from whoever administers these units may link the person, whatever posts they were given since."""
    roots = set(administered)
    return all(any(unit.id in roots for unit in organisation.path(id_)) for id_ in _units_of_posts(organisation, person_id, on))


def _units_of_posts(organisation: Organisation, person_id: str, on: date) -> set[str]:
    """Where the person has posts that are not over."""
    posts = organisation.appointments.values()
    return {post.unit_id for post in posts if post.person_id == person_id and (post.until is None or on < post.until)}


def reach_of(by: Actor, organisation: Organisation) -> Reach:
    """By the posts that give `Right.ENROL`. A counter serves whatever its centre stands beside."""
    administered, served = set[str](), set[str]()
    for post in by.appointments:
        if post.role not in RIGHTS[Right.ENROL].roles:
            continue
        unit = organisation.units.get(post.unit_id)
        if post.role is Role.ADMINISTRATOR:
            administered |= organisation.subtree(post.unit_id)
        elif unit is not None:
            is_counter = unit.kind is OrgUnitKind.SERVICE_CENTRE and unit.parent_id is not None
            served |= organisation.subtree(unit.parent_id if is_counter and unit.parent_id else unit.id)
    return Reach(organisation, frozenset(administered), frozenset(served))


def require_person(
    reach: Reach, by: Actor, person: Person | None, home: Household | None, *, at: datetime, field: str = "personId"
) -> Person:
    """Raises NOT_FOUND for whoever does not exist for the actor or was removed, and NOT_ALLOWED for whoever is seen but out of reach."""
    if person is None or person.display_name == ERASED_NAME:
        raise not_found(field)
    if not reach.has(person, home, at.astimezone(SHANGHAI).date()):
        is_seen = may_see_person(by, person, at=at) or (home is not None and may_see_resident(by, home))
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.not_allowed", field) if is_seen else not_found(field)
    return person


def require_home(reach: Reach, by: Actor, home: Household | None, field: str = "householdId") -> None:
    """Raises NOT_FOUND for a home that does not exist for the actor, and NOT_ALLOWED for one that is seen but out of reach."""
    if home is None:
        raise not_found(field)
    if not reach.has_home(home):
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.not_allowed", field) if homes_in_sight(by).has(home) else not_found(field)


class Enrolment(Protocol):
    """Persons of a township as they are now, for whoever enrols them; rights are judged by the caller."""

    async def person(self, organisation: Organisation, id_: str) -> Person | None: ...

    async def listed(self, organisation: Organisation, code: str) -> Person | None:
        """Whoever has that code of the organisation's list; for whoever keeps the database, never for a search."""
        ...

    async def home(self, organisation: Organisation, id_: str) -> Household | None: ...

    async def enrol(self, person: Person, *, command: Command) -> Person | Replayed:
        """True at once, in the version that the township has now. Raises `Refused`: CONFLICT where another person has the `code`, or
        while an import is being applied, COMMAND_MISMATCH."""
        ...

    async def correct(self, person: Person, amendment: Amendment, *, command: Command) -> Person | Replayed:
        """Writes over what was there; for persons without a post, whom no version of the organisation names.

        Raises `Refused`: NOT_FOUND, also where the name was removed meanwhile, CONFLICT while an import is being applied, COMMAND_MISMATCH.
        """
        ...

    async def issue(
        self, person: Person, digits: str, *, salt: str, valid_until: datetime, administered: Iterable[str], command: Command
    ) -> Replayed | None:
        """Keeps a code for the person, from whoever administers those units, and ends the one before. Raises `Refused` COMMAND_MISMATCH."""
        ...
