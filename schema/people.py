"""Persons, by the little that is shown of them."""

from domain import people
from schema.graph import Node, described, shows


@shows(people.Person, "Somebody with an account or a post (人员).")
class Person(Node):
    display_name: str = described("The name that is shown (显示名称).")
