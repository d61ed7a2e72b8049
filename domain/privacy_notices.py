"""The privacy notice (个人信息处理告知) by versions: what everybody is told before they ask. A version is never changed, only followed."""

from dataclasses import dataclass
from datetime import date

from domain.errors import Message


@dataclass(frozen=True, slots=True)
class PrivacyNotice:
    """One version, said from `since` on. `text` is to be read, `spoken` to be read out where somebody types for another."""

    version: int
    since: date

    @property
    def text(self) -> Message:
        return Message(f"privacy_notice.v{self.version}.text")

    @property
    def spoken(self) -> Message:
        return Message(f"privacy_notice.v{self.version}.spoken")


PRIVACY_NOTICES = (PrivacyNotice(1, date(2026, 11, 26)),)
"""Oldest first; the last one is the current one."""


def notice_of(version: int | None) -> PrivacyNotice | None:
    """That version, the current one where none is named, nothing where there is no such version."""
    if version is None:
        return PRIVACY_NOTICES[-1]
    return next((notice for notice in PRIVACY_NOTICES if notice.version == version), None)
