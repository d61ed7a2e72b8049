"""What may be asked: a document is parsed, measured and validated once, and priced for every request.

All of it runs on text from strangers, before the first resolver. So each step is bounded by the one before: characters, tokens,
the shape of the tree, what its fragments unfold to, and only then graphql-core's own rules, some of which are not linear.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import graphql
from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, GraphQLError, InlineFragmentNode, OperationDefinitionNode

from schema.prices import Pricing, Sizes

MERGE_BUDGET = 15_000  # steps of graphql-core's quadratic rule, some 25 ms; a rich sync document takes 1,000
REMEMBERED, REMEMBERED_CHARACTERS = 1_000, 250_000  # a tree weighs 100 to 200 bytes a character
LONGEST_MESSAGE = 1_000  # graphql-core prints literals back, indented


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a document may be, and how many values its variables may hold.

    `max_cost` counts fields, each once for every object that it may be asked of.
    """

    max_characters: int = 40_000
    max_tokens: int = 3_000
    max_operations: int = 10
    max_fragments: int = 100
    max_depth: int = 15
    max_aliases: int = 100
    max_root_fields: int = 30
    max_cost: int = 20_000
    max_values: int = 10_000
    max_errors: int = 5


class BadDocument(Exception):
    """The document, or the choice of an operation in it, is refused: `errors` say why, each coded BAD_USER_INPUT."""

    def __init__(self, errors: Iterable[GraphQLError]) -> None:
        super().__init__("the document is refused")  # never its text: exceptions end in logs
        self.errors = list(errors)
        for error in self.errors:
            error.message = error.message[:LONGEST_MESSAGE]
            error.extensions = {**(error.extensions or {}), "code": "BAD_USER_INPUT"}


@dataclass(frozen=True, slots=True)
class AcceptedDocument:
    """A valid document within its limits, the one operation of it that is to be executed, and what that costs."""

    document: graphql.DocumentNode
    operation: OperationDefinitionNode
    cost: int

    @property
    def name(self) -> str | None:
        return self.operation.name.value if self.operation.name else None

    @property
    def is_subscription(self) -> bool:
        return self.operation.operation is graphql.OperationType.SUBSCRIPTION


@dataclass(frozen=True, slots=True)
class _Parts:
    document: graphql.DocumentNode
    operations: list[OperationDefinitionNode]
    fragments: list[FragmentDefinitionNode]  # each after those that it spreads


class Documents:
    """Accepts what may be executed against `schema`. Remembers valid documents by their text; refused ones take no seat."""

    def __init__(self, schema: graphql.GraphQLSchema, limits: Limits | None = None) -> None:
        self._schema = schema
        self._limits = limits or Limits()
        self._sizes = Sizes(schema, self._limits.max_cost)
        self._remembered: OrderedDict[str, _Parts] = OrderedDict()
        self._characters = 0

    def accept(self, text: str, operation_name: str | None = None, variables: Mapping[str, Any] | None = None) -> AcceptedDocument:
        """The operation to execute. Raises `BadDocument`; never anything else, whatever the text and the variables hold."""
        parts = self._remembered.get(text)
        if parts is None:
            parts = self._prepare(text)
            self._remember(text, parts)
        else:
            self._remembered.move_to_end(text)
        operation = _select(parts.operations, operation_name)
        limits, variables = self._limits, variables or {}
        if _hold_more_than(limits.max_values, variables):
            raise _refusal(f"The variables hold more than {limits.max_values} values.")
        cost = round(Pricing(self._schema, self._sizes, parts.fragments, operation, variables).price())
        if cost > limits.max_cost:
            raise _refusal(f"The operation costs {cost}; at most {limits.max_cost} is allowed. Ask for fewer fields or shorter pages.")
        return AcceptedDocument(parts.document, operation, cost)

    def _prepare(self, text: str) -> _Parts:
        limits = self._limits
        _within(len(text), limits.max_characters, "has {} characters")
        try:
            document = graphql.parse(text, max_lexical_tokens=limits.max_tokens, max_comments=limits.max_tokens)
        except GraphQLError as error:
            raise BadDocument([error]) from None
        parts = _measure(document, limits)
        errors = graphql.validate(self._schema, document, _RULES, limits.max_errors, hide_suggestions=True)
        if errors:
            raise BadDocument(map(_explained, errors))
        return parts

    def _remember(self, text: str, parts: _Parts) -> None:
        self._remembered[text] = parts
        self._characters += len(text)
        while len(self._remembered) > REMEMBERED or self._characters > REMEMBERED_CHARACTERS:
            forgotten, _ = self._remembered.popitem(last=False)
            self._characters -= len(forgotten)


def _refusal(message: str) -> BadDocument:
    return BadDocument([GraphQLError(message)])


def _within(found: int, limit: int, what: str) -> None:
    if found > limit:
        raise _refusal(f"The document {what.format(found)}; at most {limit} are allowed.")


def _hold_more_than(limit: int, variables: Mapping[str, Any]) -> bool:
    pending: list[Iterable[Any]] = [variables.values()]
    while pending:
        for value in pending.pop():
            limit -= 1
            if limit < 0:
                return True
            if isinstance(value, dict | list):
                pending.append(value.values() if isinstance(value, dict) else value)
    return False


def _select(operations: list[OperationDefinitionNode], name: str | None) -> OperationDefinitionNode:
    if name is None:
        if len(operations) == 1:
            return operations[0]
        raise _refusal(f"The document has {len(operations)} operations: operationName must say which to execute.")
    for operation in operations:
        if operation.name and operation.name.value == name:
            return operation
    raise _refusal("The document has no operation of the name that operationName gives.")


class _BoundedMerging(graphql.OverlappingFieldsCanBeMergedRule):
    def __init__(self, context: graphql.ValidationContext) -> None:
        super().__init__(context)
        self.rule_context.remaining_complexity_budget = MERGE_BUDGET


_RULES = tuple(_BoundedMerging if rule is graphql.OverlappingFieldsCanBeMergedRule else rule for rule in graphql.specified_rules)


def _explained(error: GraphQLError) -> GraphQLError:
    if error.message == "Validation aborted.":  # graphql-core's word for a spent budget
        return GraphQLError("The document repeats the same fields and fragments too often to be checked. Ask for each field once.")
    return error


# ---- the shape: linear, without the schema


@dataclass(slots=True)
class _Shape:
    """How large a definition is with all that it spreads; only `aliases` are its own."""

    fields: int = 0
    roots: int = 0
    depth: int = 0
    aliases: int = 0


@dataclass(slots=True)
class _Shapes:
    fragments: Mapping[str, FragmentDefinitionNode]
    known: dict[str, _Shape] = field(default_factory=dict)  # each after those that it spreads

    def of(self, selection_set: graphql.SelectionSetNode, under: tuple[str, ...] = ()) -> _Shape:
        """Recurses no deeper than there are fragments. Raises `BadDocument` where a fragment spreads itself."""
        shape = _Shape()
        pending = [(selection_set, 0)]
        while pending:
            current, above = pending.pop()
            for selection in current.selections:
                if isinstance(selection, InlineFragmentNode):
                    pending.append((selection.selection_set, above))
                    continue
                part = _Shape()
                if isinstance(selection, FragmentSpreadNode):
                    part = self.of_fragment(selection.name.value, under)
                elif isinstance(selection, FieldNode):
                    part = _Shape(fields=1, roots=1, depth=1)
                    shape.aliases += selection.alias is not None
                    if selection.selection_set:
                        pending.append((selection.selection_set, above + 1))
                shape.fields += part.fields
                shape.roots += part.roots if above == 0 else 0
                shape.depth = max(shape.depth, above + part.depth)
        return shape

    def of_fragment(self, name: str, under: tuple[str, ...] = ()) -> _Shape:
        if name in under:
            raise _refusal(f"The fragment {name[:100]!r} spreads itself.")
        if name not in self.fragments:
            return _Shape()  # for validation to report
        if name not in self.known:
            self.known[name] = self.of(self.fragments[name].selection_set, (*under, name))
        return self.known[name]


def _measure(document: graphql.DocumentNode, limits: Limits) -> _Parts:
    """The document's parts in order. Raises `BadDocument` where it passes a limit or a fragment spreads itself."""
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    definitions = [node for node in document.definitions if isinstance(node, FragmentDefinitionNode)]
    _within(len(operations), limits.max_operations, "has {} operations")
    _within(len(definitions), limits.max_fragments, "has {} fragments")
    shapes = _Shapes({node.name.value: node for node in definitions})
    if len(shapes.fragments) < len(definitions):
        raise _refusal("The document defines two fragments of the same name.")
    tops = [shapes.of(node.selection_set) for node in operations]
    every = tops + [shapes.of_fragment(name) for name in shapes.fragments]
    _within(sum(shape.aliases for shape in every), limits.max_aliases, "has {} aliases")
    for shape in every:
        _within(shape.depth, limits.max_depth, "is {} fields deep")
        _within(shape.fields, limits.max_cost, "unfolds to {} fields")
    for top in tops:
        _within(top.roots, limits.max_root_fields, "asks for {} fields at its root")
    return _Parts(document, operations, [shapes.fragments[name] for name in shapes.known])
