"""What may be asked: limits first, then GraphQL's own rules, then the price with this request's variables."""

from typing import Any

import pytest
import strawberry
from graphql import GraphQLSchema, build_schema, get_introspection_query

from schema import documents
from schema.documents import BadDocument, Documents, Limits

SDL = """
interface Node { id: ID! }
type Person implements Node { id: ID!  name: String!  friends(first: Int = 20, last: Int): PersonConnection!  tags: [Tag!]!  boss: Person }
type Place implements Node { id: ID!  name: String!  parts: [Place!]! }
type Tag { label: String! }
type PersonConnection { edges: [PersonEdge!]!  pageInfo: PageInfo! }
type PersonEdge { cursor: String!  node: Person! }
type PageInfo { endCursor: String }
input Filter { names: [String!]  and: Filter }
type Query {
  node(id: ID!): Node
  nodes(ids: [ID!]!): [Node]!
  person(name: String, filter: Filter): Person
  people(first: Int = 20): PersonConnection!
  newest(first: Int = 3): [Person!]!
}
type Mutation { rename(id: ID!, name: String!): Person }
type Subscription { changes: PersonConnection! }
"""
UNBOUNDED = Limits(max_cost=10**9)
EDGES = "{ edges { cursor } }"


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema(SDL)


@pytest.fixture
def door(schema: GraphQLSchema) -> Documents:
    return Documents(schema)


def refusal(door: Documents, text: str, name: str | None = None, **variables: Any) -> str:
    """The first reason of the refusal; every reason is coded."""
    with pytest.raises(BadDocument) as caught:
        door.accept(text, name, variables)
    assert all(error.extensions == {"code": "BAD_USER_INPUT"} for error in caught.value.errors)
    return caught.value.errors[0].message


def fragments(count: int, body: str, on: str = "Query") -> str:
    """F0 to F<count>; in the body, `@` stands for the next of them; the last asks for its type's name."""
    chain = [f"fragment F{i} on {on} {{ {body.replace('@', f'...F{i + 1}')} }}" for i in range(count)]
    return " ".join([*chain, f"fragment F{count} on {on} {{ __typename }}"])


# ---- accepting


def test_a_document_is_accepted_with_its_one_operation(door: Documents) -> None:
    accepted = door.accept("query Who { person { name } }")
    assert (accepted.name, accepted.is_subscription, accepted.cost) == ("Who", False, 2)


def test_a_subscription_is_told_from_a_query(door: Documents) -> None:
    assert door.accept("subscription { changes { edges { cursor } } }").is_subscription


def test_the_same_text_is_parsed_once(door: Documents, monkeypatch: pytest.MonkeyPatch) -> None:
    first = door.accept("{ person { name } }")
    monkeypatch.setattr("graphql.parse", None)
    monkeypatch.setattr("graphql.validate", None)
    assert door.accept("{ person { name } }").document is first.document


def test_the_oldest_documents_are_forgotten_when_there_are_too_many(door: Documents, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "REMEMBERED", 2)
    used = door.accept("{ __typename }").document
    door.accept("{ person { name } }")
    assert door.accept("{ __typename }").document is used
    door.accept("{ person { id } }")
    assert list(door._remembered) == ["{ __typename }", "{ person { id } }"]


def test_long_documents_push_out_others_sooner(door: Documents, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "REMEMBERED_CHARACTERS", 100)
    for i in range(5):
        door.accept("{ __typename }" + "#" * (50 + i))
    assert len(door._remembered) == 1
    assert door._characters == sum(map(len, door._remembered))


def test_a_refused_document_takes_no_seat(door: Documents) -> None:
    refusal(door, "{ nobody }")
    refusal(door, "{ person(")
    assert not door._remembered


# ---- choosing the operation


def test_of_several_operations_one_must_be_named(door: Documents) -> None:
    text = "query A { __typename } query B { person { name } }"
    assert refusal(door, text) == "The document has 2 operations: operationName must say which to execute."
    assert door.accept(text, "B").name == "B"


def test_an_unknown_operation_name_is_refused(door: Documents) -> None:
    assert "no operation of the name" in refusal(door, "query A { __typename }", "B")
    assert "no operation of the name" in refusal(door, "{ __typename }", "")


@pytest.mark.parametrize(
    "text",
    ["", "   ", "fragment F on Query { __typename }", "type Query { a: Int }", "{", "nonsense", '{ person(name: "\\ud800") { id } }'],
)
def test_a_text_without_a_readable_operation_is_refused(door: Documents, text: str) -> None:
    assert refusal(door, text)


def test_a_field_that_is_not_there_is_refused_without_hints_at_those_that_are(door: Documents) -> None:
    assert refusal(door, "{ persom { name } }") == "Cannot query field 'persom' on type 'Query'."


def test_a_fragment_that_is_not_there_is_refused(door: Documents) -> None:
    assert refusal(door, "{ ...Nowhere }") == "Unknown fragment 'Nowhere'."


def test_only_the_first_mistakes_are_told(door: Documents) -> None:
    with pytest.raises(BadDocument) as caught:
        door.accept("{ person { " + " ".join(f"x{i}" for i in range(500)) + " } }")
    assert len(caught.value.errors) == Limits().max_errors + 1
    assert caught.value.errors[-1].message.startswith("Too many validation errors")


def test_a_refusal_does_not_print_a_long_literal_back_in_full(door: Documents) -> None:
    nested = "[" * 150 + '"x" ' * 500 + "]" * 150
    assert len(refusal(door, f"{{ person(name: {nested}) {{ id }} }}")) <= documents.LONGEST_MESSAGE


# ---- limits of the text and of the shape


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{ __typename }" + " " * 40_000, "The document has 40014 characters; at most 40000 are allowed."),
        ("{" + "[" * 1_000_000, "The document has 1000001 characters; at most 40000 are allowed."),
        ("{" + " __typename" * 3_000 + "}", "Syntax Error: Document contains more than 3000 tokens. Parsing aborted."),
        ("{ __typename }" + "#\n" * 3_001, "Syntax Error: Document contains more than 3000 comments. Parsing aborted."),
        (" ".join(f"query Q{i} {{ __typename }}" for i in range(11)), "The document has 11 operations; at most 10 are allowed."),
        ("{ ...F0 }" + fragments(100, "@"), "The document has 101 fragments; at most 100 are allowed."),
        ("{" + " __typename" * 31 + "}", "The document asks for 31 fields at its root; at most 30 are allowed."),
        (
            "{" + " ...F" * 16 + "} fragment F on Query { __typename person { id } }",
            "The document asks for 32 fields at its root; at most 30 are allowed.",
        ),
        ("{ person {" + " ".join(f"a{i}: id" for i in range(101)) + "} }", "The document has 101 aliases; at most 100 are allowed."),
        ("{ person {" + "boss {" * 14 + "id" + "}" * 16, "The document is 16 fields deep; at most 15 are allowed."),
        ("{ person { ...F0 } }" + fragments(15, "boss { @ }", "Person"), "The document is 17 fields deep; at most 15 are allowed."),
        ("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }", "The fragment 'A' spreads itself."),
        (
            "{ ...A } fragment A on Query { person { boss { ...P } } } fragment P on Person { boss { ...P } }",
            "The fragment 'P' spreads itself.",
        ),
        ("{ __typename } fragment A on Query { ...A }", "The fragment 'A' spreads itself."),
        ("{ ...F0 }" + fragments(30, "@ @"), "The document unfolds to 1073741824 fields; at most 20000 are allowed."),
        (
            "{ ...A } fragment A on Query { __typename } fragment A on Query { ...A }",
            "The document defines two fragments of the same name.",
        ),
    ],
    ids=lambda value: value[:60] if isinstance(value, str) else None,
)
def test_a_document_past_a_limit_is_told_which_and_by_how_much(door: Documents, text: str, reason: str) -> None:
    assert refusal(door, text) == reason


def test_fifteen_fields_deep_thirty_at_the_root_and_a_hundred_aliases_are_still_accepted(door: Documents) -> None:
    door.accept("{ person {" + "boss {" * 13 + "id" + "}" * 15)
    door.accept("{" + " __typename" * 30 + "}")
    door.accept("{ person {" + " ".join(f"a{i}: id" for i in range(100)) + "} }")


def test_a_fragment_may_have_more_fields_than_the_root(door: Documents) -> None:
    door.accept("{ person { ...F } } fragment F on Person {" + " ".join(f"a{i}: id" for i in range(60)) + "}")


@pytest.mark.parametrize(
    "text",
    [
        "{" + "person {" * 150 + "id" + "}" * 151,
        "{" + "... {" * 900 + "__typename" + "}" * 901,
        "{ person(name: " + "[" * 2_500 + ") { id } }",
        "{ person(filter: " + "{ and: " * 180 + "1" + "}" * 180 + ") { id } }",
        "query ($a: " + "[" * 190 + "Int" + "]" * 190 + ") { __typename }",
        "{ people(first: " + "9" * 5_000 + ") { edges { cursor } } }",
        "{ person {" + " boss { id }" * 700 + "} }",
        "{ node(id: 1) {" + " ... on Person { boss { id } }" * 250 + "} }",
        "{ person {"
        + " ".join(f"...P{i}" for i in range(90))
        + "} }"
        + " ".join(f"fragment P{i} on Person {{ boss {{ id }} name tags {{ label }} }}" for i in range(90)),
        "{ __typename " + "@skip(if: true) " * 400 + "}",
    ],
    ids=lambda text: text[:40],
)
def test_a_monstrous_document_is_refused_and_nothing_else_happens(door: Documents, text: str) -> None:
    assert refusal(door, text)


def test_fields_that_are_repeated_beyond_checking_are_refused_with_advice(door: Documents) -> None:
    assert "Ask for each field once" in refusal(door, "{ person {" + " boss { boss { id } }" * 350 + "} }")


def test_deep_inline_fragments_and_long_chains_of_fragments_are_walked_without_exhausting_the_stack(door: Documents) -> None:
    door.accept("{" + "... {" * 190 + "__typename" + "}" * 191)
    chained = " ".join(f"fragment F{i} on Query {{ {'... {' * 10} ...F{i + 1} {'}' * 10} }}" for i in range(15))
    door.accept("{ ...F0 }" + chained + "fragment F15 on Query { __typename }")


# ---- the price


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("{ __typename }", 1),
        ("{ person { id name } }", 3),
        ("{ person { tags { label } } }", 1 + 1 + 10),
        ("{ people { edges { cursor } } }", 1 + 20 * 2),
        ("{ people(first: null) { edges { cursor } } }", 1 + 20 * 2),
        ("{ people(first: 5) { edges { node { id } } pageInfo { endCursor } } }", 1 + 5 * 5),
        ("{ people(first: 0) { edges { cursor } } }", 1),
        ("{ people(first: 101) { edges { cursor } } }", 1 + 100 * 2),
        ("{ people(first: -1) { edges { cursor } } }", 1 + 100 * 2),
        ("{ people(first: 2) { edges { node { friends(last: 3) { edges { cursor } } } } } }", 1 + 2 * (1 + 1 + (1 + 3 * 2))),
        ("{ newest { id } }", 1 + 3),
        ("{ newest(first: 50) { id } }", 1 + 50),
        ('{ nodes(ids: ["a"]) { id } }', 1 + 10),
        ("{ nodes(ids: [" + '"a" ' * 40 + "]) { id } }", 1 + 40),
        ("subscription { changes { edges { cursor } } }", 1 + 20 * 2),
        ("{ ...F ...F } fragment F on Query { person { id } }", 4),
        ("{ people(first: 4) { ...F } } fragment F on PersonConnection { edges { cursor } }", 1 + 4 * 2),
    ],
)
def test_what_an_operation_costs(schema: GraphQLSchema, text: str, cost: int) -> None:
    assert Documents(schema, UNBOUNDED).accept(text).cost == cost


def test_of_fragments_on_several_types_only_the_dearest_is_paid(schema: GraphQLSchema) -> None:
    text = "{ node(id: 1) { id ... on Person { name tags { label } } ... on Place { name } ... on Node { id } ... { id } } }"
    assert Documents(schema, UNBOUNDED).accept(text).cost == 1 + 3 + (1 + 11)


@pytest.mark.parametrize(
    ("given", "page"),
    [
        ({"n": 7}, 7),
        ({"n": None}, 20),
        ({}, 4),
        ({"n": 1_000}, 100),
        ({"n": -3}, 100),
        ({"n": True}, 100),
        ({"n": "7"}, 100),
        ({"n": [1]}, 100),
    ],
)
def test_a_page_costs_what_this_requests_variables_say(schema: GraphQLSchema, given: dict[str, Any], page: int) -> None:
    door = Documents(schema, UNBOUNDED)
    text = f"query ($n: Int = 4) {{ people(first: $n) {EDGES} }}"
    door.accept(text, None, {"n": 1})
    assert door.accept(text, None, given).cost == 1 + page * 2


def test_a_remembered_document_is_refused_when_its_variables_make_it_too_dear(door: Documents) -> None:
    text = "query ($n: Int) { people(first: $n) { edges { node { friends(first: $n) { edges { node { id name } } } } } } }"
    assert door.accept(text, None, {"n": 10}).cost < 20_000
    assert refusal(door, text, n=100) == "The operation costs 40301; at most 20000 is allowed. Ask for fewer fields or shorter pages."
    assert door.accept(text, None, {"n": 10}).cost < 20_000


def test_a_long_list_of_ids_is_paid_for(schema: GraphQLSchema, door: Documents) -> None:
    text = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    assert door.accept(text, None, {"ids": ["x"] * 50}).cost == 51
    narrow = Documents(schema, Limits(max_cost=500))
    assert (
        refusal(narrow, text, ids=["x"] * 600) == "The operation costs 601; at most 500 is allowed. Ask for fewer fields or shorter pages."
    )


@pytest.mark.parametrize("value", [["x"] * 10_000, [["x"] * 100] * 101, {"names": [{"and": {"names": ["x"] * 20}}] * 500}])
def test_variables_hold_no_more_values_than_can_be_read_quickly(door: Documents, value: object) -> None:
    text = "query ($filter: Filter) { person(filter: $filter) { id } }"
    assert refusal(door, text, filter=value) == "The variables hold more than 10000 values."


def test_only_the_named_operation_is_paid_for(door: Documents) -> None:
    text = "query A { __typename } query B { people(first: 100) { edges { node { friends(first: 100) { edges { cursor } } } } } }"
    assert door.accept(text, "A").cost == 1
    assert refusal(door, text, "B").startswith("The operation costs 20301;")


@strawberry.type
class Strawberries:
    @strawberry.field
    def newest(self, first: int | None = 6) -> list["Strawberries"]:
        return []


def test_strawberrys_default_for_a_page_is_known() -> None:
    schema = strawberry.Schema(Strawberries)._schema
    assert Documents(schema, UNBOUNDED).accept("{ newest { __typename } }").cost == 1 + 6


# ---- introspection


@pytest.mark.parametrize("everything", [False, True])
def test_the_standard_introspection_passes_and_costs_at_most_half(door: Documents, everything: bool) -> None:
    text = get_introspection_query(True, *[everything] * 6)
    assert 5_000 < door.accept(text).cost <= 10_000


@pytest.mark.parametrize(
    "text",
    [
        "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }",
        '{ __type(name: "Query") { fields { type { fields { type { interfaces { possibleTypes { name } } } } } } } }',
        "{"
        + "".join(
            f"a{i}: __schema {{ types {{ fields {{ type {{ fields {{ name args {{ name type {{ name }} }} }} }} }} }} }}" for i in range(30)
        )
        + "}",
        "{"
        + "".join(f"a{i}: __schema {{ types {{ ...T }} }}" for i in range(30))
        + "} fragment T on __Type { name kind fields { name type { name kind fields { name } } args { name type { name kind } } } }",
    ],
    ids=["in circles", "in wider circles", "many at once", "many by fragment"],
)
def test_introspection_in_circles_or_in_bulk_is_refused(door: Documents, text: str) -> None:
    assert refusal(door, text)
