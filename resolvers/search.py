"""The search log: who searched or exported, and who may read it."""

from domain.access import Actor
from domain.ids import Kind
from domain.pages import Page, PageRequest
from domain.people import Person
from domain.ports import Ports, RequestQuery, TaskQuery
from domain.posts import Role
from domain.search import Look, LookKind


async def enter_look(kind: LookKind, query: RequestQuery | TaskQuery, *, by: Person, ports: Ports) -> Look:
    """Puts it on record, before anything is shown."""
    at = ports.clock()
    look = Look(ports.ids.new(Kind.LOOK, by.township, at), by.township, by.id, kind, query.narrowed_by, at)
    await ports.search_log.enter(look)
    return look


async def search_log(page: PageRequest, *, by: Actor, ports: Ports) -> Page[Look]:
    """Every search and export of the township, for its privacy officer; an empty list for everybody else."""
    if not by.holds_for_the_township(Role.PRIVACY_OFFICER):
        return Page((), (), has_next=False, has_previous=False)
    return await ports.search_log.of_township(page, seen_by=by)
