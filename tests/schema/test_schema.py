"""The schema that is served: the committed one, the promised one, described to the last value, and every "no" is an answer."""

import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    get_named_type,
    is_specified_directive,
    is_specified_scalar_type,
)
from graphql.utilities import find_breaking_changes

from domain.approvals import SuspendCause
from domain.deadlines import DeadlineClass
from domain.devices import DevicePlatform
from domain.errors import RefusalCode
from domain.households import Agreement
from domain.items import MatterScope, ServiceLine
from domain.lifecycle import TaskAction
from domain.organisation import GridKind, OrgUnitKind
from domain.posts import Role
from domain.requests import Grade, RequestState, Verdict
from domain.tasks import ContactKind, Outcome, ReturnReason, TaskState
from schema.printed import SNAPSHOT, printed

CONTRACT = Path(__file__).parent / "snapshots" / "contract.graphql"
"""A copy of the outside contract, what phones and consoles rely on: things may be added to the schema, nothing taken away."""

SHOWN: tuple[type[Enum], ...] = (
    *(OrgUnitKind, Role, ServiceLine, DeadlineClass, MatterScope, RequestState, TaskState, Outcome, Verdict, Grade),
    *(TaskAction, RefusalCode, ContactKind, ReturnReason, DevicePlatform, GridKind, Agreement, SuspendCause),
)
ENDS_IN_CHINESE = re.compile(r"\([^()]*[\u4e00-\u9fff][^()]*\)\.$")

Described = tuple[str, Any]


def served() -> GraphQLSchema:
    return build_schema(printed())


SERVED = served()
CONTRACTED = build_schema(CONTRACT.read_text("utf-8"))


def own_types(schema: GraphQLSchema) -> Iterator[GraphQLNamedType]:
    """The types that are ours: not those of GraphQL itself."""
    yield from (kind for kind in schema.type_map.values() if not kind.name.startswith("__") and not is_specified_scalar_type(kind))


def fields(schema: GraphQLSchema) -> Iterator[Described]:
    """Fields and input fields, by their path."""
    for kind in own_types(schema):
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            yield from ((f"{kind.name}.{name}", field) for name, field in kind.fields.items())


def arguments(schema: GraphQLSchema) -> Iterator[Described]:
    for path, field in fields(schema):
        yield from ((f"{path}({name}:)", argument) for name, argument in getattr(field, "args", {}).items())


def values(schema: GraphQLSchema) -> Iterator[Described]:
    for kind in own_types(schema):
        if isinstance(kind, GraphQLEnumType):
            yield from ((f"{kind.name}.{name}", value) for name, value in kind.values.items())


def default_of(item: Any) -> str | None:
    """A default as it is written; null is none."""
    node = getattr(item.ast_node, "default_value", None)
    return None if node is None or node.kind == "null_value" else getattr(node, "value", str(node))


def test_the_committed_schema_is_the_one_that_is_served() -> None:
    assert SNAPSHOT.read_text("utf-8") == printed(), "run `make sdl`, and look at what changed"


def test_nothing_that_was_promised_is_missing() -> None:
    assert [change.description for change in find_breaking_changes(CONTRACTED, SERVED)] == []


def test_every_promised_default_is_the_same() -> None:
    there = dict([*fields(SERVED), *arguments(SERVED)])
    promised = {path: default_of(item) for path, item in [*fields(CONTRACTED), *arguments(CONTRACTED)] if default_of(item) is not None}

    assert {path: default_of(there[path]) for path in promised} == promised


def test_what_takes_one_of_several_still_does() -> None:
    promised = [kind.name for kind in own_types(CONTRACTED) if getattr(kind, "is_one_of", False)]

    assert promised == ["CommandInput"]
    assert all(getattr(SERVED.type_map[name], "is_one_of", False) for name in promised)


def test_every_mutation_with_an_input_can_answer_a_refusal() -> None:
    mutations = SERVED.mutation_type
    assert mutations is not None
    for name, field in mutations.fields.items():
        result = get_named_type(field.type)
        if "input" in field.args:
            assert isinstance(result, GraphQLUnionType), name
            assert {member.name for member in result.types} == {f"{name[0].upper()}{name[1:]}Payload", "Refusal"}
        else:
            assert "refusal" in getattr(result, "fields", {}), name


def test_every_mutation_takes_one_input_that_carries_a_command_id() -> None:
    mutations = SERVED.mutation_type
    assert mutations is not None
    inputs = [get_named_type(field.args["input"].type) for field in mutations.fields.values() if "input" in field.args]

    assert len(inputs) == len(mutations.fields) - 1
    assert all(isinstance(each, GraphQLInputObjectType) and str(each.fields["commandId"].type) == "UUID!" for each in inputs)


def undescribed(items: Iterator[Described]) -> list[str]:
    return [path for path, item in items if not (item.description or "").strip()]


def test_every_type_field_argument_and_value_is_described() -> None:
    assert undescribed((kind.name, kind) for kind in own_types(SERVED)) == []
    assert undescribed(fields(SERVED)) == []
    assert undescribed(arguments(SERVED)) == []
    assert undescribed(values(SERVED)) == []
    assert undescribed((each.name, each) for each in SERVED.directives if not is_specified_directive(each)) == []


def test_every_description_of_a_type_field_or_value_ends_with_its_chinese_word() -> None:
    described = [*((kind.name, kind) for kind in own_types(SERVED)), *fields(SERVED), *values(SERVED)]

    assert [f"{path}: {item.description}" for path, item in described if not ENDS_IN_CHINESE.search(item.description or "")] == []


@pytest.mark.parametrize("kind", SHOWN, ids=lambda kind: kind.__name__)
def test_every_value_that_the_law_knows_is_served_and_no_other(kind: type[Enum]) -> None:
    shown = SERVED.type_map[kind.__name__]

    assert isinstance(shown, GraphQLEnumType)
    assert list(shown.values) == [value.name for value in kind]
    assert all(value.name == value.value for value in kind)


def test_lists_that_may_grow_are_pages() -> None:
    """Only what is bounded by itself is a plain list."""
    plain = {path for path, field in fields(SERVED) if re.search(r"\[(Request|Task|Notice|Event)!?\]", str(getattr(field, "type", "")))}

    assert plain == {"Request.tasks", "Request.related", "Task.assists"}


def test_everything_with_an_id_of_its_own_is_a_node() -> None:
    node = SERVED.type_map["Node"]
    with_id = {kind.name for kind in own_types(SERVED) if isinstance(kind, GraphQLObjectType) and "id" in kind.fields}
    nodes = {kind.name for kind in SERVED.get_implementations(node).objects} if isinstance(node, GraphQLInterfaceType) else set()

    # Read where they stand, and by nobody who may not: in a history, on the notice board, on the rota, among one's own, before one asks.
    assert with_id - nodes == {"Event", "Appointment", "Absence", "Duty", "SavedFilter", "SimilarRequest"}
