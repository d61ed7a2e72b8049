"""What a file makes of persons, homes and links, some hundreds at a time: whole lists are never in memory, only codes and ids."""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from domain.households import Household, HouseholdLink
from domain.importing import Register, Tally, What, is_over
from domain.importing_places import Gone, Homes
from domain.importing_rows import Shown
from domain.people import Person
from domain.workbook_rows import HouseholdRow, LinkRow, PersonRow, Sheet

Held = tuple[str, date, date | None]
"""Of a link: the member's id, since, until."""

Past = tuple[str, str, date]
"""A link that a household or its member ended: the household's id, the member's, since."""


@dataclass(frozen=True, slots=True)
class Busy:
    """Persons and homes that stay when a file leaves them out: there is a sign-in, work that goes on, or a request that is open."""

    person_ids: AbstractSet[str] = frozenset()
    household_ids: AbstractSet[str] = frozenset()


@dataclass(slots=True)
class Residents:
    """Goes through persons first, for a person who stays keeps the home; then through homes, and counts them."""

    register: Register
    tally: Tally
    today: date
    homes: Homes = field(default_factory=Homes)
    kept_homes: set[str] = field(default_factory=set)
    ended_links: set[Past] = field(default_factory=set)
    """Links that were ended in the app: no file takes them up again."""

    def persons(self, rows: Iterable[PersonRow], befores: Mapping[str, Person]) -> Iterator[Any]:
        for row in rows:
            id_ = self.register.id_of(Sheet.PERSONS, row.code)
            before = befores.get(id_)
            base = before or Person(id_, self.register.township, row.display_name, code=row.code)
            after = replace(base, display_name=row.display_name, household_id=self.register.wanted(Sheet.HOUSEHOLDS, row.household))
            shown = Shown(self.register)
            self.tally.compare(Sheet.PERSONS, row.code, shown.person(before) if before else None, shown.person(after))
            if after != before:
                yield after

    def missing_persons(self, befores: Iterable[Person], busy: Busy) -> Iterator[Any]:
        for person in befores:
            is_kept = person.id in busy.person_ids
            self.tally.note(Sheet.PERSONS, str(self.register.code_of(person.id)), What.KEPT if is_kept else What.ENDED)
            if not is_kept:
                yield Gone("persons", person.id)
            elif person.household_id is not None:
                self.kept_homes.add(person.household_id)

    def households(self, rows: Iterable[HouseholdRow], befores: Mapping[str, Household], links: Mapping[str, Held] | None) -> Iterator[Any]:
        for row in rows:
            id_ = self.register.id_of(Sheet.HOUSEHOLDS, row.code)
            before = befores.get(id_)
            base = before or Household(id_, self.register.township, row.room, row.address, "", None, None, None, code=row.code)
            after = replace(
                base,
                label=row.room,
                address=row.address,
                residence_grid_id=self.register.id_of(Sheet.GRIDS, row.grid),
                micro_grid_id=self.register.wanted(Sheet.MICRO_GRIDS, row.micro_grid),
                origin_village_id=self.register.wanted(Sheet.VILLAGES, row.village),
            )
            self.tally.compare(Sheet.HOUSEHOLDS, row.code, Shown(self.register).home(before) if before else None, row)
            yield from self._linked(before, after, links)

    def other_households(self, befores: Iterable[Household], links: Mapping[str, Held] | None) -> Iterator[Any]:
        """Homes of which the file has no sheet."""
        for before in befores:
            yield from self._linked(before, before, links)

    def missing_households(self, befores: Iterable[Household], links: Mapping[str, Held] | None, busy: Busy) -> Iterator[Any]:
        for home in befores:
            is_kept = home.id in busy.household_ids or home.id in self.kept_homes
            self.tally.note(Sheet.HOUSEHOLDS, str(self.register.code_of(home.id)), What.KEPT if is_kept else What.ENDED)
            if is_kept:
                yield from self._linked(home, home, links)
            else:
                yield Gone("households", home.id)

    def _linked(self, before: Household | None, after: Household, links: Mapping[str, Held] | None) -> Iterator[Any]:
        if links is not None:
            link = before.link if before else None
            after = replace(after, link=self._link(link, after, links.get(after.id)))
            if self._is_ended(after.id, links.get(after.id), link):
                self.tally.note(Sheet.LINKS, str(self.register.code_of(after.id)), What.KEPT)
            else:
                self._compare_links(link, after.link)
        self._count(after)
        if after != before:
            yield replace(after, version=before.version + 1) if before else after

    def _link(self, link: HouseholdLink | None, home: Household, held: Held | None) -> HouseholdLink | None:
        """A link that is the same one keeps how the household agreed; one that was ended in the app stays ended."""
        if self._is_ended(home.id, held, link):
            return link
        if held is None:
            return link if link is None or is_over(link.until, self.today) else replace(link, until=max(link.since, self.today))
        if link is not None and link.agreed_by_household and (link.member_id, link.since) == held[:2]:
            return replace(link, until=held[2])
        return HouseholdLink(home.id, *held, agreed_by_household=True)

    def _is_ended(self, home_id: str, held: Held | None, link: HouseholdLink | None) -> bool:
        if held is None or (link is not None and (link.member_id, link.since) == held[:2]):
            return False
        return (home_id, held[0], held[1]) in self.ended_links

    def _compare_links(self, before: HouseholdLink | None, after: HouseholdLink | None) -> None:
        shown = Shown(self.register)
        if after is None:
            return
        code = str(self.register.code_of(after.household_id))
        is_ended = before is not None and not is_over(before.until, self.today) and is_over(after.until, self.today)
        if is_ended:
            self.tally.note(Sheet.LINKS, code, What.ENDED)
        else:
            self.tally.compare(Sheet.LINKS, code, shown.link(before) if before else None, shown.link(after))

    def _count(self, home: Household) -> None:
        grids, linked = self.homes.by_grid, self.homes.linked_by_micro_grid
        grids[home.residence_grid_id] = grids.get(home.residence_grid_id, 0) + 1
        if home.micro_grid_id is not None and home.link_on(self.today) is not None:
            linked[home.micro_grid_id] = linked.get(home.micro_grid_id, 0) + 1


def links_by_home(rows: Iterable[LinkRow], register: Register, today: date) -> Mapping[str, Held]:
    """The link of each home that holds today; else the next to begin; else the last."""
    found: dict[str, Held] = {}
    for row in rows:
        home_id = register.id_of(Sheet.HOUSEHOLDS, row.household)
        held = (register.id_of(Sheet.PERSONS, row.member), row.since, row.until)
        known = found.get(home_id)
        if known is None or _nearness(held, today) < _nearness(known, today):
            found[home_id] = held
    return found


def links_in_doubt(befores: Iterable[Household], links: Mapping[str, Held]) -> list[str]:
    """Homes to which the file gives a link that they do not have now: they may have ended it."""
    told = ((home.id, home.link, links.get(home.id)) for home in befores)
    return [id_ for id_, link, held in told if held is not None and (link is None or (link.member_id, link.since) != held[:2])]


def links_ended(versions: Iterable[tuple[str, str | None, date | None]]) -> Iterator[Past]:
    """Of homes' versions in order, each with its link's member and first day: one that the next version is without was ended in the app."""
    earlier: tuple[str, str | None, date | None] = ("", None, None)
    for version in versions:
        id_, member_id, since = earlier
        if id_ == version[0] and member_id is not None and since is not None and version[1] is None:
            yield id_, member_id, since
        earlier = version


def _nearness(held: Held, today: date) -> tuple[int, int]:
    _, since, until = held
    if is_over(until, today):
        return 2, -since.toordinal()
    return (0, 0) if since <= today else (1, since.toordinal())
