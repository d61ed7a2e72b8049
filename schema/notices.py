"""The inbox and the phones."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import Parent

from domain import notices
from domain.devices import DevicePlatform
from resolvers import devices as device_deeds
from resolvers import notices as notice_deeds
from resolvers.acting import Done
from schema.context import Info
from schema.graph import WANTED, Node, described, edge, shows
from schema.refusal import payload, result


def _title(root: Parent[notices.Notice], info: Info) -> str:
    return info.context.say(root.title)


def _body(root: Parent[notices.Notice], info: Info) -> str:
    return info.context.say(root.body)


async def _about(root: Parent[notices.Notice], info: Info) -> Any:
    return await info.context.loaders.node.load(root.about_id)


@shows(notices.Notice, "A line of somebody's own inbox (通知).")
class Notice(Node):
    title: Any = edge(_title, str, "What it is (标题).")
    body: Any = edge(_body, str, "What it says (内容).")
    about: Any = edge(_about, Node | None, "What it is about, while that can still be seen (相关事项).")
    created_at: datetime = described("When (时间).")
    read_at: datetime | None = described("When it was marked as read (已读时间).")


@strawberry.input(description="Registers a phone for pushes (登记设备).")
class RegisterDeviceInput:
    command_id: UUID = strawberry.field(description="Made by the client; the same again is the same command (指令标识).")
    token: str = strawberry.field(description="The phone's FCM registration token (推送令牌).")
    platform: DevicePlatform = strawberry.field(description="Kind of phone (设备平台).")
    app_version: str | None = strawberry.field(default=None, description="Version of the app (应用版本).")
    language: str | None = strawberry.field(default=None, description="Language of pushes: zh-CN or en (语言).")


@strawberry.input(description="Ends pushes to a phone (注销设备).")
class RetireDeviceInput:
    command_id: UUID = strawberry.field(description="Made by the client; the same again is the same command (指令标识).")
    device_id: strawberry.ID = strawberry.field(description="The phone (设备).")


@strawberry.input(description="Marks lines of one's own inbox as read (标记已读).")
class MarkNoticesReadInput:
    command_id: UUID = strawberry.field(description="Made by the client; the same again is the same command (指令标识).")
    notice_ids: list[strawberry.ID] = strawberry.field(description="The lines (通知).")


RegisterDevicePayload = payload("RegisterDevice", "device_id", strawberry.ID, "The phone (设备).")
RetireDevicePayload = payload("RetireDevice", "device_id", strawberry.ID, "The phone (设备).")
MarkNoticesReadPayload = payload("MarkNoticesRead", "unread_notices", int, "How many are left unread (未读数).")
RegisterDeviceResult = result("RegisterDevice", RegisterDevicePayload)
RetireDeviceResult = result("RetireDevice", RetireDevicePayload)
MarkNoticesReadResult = result("MarkNoticesRead", MarkNoticesReadPayload)


async def register_device(input: Annotated[RegisterDeviceInput, WANTED], info: Info) -> Any:
    sent = device_deeds.RegisterDevice(input.command_id, input.token, input.platform, input.app_version, input.language)
    return Done(await device_deeds.register_device(sent, by=info.context.actor, ports=info.context.ports))


async def retire_device(input: Annotated[RetireDeviceInput, WANTED], info: Info) -> Any:
    sent = device_deeds.RetireDevice(input.command_id, input.device_id)
    return Done(await device_deeds.retire_device(sent, by=info.context.actor, ports=info.context.ports))


async def mark_notices_read(input: Annotated[MarkNoticesReadInput, WANTED], info: Info) -> Any:
    sent = notice_deeds.MarkNoticesRead(input.command_id, tuple(input.notice_ids))
    return Done(await notice_deeds.mark_notices_read(sent, by=info.context.actor, ports=info.context.ports))
