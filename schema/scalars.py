"""Scalars that take exactly what the contract says: RFC 3339 with an offset, days, canonical UUIDs; anything else is refused."""

import re
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_EARLIEST, _LATEST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def parse_moment(value: object) -> datetime:
    """A point in time, UTC, to the millisecond. Whatever lies beyond the years that can be kept is kept as their edge."""
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise GraphQLError("a DateTime is RFC 3339 with an offset, like 2026-11-23T08:30:00+08:00")
    text = re.sub(r"\.(\d{1,6})\d*", r".\1", value.upper())
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise GraphQLError("there is no such DateTime") from error
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        return _EARLIEST if moment.year < 2000 else _LATEST
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def show_moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_day(value: object) -> date:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise GraphQLError("a Date is a day like 2026-11-23")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise GraphQLError("there is no such Date") from error


def parse_uuid(value: object) -> UUID:
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise GraphQLError("a UUID is 32 hexadecimal digits in groups of 8-4-4-4-12")
    return UUID(value)


SCALARS: dict[Any, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A point in time, RFC 3339 with an offset; served in UTC (时刻).",
        serialize=show_moment,
        parse_value=parse_moment,
    ),
    date: strawberry.scalar(
        name="Date", description="A day of Asia/Shanghai, like 2026-11-23 (日期).", serialize=date.isoformat, parse_value=parse_day
    ),
    UUID: strawberry.scalar(
        name="UUID", description="A UUID in its canonical form, made by the client (通用唯一标识).", serialize=str, parse_value=parse_uuid
    ),
}
