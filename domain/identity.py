"""Who signed in, as the identity provider says it; who that is in the organisation is our own business (`people`)."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SignIn:
    """A verified sign-in: the provider's `uid`, and until when it may be believed."""

    uid: str
    signed_in_at: datetime
    expires_at: datetime

    @property
    def author(self) -> str:
        """Whose its commands are while it is nobody's; the uid cannot be read from it."""
        return f"sign-in-{sha256(self.uid.encode()).hexdigest()[:40]}"


class BadToken(Exception):
    """The token is malformed, expired, revoked, or meant for somebody else."""


class IdentityUnavailable(Exception):
    """The provider's certificates could not be fetched: nobody can be believed right now; try again."""


class Identity(Protocol):
    """Verifies ID tokens. Called by the door for every request that carries one."""

    async def verify(self, token: str, *, at: datetime) -> SignIn:
        """The sign-in that the token proves. Raises `BadToken`, or `IdentityUnavailable`."""
        ...
