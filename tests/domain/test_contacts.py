"""Telephone numbers as people write them, what is shown of them, and what is unusual about a reading."""

from datetime import UTC, datetime

import pytest

from domain.calendar import WorkingCalendar, published_days, published_through
from domain.contacts import MANY_READINGS, Contact, ReadFlag, Reading, RevealReason, flagged, flags_of, mask, parse_phone
from domain.errors import RefusalCode, Refused
from domain.households import Reach
from domain.posts import Role

CALENDAR = WorkingCalendar.from_days(published_days(), published_through=published_through())
SOME_DAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "number", "shown"),
    [
        ("13812345678", "+8613812345678", "138****5678"),
        (" 138 1234-5678 ", "+8613812345678", "138****5678"),
        ("+86 138 1234 5678", "+8613812345678", "138****5678"),
        ("0086-13812345678", "+8613812345678", "138****5678"),
        ("１３８１２３４５６７８", "+8613812345678", "138****5678"),
        ("19912345678", "+8619912345678", "199****5678"),
        ("0530-5678901", "+865305678901", "0530-****901"),
        ("(0530) 567 8901", "+865305678901", "0530-****901"),
        ("+86 530 5678901", "+865305678901", "0530-****901"),
        ("+86 0530 5678901", "+865305678901", "0530-****901"),
        ("0531-86012345", "+8653186012345", "0531-****345"),
        ("010-65432109", "+861065432109", "010-****109"),
        ("021 65432109", "+862165432109", "021-****109"),
    ],
)
def test_a_number_is_understood_however_it_is_written(typed: str, number: str, shown: str) -> None:
    assert parse_phone(typed, "phone") == number
    assert mask(number) == shown


@pytest.mark.parametrize(
    "typed",
    [
        *("", " ", "12345", "110", "1381234567", "138123456789", "12812345678", "23812345678", "5678901", "53 05678901"),
        *("010-6543210", "0530-12345678", "0530-0678901", "+1 212 555 0100", "+87 13812345678", "13812345678a", "138.1234.5678"),
        *("13812345678,13912345678", "138\n12345678", "1381234567²x", "0" * 5_000, "-" * 41, "٠٥٣٠٥٦٧٨٩٠١", "86 13812345678"),
    ],
)
def test_what_is_no_number_in_china_is_refused_by_the_name_of_its_field(typed: str) -> None:
    with pytest.raises(Refused) as no:
        parse_phone(typed, "phone")

    assert (no.value.refusal.code, no.value.refusal.field) == (RefusalCode.INVALID_INPUT, "phone")


def test_what_is_shown_tells_neither_the_number_nor_the_address() -> None:
    contact = Contact("pers", "990101101", Reach.PHONE, "+8613812345678", "三单元五楼东户", SOME_DAY, "pers")

    shown = contact.masked

    assert (shown.phone, shown.reach, shown.has_address) == ("138****5678", Reach.PHONE, True)
    assert "1234" not in repr(shown)
    assert "五楼" not in repr(shown)


@pytest.mark.parametrize(
    ("hour", "day", "is_unusual"),
    [(0, 23, True), (1, 23, False), (3, 23, False), (4, 23, True), (6, 23, False), (10, 23, True), (2, 22, True), (2, 28, True)],
)
def test_a_reading_outside_office_hours_is_marked(hour: int, day: int, is_unusual: bool) -> None:
    at = datetime(2026, 11, day, hour, 45, tzinfo=UTC) if hour != 0 else datetime(2026, 11, day, 0, 29, tzinfo=UTC)

    assert flags_of(at, CALENDAR) == ((ReadFlag.OUT_OF_HOURS,) if is_unusual else ())


def test_the_eleventh_reading_within_an_hour_is_marked() -> None:
    reading = Reading("read", "t", "p", "w", Role.GRID_WORKER, "task", "req", "n", RevealReason.OTHER, None, SOME_DAY)

    assert flagged(reading, MANY_READINGS - 1) == reading
    assert flagged(reading, MANY_READINGS).flags == (ReadFlag.MANY_IN_A_ROW,)
