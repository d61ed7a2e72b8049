"""What an operation costs: linear, of a valid document, with this request's variables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import graphql
from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, InlineFragmentNode, OperationDefinitionNode
from graphql.utilities.coerce_input_value import coerce_default_value

PAGE, LONGEST_PAGE, LIST = 20, 100, 10  # what a page, and a list of unknown length, are taken to hold


class Sizes:
    """How long the schema's lists are taken to be, and how dear an introspection is."""

    def __init__(self, schema: graphql.GraphQLSchema, max_cost: int) -> None:
        types = schema.type_map.values()
        fields = [f for t in types if graphql.is_object_type(t) or graphql.is_interface_type(t) for f in t.fields.values()]
        self.pages = {graphql.get_named_type(f.type) for f in fields if _is_paged(f) and not _is_list(f)}
        possible = [name for t in types if graphql.is_abstract_type(t) for name in schema.get_possible_types(t)]
        found = {"fields": len(fields), "possibleTypes": len(possible)}
        for name, kept in {"inputFields": "fields", "enumValues": "values", "interfaces": "interfaces"}.items():
            found[name] = sum(len(getattr(t, kept, ())) for t in types)
        self.introspection = {name: total / len(types) for name, total in found.items()}
        self.introspection |= {"args": sum(len(f.args) for f in fields) / len(fields), "ofType": 0.5}
        self.introspection |= {"types": len(types), "directives": len(schema.directives), "__schema": 1}
        # A type that is named may be the largest of all.
        self.introspection["__type"] = max(len(getattr(t, "fields", ())) for t in types) / self.introspection["fields"]
        # Half of all that may be spent buys the standard introspection, however large the schema grows.
        self.share = 1.0
        nodes = graphql.parse(graphql.get_introspection_query(True, True, True, True, True, True, True)).definitions
        query = next(node for node in nodes if isinstance(node, OperationDefinitionNode))
        fragments = {node.name.value: node for node in nodes if isinstance(node, FragmentDefinitionNode)}
        order = [fragments[name] for name in ("TypeRef", "InputValue", "FullType")]
        self.share = max_cost / 2 / Pricing(schema, self, order, query, {}).price()


def _is_list(definition: graphql.GraphQLField) -> bool:
    return graphql.is_list_type(graphql.get_nullable_type(definition.type))


def _is_paged(definition: graphql.GraphQLField) -> bool:
    return "first" in definition.args or "last" in definition.args


@dataclass(slots=True)
class Pricing:
    schema: graphql.GraphQLSchema
    sizes: Sizes
    definitions: Sequence[FragmentDefinitionNode]  # each after those that it spreads
    operation: OperationDefinitionNode
    variables: Mapping[str, Any]
    fragments: dict[str, tuple[graphql.GraphQLNamedType, float]] = field(default_factory=dict)
    defaults: dict[str, graphql.ValueNode | None] = field(default_factory=dict)

    def price(self) -> float:
        self.defaults = {d.variable.name.value: d.default_value for d in self.operation.variable_definitions or ()}
        for fragment in self.definitions:
            on = self.schema.type_map[fragment.type_condition.name.value]
            self.fragments[fragment.name.value] = on, self._object(fragment.selection_set, on)
        root = self.schema.get_root_type(self.operation.operation)
        return self._object(self.operation.selection_set, root) if root else 0

    def _object(self, selections: graphql.SelectionSetNode, on: graphql.GraphQLNamedType) -> float:
        """The price of one object. It is of one type only: of the fragments on several types the dearest counts."""
        prices = {on: 0.0}
        for selection in selections.selections:
            type_, price = self._part(selection, on)
            prices[type_] = prices.get(type_, 0) + price
        either = [prices.pop(type_) for type_ in list(prices) if type_ is not on and graphql.is_object_type(type_)]
        return sum(prices.values()) + max(either, default=0)

    def _part(self, selection: graphql.SelectionNode, on: graphql.GraphQLNamedType) -> tuple[graphql.GraphQLNamedType, float]:
        if isinstance(selection, FragmentSpreadNode):
            return self.fragments[selection.name.value]
        if isinstance(selection, InlineFragmentNode):
            on = self.schema.type_map[selection.type_condition.name.value] if selection.type_condition else on
            return on, self._object(selection.selection_set, on)
        assert isinstance(selection, FieldNode)
        return on, 1 + (self._inside(selection, selection.selection_set, on) if selection.selection_set else 0)

    def _inside(self, node: FieldNode, selections: graphql.SelectionSetNode, on: Any) -> float:
        definition = self.schema.get_field(on, node.name.value)
        assert definition
        price = self._object(selections, graphql.get_named_type(definition.type))
        if node.name.value in ("__schema", "__type"):
            price *= self.sizes.share * self.sizes.introspection[node.name.value]
            return price
        return price * self._times(node, definition, on)

    def _times(self, node: FieldNode, definition: graphql.GraphQLField, on: graphql.GraphQLNamedType) -> float:
        """How many objects the field is taken to answer with."""
        if on.name.startswith("__"):
            return self.sizes.introspection.get(node.name.value, 1)
        given = {argument.name.value: self._value(argument.value) for argument in node.arguments or ()}
        if _is_paged(definition):
            usual = coerce_default_value(definition.args["first"]) if "first" in definition.args else None
            asked = [size for name in ("first", "last") if (size := given.get(name)) is not None] or [usual or PAGE]
            return max(size if type(size) is int and 0 <= size <= LONGEST_PAGE else LONGEST_PAGE for size in asked)
        if not _is_list(definition):
            return PAGE if graphql.get_named_type(definition.type) in self.sizes.pages else 1
        if on in self.sizes.pages:
            return 1  # a page's edges: the page was multiplied
        return max([LIST, *(len(value) for value in given.values() if isinstance(value, list | tuple))])

    def _value(self, node: graphql.ValueNode | None) -> object:
        """The literal's or variable's value, as far as it can size a list."""
        if isinstance(node, graphql.VariableNode):
            if node.name.value in self.variables:
                return self.variables[node.name.value]
            node = self.defaults.get(node.name.value)
        if isinstance(node, graphql.IntValueNode):
            return int(node.value) if len(node.value) < 4 else LONGEST_PAGE  # Python refuses to read 5,000 digits
        if isinstance(node, graphql.ListValueNode):
            return node.values
        return None if node is None or isinstance(node, graphql.NullValueNode) else False
