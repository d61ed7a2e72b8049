"""What a file makes of units, villages, grids, micro-grids, posts and hubs: ids stay with their codes, and what a sheet leaves out ends."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, TypeVar

from domain.importing import Register, Tally, What, is_over
from domain.importing_rows import Shown, is_of_file
from domain.organisation import Grid, HubHousehold, MicroGrid, Organisation, OrgUnit, Village
from domain.posts import Appointment
from domain.workbook_rows import GridRow, HubRow, MicroGridRow, Plan, PostRow, Row, Sheet, UnitRow, VillageRow

R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True)
class Gone:
    """A row that is no longer true, by its collection and id."""

    collection: str
    id: str


@dataclass(slots=True)
class Homes:
    """How many homes each grid has, and how many linked ones each micro-grid."""

    by_grid: dict[str, int] = field(default_factory=dict)
    linked_by_micro_grid: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Places:
    """`homes` is empty where the file says nothing about homes and links: then the numbers stay as they are."""

    now: Organisation
    register: Register
    tally: Tally
    today: date
    homes: Homes | None

    def planned(self, plan: Plan) -> Iterator[Any]:
        """Values as they are from now on, and `Gone`. What stays as it is is not among them."""
        yield from self._units(plan.units)
        yield from self._villages(plan.villages)
        yield from self._grids(plan.grids)
        yield from self._micro_grids(plan.micro_grids)
        yield from self._posts(plan.posts)
        yield from self._hubs(plan.hubs)

    @property
    def _shown(self) -> Shown:
        return Shown(self.register)

    def _units(self, rows: Iterable[UnitRow] | None) -> Iterator[Any]:
        standing = {unit.code: unit for unit in self.now.units.values()}
        return self._compared(Sheet.UNITS, rows, standing, lambda row: row.code, self._unit, self._shown.unit, self._closed)

    def _unit(self, row: UnitRow, before: OrgUnit | None) -> OrgUnit:
        id_, parent_id = self.register.id_of(Sheet.UNITS, row.code), self.register.wanted(Sheet.UNITS, row.parent)
        base = before or OrgUnit(id_, self.register.township, row.code, row.name, row.kind, parent_id, row.valid_from)
        former = base.former_parent_ids
        if base.parent_id is not None and base.parent_id != parent_id:
            former = tuple(dict.fromkeys((*former, base.parent_id)))
        return replace(
            base,
            name=row.name,
            kind=row.kind,
            parent_id=parent_id,
            former_parent_ids=former,
            skill=row.skill,
            covers=tuple(self.register.id_of(Sheet.UNITS, code) for code in row.covers),
            valid_from=row.valid_from,
            valid_to=row.valid_to,
        )

    def _villages(self, rows: Iterable[VillageRow] | None) -> Iterator[Any]:
        def made(row: VillageRow, before: Village | None) -> Village:
            id_, unit_id = self.register.id_of(Sheet.VILLAGES, row.division_code), self.register.id_of(Sheet.UNITS, row.unit)
            return Village(id_, self.register.township, row.division_code, row.name, unit_id)

        standing = {village.division_code: village for village in self.now.villages.values()}
        gone = self._gone("villages")
        return self._compared(Sheet.VILLAGES, rows, standing, lambda row: row.division_code, made, self._shown.village, gone)

    def _grids(self, rows: Iterable[GridRow] | None) -> Iterator[Any]:
        standing = {grid.code: grid for grid in self.now.grids.values()}
        if rows is None:
            yield from self._counted(standing.values())
            return
        yield from self._compared(Sheet.GRIDS, rows, standing, lambda row: row.code, self._grid, self._shown.grid, self._closed)

    def _grid(self, row: GridRow, before: Grid | None) -> Grid:
        id_, branch_id = self.register.id_of(Sheet.GRIDS, row.code), self.register.id_of(Sheet.UNITS, row.branch)
        base = before or Grid(id_, self.register.township, row.code, row.name, branch_id, None, 0, row.valid_from)
        return self._with_homes(
            replace(
                base,
                name=row.name,
                kind=row.kind,
                branch_id=branch_id,
                boundary=row.boundary,
                succeeds=tuple(self.register.id_of(Sheet.GRIDS, code) for code in row.succeeds),
                valid_from=row.valid_from,
                valid_to=row.valid_to,
            )
        )

    def _counted(self, grids: Iterable[Grid]) -> Iterator[Any]:
        return (after for grid in grids if (after := self._with_homes(grid)) != grid)

    def _with_homes(self, grid: Grid) -> Grid:
        return grid if self.homes is None else replace(grid, household_count=self.homes.by_grid.get(grid.id, 0))

    def _micro_grids(self, rows: Iterable[MicroGridRow] | None) -> Iterator[Any]:
        def made(row: MicroGridRow, before: MicroGrid | None) -> MicroGrid:
            id_, grid_id = self.register.id_of(Sheet.MICRO_GRIDS, row.code), self.register.id_of(Sheet.GRIDS, row.grid)
            base = before or MicroGrid(id_, self.register.township, row.code, row.name, grid_id)
            return replace(base, name=row.name, grid_id=grid_id, valid_from=row.valid_from, valid_to=row.valid_to)

        standing = {micro.code: micro for micro in self.now.micro_grids.values()}
        return self._compared(Sheet.MICRO_GRIDS, rows, standing, lambda row: row.code, made, self._shown.micro_grid, self._closed)

    def _posts(self, rows: Iterable[PostRow] | None) -> Iterator[Any]:
        standing = {_post_key(post): post for post in self.now.appointments.values() if is_of_file(post)}
        orders = iter(range(1 + max((post.order for post in standing.values()), default=-1), 1 << 30))

        def made(row: PostRow, before: Appointment | None) -> Appointment:
            return replace(before, until=row.until) if before else replace(self._post(row), order=next(orders))

        def ended(post: Appointment) -> Appointment:
            return post if is_over(post.until, self.today) else replace(post, until=max(post.since, self.today))

        key = self._key_of_row
        return self._compared(Sheet.POSTS, rows, standing, key, made, self._shown.post, ended)

    def _key_of_row(self, row: PostRow) -> tuple[object, ...]:
        register = self.register
        grid_id, micro_id = register.wanted(Sheet.GRIDS, row.grid), register.wanted(Sheet.MICRO_GRIDS, row.micro_grid)
        return (register.id_of(Sheet.PERSONS, row.person), row.role, register.id_of(Sheet.UNITS, row.unit), grid_id, micro_id, row.since)

    def _post(self, row: PostRow) -> Appointment:
        return Appointment(
            id=self.register.new(Sheet.POSTS),
            township=self.register.township,
            person_id=self.register.id_of(Sheet.PERSONS, row.person),
            role=row.role,
            unit_id=self.register.id_of(Sheet.UNITS, row.unit),
            since=row.since,
            until=row.until,
            grid_id=self.register.wanted(Sheet.GRIDS, row.grid),
            micro_grid_id=self.register.wanted(Sheet.MICRO_GRIDS, row.micro_grid),
        )

    def _hubs(self, rows: Iterable[HubRow] | None) -> Iterator[Any]:
        standing = {hub.micro_grid_id: hub for hub in self.now.hubs.values()}

        def made(row: HubRow, before: HubHousehold | None) -> HubHousehold:
            micro_id, host_id = self.register.id_of(Sheet.MICRO_GRIDS, row.micro_grid), self.register.id_of(Sheet.PERSONS, row.host)
            base = before or HubHousehold(self.register.new(Sheet.HUBS), self.register.township, host_id, micro_id, 0)
            return self._with_links(replace(base, host_id=host_id))

        if rows is None:
            yield from (after for hub in standing.values() if (after := self._with_links(hub)) != hub)
            return

        def key(row: HubRow) -> str:
            return self.register.id_of(Sheet.MICRO_GRIDS, row.micro_grid)

        yield from self._compared(Sheet.HUBS, rows, standing, key, made, self._shown.hub, self._gone("hubs"))

    def _with_links(self, hub: HubHousehold) -> HubHousehold:
        linked = hub.linked_household_count if self.homes is None else self.homes.linked_by_micro_grid.get(hub.micro_grid_id, 0)
        return replace(hub, linked_household_count=linked)

    def _compared(
        self,
        sheet: Sheet,
        rows: Iterable[R] | None,
        standing: Mapping[Any, Any],
        key: Callable[[R], Any],
        made: Callable[[R, Any], Any],
        shown: Callable[[Any], Row],
        ended: Callable[[Any], Any],
    ) -> Iterator[Any]:
        if rows is None:
            return
        left = dict(standing)
        for row in rows:
            before = left.pop(key(row), None)
            after = made(row, before)
            self.tally.compare(sheet, code_of(row), shown(before) if before is not None else None, row)
            if after != before:
                yield _next(after, before)
        for before in left.values():
            after = ended(before)
            if after is not before:
                self.tally.note(sheet, code_of(shown(before)), What.ENDED)
                yield after if isinstance(after, Gone) else _next(after, before)

    def _closed(self, value: Any) -> Any:
        """Closed from today on; what is over already stays as it is."""
        if is_over(value.valid_to, self.today):
            return value
        return replace(value, valid_to=max(value.valid_from or self.today, self.today))

    def _gone(self, collection: str) -> Callable[[Any], Any]:
        return lambda value: Gone(collection, value.id)


def code_of(row: Row) -> str:
    """What a row is known by, for people."""
    match row:
        case PostRow():
            return " ".join(part for part in (row.person, row.role.value, row.unit, row.grid, row.micro_grid) if part)
        case VillageRow():
            return row.division_code
        case HubRow():
            return row.micro_grid
        case _:
            return str(getattr(row, "code", ""))


def closed_codes(now: Organisation, today: date) -> Mapping[Sheet, Mapping[str, date | None]]:
    """Codes of what was closed, with the day: no other may ever bear them."""
    values: Mapping[Sheet, Iterable[Any]] = {
        Sheet.UNITS: now.units.values(),
        Sheet.GRIDS: now.grids.values(),
        Sheet.MICRO_GRIDS: now.micro_grids.values(),
    }
    return {sheet: {value.code: value.valid_to for value in some if is_over(value.valid_to, today)} for sheet, some in values.items()}


def _post_key(post: Appointment) -> tuple[object, ...]:
    return (post.person_id, post.role, post.unit_id, post.grid_id, post.micro_grid_id, post.since)


def _next(after: Any, before: Any) -> Any:
    """Under its next version, where it counts them."""
    return replace(after, version=before.version + 1) if before is not None and hasattr(before, "version") else after
