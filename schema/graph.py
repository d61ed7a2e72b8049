"""How domain things are shown: a type declares fields with the thing's own attribute names, edges load by key."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import fields as dataclass_fields
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, cast

import strawberry
from graphql import GraphQLError

from domain.errors import BadArgument

if TYPE_CHECKING:
    from schema.campaigns import Campaign
    from schema.contacts import ContactReading, MaskedContact
    from schema.households import Household
    from schema.notices import Notice
    from schema.organisation import Appointment, Grid, HubHousehold, MicroGrid, OrgUnit, Village
    from schema.people import Person
    from schema.recutting import OrganisationChange
    from schema.requests import Request
    from schema.subject_requests import SubjectRequest
    from schema.tasks import Task

C = TypeVar("C", bound=type)

MAX_VALUES = 100

_SHOWN_AS: dict[type, str] = {}
"""Domain class to GraphQL name, for interfaces and unions."""


def described(text: str) -> Any:
    """A field that the thing's attribute of the same name answers."""
    return strawberry.field(description=text)


def edge(resolver: Callable[..., Any], shown_as: Any, text: str, *, name: str | None = None) -> Any:
    """A field that a function answers with domain things; `shown_as` names the type that clients see."""
    return strawberry.field(resolver=resolver, graphql_type=shown_as, description=text, name=name)


def deed(resolver: Callable[..., Awaitable[Any]], shown_as: Any, text: str) -> Any:
    """A mutation's field. What an earlier one in the same document had loaded is forgotten first."""

    @wraps(resolver)
    async def afresh(*args: Any, **kwargs: Any) -> Any:
        context = kwargs["info"].context
        context.begin(context.actor, context.at)
        return await resolver(*args, **kwargs)

    return edge(afresh, shown_as, text)


def shows(domain_class: type, text: str) -> Callable[[C], C]:
    """Shows a domain class. Checks at import that each plain field stands on an attribute of that class."""

    def show(shown: C) -> C:
        has = {field.name for field in dataclass_fields(domain_class)} | set(dir(domain_class))
        for attribute, value in vars(shown).items():
            if getattr(value, "python_name", None) is not None or attribute.startswith("_"):
                continue
            if getattr(value, "base_resolver", None) is None and hasattr(value, "graphql_name") and attribute not in has:
                raise TypeError(f"{shown.__name__}.{attribute} stands on nothing in {domain_class.__name__}")
        cast("Any", shown).is_type_of = classmethod(lambda _, thing, __: isinstance(thing, domain_class))
        _SHOWN_AS[domain_class] = shown.__name__
        return strawberry.type(shown, description=text)

    return show


@strawberry.interface(description="Anything with an id that can be asked for again (节点).")
class Node:
    id: strawberry.ID = described("Opaque id (标识).")

    @classmethod
    def resolve_type(cls, thing: object, *_: object) -> str:
        return _SHOWN_AS[type(thing)]


def shown_as(thing: object) -> str | None:
    return _SHOWN_AS.get(type(thing))


def several(values: Sequence[Any] | None) -> tuple[Any, ...] | None:
    """A filter's list, each value once; nothing where none was given. Raises BAD_USER_INPUT beyond 100."""
    if values is None:
        return None
    if len(values) > MAX_VALUES:
        raise GraphQLError(f"a filter's list has at most {MAX_VALUES} values", extensions={"code": "BAD_USER_INPUT"})
    return tuple(dict.fromkeys(values))


def bad_argument(error: BadArgument) -> GraphQLError:
    """What clients get for an argument that makes no sense."""
    return GraphQLError(str(error), extensions={"code": "BAD_USER_INPUT"})


WANTED = strawberry.argument(description="What is to be done (输入).")

# Types that point at each other are named here once, and found when the schema is built.
OrgUnitT = Annotated["OrgUnit", strawberry.lazy("schema.organisation")]
GridT = Annotated["Grid", strawberry.lazy("schema.organisation")]
MicroGridT = Annotated["MicroGrid", strawberry.lazy("schema.organisation")]
HubHouseholdT = Annotated["HubHousehold", strawberry.lazy("schema.organisation")]
VillageT = Annotated["Village", strawberry.lazy("schema.organisation")]
AppointmentT = Annotated["Appointment", strawberry.lazy("schema.organisation")]
PersonT = Annotated["Person", strawberry.lazy("schema.people")]
HouseholdT = Annotated["Household", strawberry.lazy("schema.households")]
RequestT = Annotated["Request", strawberry.lazy("schema.requests")]
CampaignT = Annotated["Campaign", strawberry.lazy("schema.campaigns")]
TaskT = Annotated["Task", strawberry.lazy("schema.tasks")]
SubjectRequestT = Annotated["SubjectRequest", strawberry.lazy("schema.subject_requests")]
MaskedContactT = Annotated["MaskedContact", strawberry.lazy("schema.contacts")]
ContactReadingT = Annotated["ContactReading", strawberry.lazy("schema.contacts")]
OrganisationChangeT = Annotated["OrganisationChange", strawberry.lazy("schema.recutting")]
NoticeT = Annotated["Notice", strawberry.lazy("schema.notices")]
