"""The one bridge from "no" to an answer: a rule raises `Refused`, a union that has `Refusal` shows it as data."""

from typing import Annotated, Any

import strawberry
from strawberry import Parent

from domain import errors
from domain.errors import Refused
from resolvers.acting import Done
from schema.context import Info
from schema.graph import Node, described, edge, shown_as, shows


def _message(root: Parent[errors.Refusal], info: Info) -> str:
    return info.context.say(root.message)


async def _current(root: Parent[errors.Refusal], info: Info) -> Any:
    """As the actor may see it: what a rule saw is read again through the actor's own keys."""
    current = root.current
    if current is None or shown_as(current) is None:
        return None
    return await info.context.loaders.node.load(current.id)  # type: ignore[attr-defined]  # what is shown as a node has an id


@shows(errors.Refusal, 'A "no": nothing was written (拒绝).')
class Refusal:
    code: errors.RefusalCode = described("Why, for programs (代码).")
    message: Any = edge(_message, str, "Why, for people (说明).")
    field: str | None = described("Which field of the input, where one is at fault (字段).")
    current: Any = edge(_current, Node | None, "The thing as it stands now, where that helps (当前状态).")


class Refusable(strawberry.ExceptionHandler[Refused, Refusal]):
    def handle(self, exception: Refused, *, field: Any, info: Any) -> Any:
        return exception.refusal


def _subject(root: Any) -> Any:
    return root.subject


def payload(verb: str, field: str, shown: Any, text: str) -> Any:
    """`<Verb>Payload` with one field: what the deed was about."""
    name = f"{verb}Payload"
    made = type(name, (), {"__annotations__": {field: Any}, "__module__": __name__, field: edge(_subject, shown, text)})
    made.is_type_of = classmethod(lambda _, thing, __: isinstance(thing, Done))  # type: ignore[attr-defined]  # read by Strawberry
    return strawberry.type(made, name=name, description=f"What {verb[0].lower()}{verb[1:]} did (执行结果).")


def result(verb: str, payload_type: Any) -> Any:
    """`<Verb>Result`: the payload, or a refusal."""
    description = f"What {verb[0].lower()}{verb[1:]} did, or why not (结果或拒绝)."
    return Annotated[payload_type | Refusal, strawberry.union(f"{verb}Result", description=description)]
