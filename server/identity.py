"""From a header to somebody with rights: the token is verified, then the person and the posts are our own business."""

from collections.abc import Awaitable, Callable

from graphql import GraphQLError

from domain.access import NOBODY, Actor
from domain.identity import BadToken, Identity, IdentityUnavailable
from domain.messages import language_of
from schema.context import Context
from server.operations import Credentials
from server.wiring import House

SCHEME = "bearer "


def context_maker(house: House, identity: Identity) -> Callable[[Credentials], Awaitable[Context]]:
    """Makes the context of one operation. It raises `BadToken` and `IdentityUnavailable`."""

    async def actor_for(credentials: Credentials) -> Actor:
        header = credentials.authorization
        if header is None:
            return NOBODY
        if not header.lower().startswith(SCHEME):
            raise BadToken("the Authorization header is no bearer token")
        at = house.ports.clock()
        sign_in = await identity.verify(header[len(SCHEME) :].strip(), at=at)
        return await house.ports.people.signed_in(sign_in, at=at)

    async def context_for(credentials: Credentials) -> Context:
        async def sign_in_again() -> Actor:
            try:
                return await actor_for(credentials)
            except BadToken as error:
                raise GraphQLError("the sign-in has ended", extensions={"code": "UNAUTHENTICATED"}) from error
            except IdentityUnavailable as error:
                raise GraphQLError("sign-ins cannot be checked right now", extensions={"code": "UNAVAILABLE"}) from error

        return Context(
            actor=await actor_for(credentials),
            ports=house.ports,
            messages=house.messages,
            language=language_of(credentials.accept_language),
            at=house.ports.clock(),
            sign_in_again=sign_in_again,
        )

    return context_for
