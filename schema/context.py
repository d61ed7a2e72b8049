"""One operation under way: who asks, in which language, at which moment, and what was loaded for it already."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import strawberry

from domain.access import Actor
from domain.errors import Message
from domain.identity import SignIn
from domain.messages import Messages
from domain.organisation import Organisation
from domain.ports import Ports
from schema.loaders import Loaders


@dataclass
class Context:
    """Made anew for every operation. `sign_in_again` reads the rights anew, for what lives longer than an answer.

    `sign_in` is there for whoever showed a good token, linked to a person or not; it is for finding out who they are, and gives no rights.
    """

    actor: Actor
    ports: Ports
    messages: Messages
    language: str
    at: datetime
    sign_in_again: Callable[[], Awaitable[Actor]]
    sign_in: SignIn | None
    loaders: Loaders = field(init=False)
    organisations: dict[str, Organisation] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.begin(self.actor, self.at)

    def begin(self, actor: Actor, at: datetime) -> None:
        """Starts over with fresh rights and nothing loaded: the next batch of a subscription is an operation of its own."""
        self.actor, self.at = actor, at
        self.loaders = Loaders(actor, self.ports)
        self.organisations = {actor.organisation.township: actor.organisation} if actor.organisation else {}

    async def organisation_of(self, township: str) -> Organisation:
        """The township that a shown thing belongs to."""
        known = self.organisations.get(township)
        if known is None:
            known = await self.ports.organisations.of_township(township)
            if known is None:
                raise LookupError("a thing was shown whose township is gone")
            self.organisations[township] = known
        return known

    def say(self, message: Message) -> str:
        return self.messages.render(message, self.language)


Info = strawberry.Info[Context, Any]
