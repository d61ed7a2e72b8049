"""Accounts: which persons a sign-in is linked to. A phone may be shared; whoever acts says who they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from domain.calendar import SHANGHAI
from domain.commands import Command, Replayed
from domain.errors import RefusalCode, Refused, refused
from domain.identity import SignIn
from domain.people import Person

MOST_PERSONS = 5
"""Of one sign-in: as many as one chooses from without searching."""

UNUSED_DAYS = 180
"""Without use a link is stale: the number may be somebody else's by now. A new code renews it."""

FROZEN_DAYS = 90
"""An operator gives a number to somebody else after 90 days at the earliest: whoever signs in anew after so long may be that somebody."""

TRIES_A_DAY = 10
"""Wrong codes of one sign-in in one day."""

TRIES_AT_BEGINNING_A_DAY = 20
"""Wrong codes with the same first group in one day, by whomever."""


@dataclass(frozen=True, slots=True)
class Account:
    """A sign-in (`id` is the provider's uid), its persons, and the day on which one of them last used it: one day, no history."""

    id: str
    township: str
    person_ids: tuple[str, ...]
    last_used_day: date

    def is_stale(self, sign_in: SignIn, at: datetime) -> bool:
        return is_stale(self.last_used_day, sign_in, at)

    def linked_to(self, person: Person, at: datetime) -> "Account":
        """With one person more. Raises LIMIT_REACHED for too many, WRONG_STATE for one of another township."""
        known = self.person_ids
        if person.township != self.township:
            raise refused(RefusalCode.WRONG_STATE, "refusal.another_township", "code")
        if person.id not in known and len(known) >= MOST_PERSONS:
            raise refused(RefusalCode.LIMIT_REACHED, "refusal.persons_enough", "code", limit=MOST_PERSONS)
        return Account(self.id, self.township, tuple(dict.fromkeys((*known, person.id))), day_of(at))


def linked(account: Account | None, sign_in: SignIn, person: Person, at: datetime) -> Account:
    """The account once the code was right. What is stale is forgotten: the new code vouches for one person, not for the others."""
    if account is None or account.is_stale(sign_in, at):
        return Account(sign_in.uid, person.township, (person.id,), day_of(at))
    return account.linked_to(person, at)


def is_stale(last_used_day: date, sign_in: SignIn, at: datetime) -> bool:
    """Whether nobody used it for so long that it opens nothing any more; a check of the number that is newer than that proves nothing."""
    is_checked_anew = day_of(sign_in.signed_in_at) - last_used_day >= timedelta(days=FROZEN_DAYS)
    return is_checked_anew or last_used_day < day_of(at) - timedelta(days=UNUSED_DAYS)


def day_of(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()


def unknown_code() -> Refused:
    """The one answer for a code that is wrong, used, ended, too old or for a post that was given since: nobody can tell which."""
    return refused(RefusalCode.NOT_FOUND, "refusal.code_unknown", "code")


class Accounts(Protocol):
    async def persons_of(self, sign_in: SignIn, *, at: datetime) -> Sequence[Person]:
        """Those whom the sign-in is linked to; nobody once it is stale."""
        ...

    async def link(self, digits: str, sign_in: SignIn, *, command: Command) -> Person | Replayed:
        """Links the sign-in to the person whose code it is, once. A wrong one counts, whatever else happens.

        Raises `Refused`: NOT_FOUND for a code that is no good, LIMIT_REACHED after too many tries or persons, WRONG_STATE for a
        person of another township, COMMAND_MISMATCH.
        """
        ...

    async def unlink(self, person: Person, *, command: Command) -> Replayed | None:
        """Takes the person off every sign-in, retires their phones and ends their code. Raises `Refused` COMMAND_MISMATCH."""
        ...
