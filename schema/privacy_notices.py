"""The privacy notice, for anybody."""

from datetime import date
from typing import Annotated, Any

import strawberry
from strawberry import Parent

from domain import privacy_notices
from schema.context import Info
from schema.graph import described, edge, shows


def _text(root: Parent[privacy_notices.PrivacyNotice], info: Info) -> str:
    return info.context.say(root.text)


def _spoken(root: Parent[privacy_notices.PrivacyNotice], info: Info) -> str:
    return info.context.say(root.spoken)


@shows(privacy_notices.PrivacyNotice, "What everybody is told about their data before they ask (个人信息处理告知).")
class PrivacyNotice:
    version: int = described("Which one: `SubmitRequestInput.noticeVersion` (版本).")
    since: date = described("First day on which it was said (启用日期).")
    text: Any = edge(_text, str, "To be read (全文).")
    spoken: Any = edge(_spoken, str, "To be read out where somebody types for another (口头告知).")


def _privacy_notice(
    version: Annotated[int | None, strawberry.argument(description="Which version; else the current one (版本).")] = None,
) -> privacy_notices.PrivacyNotice | None:
    return privacy_notices.notice_of(version)


@strawberry.type
class PrivacyNoticeQueries:
    privacy_notice: Any = edge(
        _privacy_notice, PrivacyNotice | None, "What everybody is told about their data, public; nothing for an unknown version (告知)."
    )
