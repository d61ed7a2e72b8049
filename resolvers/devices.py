"""Phones: registered by whoever holds one, retired by the same."""

from dataclasses import dataclass
from uuid import UUID

from domain.access import Actor
from domain.devices import Device, DevicePlatform, device_id
from domain.errors import invalid
from domain.messages import language_of
from domain.ports import Ports
from domain.texts import optional_text
from resolvers.acting import command_of, signed_in

MAX_TOKEN = 4_096
MAX_VERSION = 64


@dataclass(frozen=True, slots=True)
class RegisterDevice:
    command_id: UUID
    token: str
    platform: DevicePlatform
    app_version: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class RetireDevice:
    command_id: UUID
    device_id: str


async def register_device(sent: RegisterDevice, *, by: Actor, ports: Ports) -> str:
    """The id of the phone. Its token is this person's from now on, whoever had the phone before."""
    person, _ = signed_in(by)
    at, token = ports.clock(), _token(sent.token)
    device = Device(
        id=device_id(person.township, token),
        township=person.township,
        person_id=person.id,
        token=token,
        platform=sent.platform,
        app_version=_version(sent.app_version),
        language=language_of(sent.language),
        registered_at=at,
    )
    return await ports.devices.register(device, command=command_of("registerDevice", sent, person, at=at))


async def retire_device(sent: RetireDevice, *, by: Actor, ports: Ports) -> str:
    """The id of the phone that gets no pushes from now on."""
    person, _ = signed_in(by)
    await ports.devices.retire(sent.device_id, by=by, command=command_of("retireDevice", sent, person, at=ports.clock()))
    return sent.device_id


def _token(value: str) -> str:
    if not 0 < len(value) <= MAX_TOKEN or not value.isascii() or not value.isprintable() or " " in value:
        raise invalid("refusal.token_unreadable", "token")
    return value


def _version(value: str | None) -> str | None:
    if value is not None and len(value) > MAX_VERSION:
        raise invalid("refusal.text_too_long", "appVersion", limit=MAX_VERSION)
    return optional_text(value, "appVersion")
