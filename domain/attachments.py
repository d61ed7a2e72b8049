"""Pictures and voice that belong to a request; they are kept apart from the report and arrive on their own."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attachment:
    """`bytes` are those received so far; `url` is there once it is complete."""

    id: str
    township: str
    content_type: str
    bytes: int
    complete: bool
    url: str | None = None
