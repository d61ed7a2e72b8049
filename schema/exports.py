"""What an export asks for: the parts of a list's filter by their names in the schema, as parameters of an address."""

from collections.abc import Mapping, Sequence
from typing import Any

import graphql
import strawberry
from graphql import GraphQLError, GraphQLInputObjectType
from graphql.utilities import validate_input_value
from strawberry.types.arguments import convert_argument

from domain.errors import BadArgument
from domain.ports import RequestQuery, TaskQuery
from schema.requests import RequestFilter, request_query
from schema.tasks import TaskFilter, task_query

Parameters = Mapping[str, Sequence[str]]

TRUTHS = {"true": True, "false": False}


def request_export(given: Parameters, schema: strawberry.Schema) -> RequestQuery:
    """Raises `BadArgument` for what is no filter of requests."""
    try:
        return request_query(_filter(RequestFilter, given, schema))
    except GraphQLError as error:
        raise BadArgument(error.message) from error


def task_export(given: Parameters, schema: strawberry.Schema) -> TaskQuery:
    """Raises `BadArgument` for what is no filter of tasks, and for the one by person: nothing is exported by person."""
    if "assigneeId" in given:
        raise BadArgument("nothing is exported by person")
    try:
        return task_query(_filter(TaskFilter, given, schema))
    except GraphQLError as error:
        raise BadArgument(error.message) from error


def _filter(kind: type, given: Parameters, schema: strawberry.Schema) -> Any:
    """The filter as GraphQL would read it: whatever the schema's filter has, an export has."""
    type_ = schema._schema.type_map[kind.__name__]  # noqa: SLF001 - Strawberry has no public name for it
    if not isinstance(type_, GraphQLInputObjectType):
        raise TypeError(f"{kind.__name__} is no filter")
    values = {name: _value(name, texts, type_) for name, texts in given.items()}
    validate_input_value(values, type_, _refuse)
    coerced = graphql.coerce_input_value(values, type_)
    return convert_argument(coerced, kind, schema.schema_converter.scalar_registry, schema.config)


def _refuse(error: GraphQLError, path: Sequence[str | int]) -> None:
    raise BadArgument(f"{'.'.join(map(str, path))}: {error.message}")


def _value(name: str, texts: Sequence[str], type_: GraphQLInputObjectType) -> object:
    if name not in type_.fields:
        raise BadArgument(f"there is no filter {name[:40]}; there are {', '.join(type_.fields)}")
    inner = graphql.get_nullable_type(type_.fields[name].type)
    if graphql.is_list_type(inner):
        return [part for text in texts for part in text.split(",")]
    if len(texts) > 1:
        raise BadArgument(f"{name} is given more than once")
    if inner is graphql.GraphQLBoolean:
        if texts[0] not in TRUTHS:
            raise BadArgument(f"{name} is true or false")
        return TRUTHS[texts[0]]
    return texts[0]
