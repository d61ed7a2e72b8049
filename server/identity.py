"""From a header to somebody with rights: the token is verified, then the person and the posts are our own business."""

from collections.abc import Awaitable, Callable

from graphql import GraphQLError

from domain.access import NOBODY, Actor
from domain.identity import BadToken, Identity, IdentityUnavailable, SignIn
from domain.messages import language_of
from schema.context import Context
from server.operations import Credentials
from server.wiring import House

SCHEME = "bearer "


def context_maker(house: House, identity: Identity) -> Callable[[Credentials], Awaitable[Context]]:
    """Makes the context of one operation. It raises `BadToken` and `IdentityUnavailable`."""

    async def who(credentials: Credentials) -> tuple[Actor, SignIn | None]:
        header = credentials.authorization
        if header is None:
            return NOBODY, None
        if not header.lower().startswith(SCHEME):
            raise BadToken("the Authorization header is no bearer token")
        at = house.ports.clock()
        sign_in = await identity.verify(header[len(SCHEME) :].strip(), at=at)
        actor = await house.ports.people.signed_in(sign_in, at=at, person_id=credentials.person_id or None)
        return actor, sign_in

    async def context_for(credentials: Credentials) -> Context:
        async def sign_in_again() -> Actor:
            try:
                actor, _ = await who(credentials)
            except BadToken as error:
                raise GraphQLError("the sign-in has ended", extensions={"code": "UNAUTHENTICATED"}) from error
            except IdentityUnavailable as error:
                raise GraphQLError("sign-ins cannot be checked right now", extensions={"code": "UNAVAILABLE"}) from error
            return actor

        actor, sign_in = await who(credentials)
        return Context(
            actor=actor,
            sign_in=sign_in,
            ports=house.ports,
            messages=house.messages,
            language=language_of(credentials.accept_language),
            at=house.ports.clock(),
            sign_in_again=sign_in_again,
        )

    return context_for
